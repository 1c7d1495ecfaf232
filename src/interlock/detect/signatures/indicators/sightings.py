"""Where values that indicators name stand in the records: table by table, the rows that hold one."""

from __future__ import annotations

import hashlib
import ipaddress
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.detect.signatures.indicators.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.indicators.book import Book

__all__ = ["BUFFERS", "NEEDS", "Sighting", "needs_of", "sightings"]

_ENDS: Final = ("source", "realm", "time", "frame", "client", "server")
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "flows": ("source", "realm", "client", "server", "first", "last", "first_frame", "server_packets"),
    "operations": (*_ENDS, "response_frame", "protocol", "object", "outcome", "item"),
    "tls": (*_ENDS, "ja3", "ja4"),
    "artifacts": (*_ENDS, "sha256"),
    "payloads": (*_ENDS, "buffer", "octets"),
}
_KINDS: Final[dict[str, frozenset[str]]] = {
    "flows": frozenset({"address", "network"}),
    "operations": frozenset({"domain", "url"}),
    "tls": frozenset({"ja3", "ja4"}),
    "artifacts": frozenset({"sha256"}),
}
"""Table → kinds of indicators that are looked for in it."""
BUFFERS: Final = {
    "http.url": "url",
    "file.md5": "md5",
    "file.sha1": "sha1",
    "file.sha256": "sha256",
    "ja3s.hash": "ja3s",
    "tls.certs": "certificate",
}
"""Buffer → the kind of indicator that is looked for in it."""
_NAMING: Final = ("dns", "http", "tls")
_MOST_REMEMBERED: Final = 65_536


class Sighting(NamedTuple):
    """rows: of the batch. kind, value: of the indicator. seen: what stood there. client: whether the client's end."""

    rows: NDArray[np.int64]
    kind: str
    value: str
    seen: str
    client: bool = False


def needs_of(kinds: Iterable[str]) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Tables and columns, and buffers, to be looked at where indicators of these kinds are in force."""
    asked = frozenset(kinds)
    needs = {table: NEEDS[table] for table, there in _KINDS.items() if there & asked}
    buffers = frozenset(name for name, kind in BUFFERS.items() if kind in asked)
    if buffers:
        needs["payloads"] = NEEDS["payloads"]
    return needs, buffers


class Remembered:
    """What was looked up before, a word each; words come again and again, and most are no indicator."""

    def __init__(self, look: Callable[[list[str]], dict[str, tuple[str, str]]]) -> None:
        self._look = look
        self._known: dict[str, tuple[str, str] | None] = {}

    def __call__(self, words: Iterable[str | None]) -> dict[str, tuple[str, str]]:
        """Word → kind and value of the indicator that it is; of those that are one."""
        wanted = [word for word in words if word]
        fresh = [word for word in wanted if word not in self._known]
        if len(self._known) + len(fresh) > _MOST_REMEMBERED:
            self._known.clear()
            fresh = wanted
        if fresh:
            found = self._look(fresh)
            self._known.update((word, found.get(word)) for word in fresh)
        hits = ((word, self._known[word]) for word in wanted)
        return {word: hit for word, hit in hits if hit is not None}


class Eyes:
    """Looks words up in a book, each kind its own way."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.addresses = Remembered(self._addresses)
        self.names = Remembered(self._names)
        self.plain = {kind: Remembered(partial(self._plain, kind)) for kind in ("ja3", "ja4", "sha256")}

    def _plain(self, kind: str, words: list[str]) -> dict[str, tuple[str, str]]:
        return {words[i]: (kind, words[i]) for i in self._book.hits(kind, words)}

    def _addresses(self, words: list[str]) -> dict[str, tuple[str, str]]:
        found = self._plain("address", words)
        for version, length in self._book.prefixes:
            fit = [(word, _network(word, version, length)) for word in words if word not in found]
            inside = [(word, net) for word, net in fit if net]
            for i in self._book.hits("network", [net for _, net in inside]):
                found.setdefault(inside[i][0], ("network", inside[i][1]))
        return found

    def _names(self, words: list[str]) -> dict[str, tuple[str, str]]:
        """A name that is asked for, or below one; of `host/path` the host, too."""
        pairs = [(word, name) for word in words for name in _above(word.partition("/")[0])]
        hits = self._book.hits("domain", [name for _, name in pairs])
        found: dict[str, tuple[str, str]] = {}
        for i in hits:
            found.setdefault(pairs[i][0], ("domain", pairs[i][1]))
        urls = [word for word in words if "/" in word and word not in found]
        found.update((urls[i], ("url", urls[i])) for i in self._book.hits("url", urls))
        return found

    def octets(self, kind: str, octets: bytes) -> tuple[str, str] | None:
        """A buffer's octets as an indicator."""
        if kind == "certificate":
            made = [
                hashlib.new(n, octets, usedforsecurity=False).hexdigest() for n in ("sha256", "sha1", "md5")
            ]
        else:
            text = octets.decode("utf-8", "backslashreplace")
            made = _spelled(kind, text)
        hits = self._book.hits(kind, made)
        return (kind, made[hits[0]]) if hits else None


def _spelled(kind: str, text: str) -> list[str]:
    try:
        return [canonical(kind, text)]
    except ValueError:
        return []


def _above(name: str) -> Iterator[str]:
    """A name and all above it that have a dot."""
    name = name.lower().rstrip(".").partition(":")[0]
    while "." in name:
        yield name
        name = name.partition(".")[2]


def _network(word: str, version: int, length: int) -> str:
    try:
        address = ipaddress.ip_address(word)
    except ValueError:  # a MAC address, where there is no IP
        return ""
    if address.version != version:
        return ""
    cut = address.max_prefixlen - length
    number = int(address) >> cut << cut
    network = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    return str(network((number, length)))


def sightings(eyes: Eyes, batch: Batch) -> Iterator[Sighting]:
    """Every row of a batch of a table in NEEDS that holds an indicator's value."""
    if batch.table == "flows":
        for column in ("client", "server"):
            yield from _words(batch, column, eyes.addresses, client=column == "client")
    elif batch.table == "operations":
        yield from _named(eyes, batch)
    elif batch.table == "tls":
        for column in ("ja3", "ja4"):
            yield from _words(batch, column, eyes.plain[column], client=True)
    elif batch.table == "artifacts":
        yield from _words(batch, "sha256", eyes.plain["sha256"])
    elif batch.table == "payloads":
        yield from _buffers(eyes, batch)


def _named(eyes: Eyes, batch: Batch) -> Iterator[Sighting]:
    rows = np.flatnonzero(batch.among("protocol", _NAMING) & ~batch.among("outcome", ("pending",)))
    if not len(rows):
        return
    mask = np.zeros(len(batch), np.bool_)
    mask[rows] = True
    for found in _words(batch.take(mask), "object", eyes.names):
        yield found._replace(rows=rows[found.rows])


def _words(batch: Batch, column: str, look: Remembered, *, client: bool = False) -> Iterator[Sighting]:
    words, codes = batch.words(column)
    for word, (kind, value) in look(words).items():
        yield Sighting(np.flatnonzero(codes == words.index(word)), kind, value, word, client)


def _buffers(eyes: Eyes, batch: Batch) -> Iterator[Sighting]:
    """Buffers are few: each is looked at by itself."""
    words, codes = batch.words("buffer")
    octets = batch.column("octets")
    for buffer, kind in BUFFERS.items():
        if buffer not in words:
            continue
        for row in np.flatnonzero(codes == words.index(buffer)).tolist():
            found = eyes.octets(kind, octets[row].as_py())
            if found is not None:
                yield Sighting(np.array([row]), *found, found[1])
