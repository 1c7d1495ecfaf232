"""Rows of operations as deeds: grouped by all that matters, the words that are learned of them, what is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.control import backwards
from interlock.detect.learned.deeds import ACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.tally import Key, Tally

__all__ = ["DeedRow", "grouped", "note_deed"]

_COLUMNS: Final = (
    *(
        "source",
        "realm",
        "client",
        "server",
        "protocol",
        "verb",
        "function_name",
        "unit",
        "object",
        "user",
        "outcome",
    ),
)


class DeedRow:
    """Rows of operations that agree in all that matters."""

    __slots__ = ("client", "function", "outcome", "pair", "place", "protocol", "realm", "server", "source", "target",
                 "told", "unit", "user", "verb")  # fmt: skip

    def __init__(self, key: tuple[Any, ...]) -> None:
        source, realm, client, server, protocol, verb, function, unit, target, user, outcome, swapped = key
        self.told = verb == "report" and not swapped
        """Whether the server tells something, rather than who called its door."""
        if swapped:
            client, server = server, client
        self.source, self.realm, self.client, self.server = (
            source or "",
            realm or "",
            client or "",
            server or "",
        )
        self.protocol, self.verb, self.function = protocol or "", verb or "unknown", function or ""
        self.unit, self.target, self.user, self.outcome = (
            unit or "",
            target or "",
            user or "",
            outcome or "unknown",
        )
        self.pair = (self.realm, self.client, self.server, self.protocol)
        self.place = f"{self.unit} {self.target}".strip()

    def words(self) -> Iterator[Key]:
        """What is learned of it."""
        yield ("m", self.realm, self.client)
        if self.outcome in ("ok", "unsolicited"):
            yield ("m", self.realm, self.server)
        yield ("s", *self.pair)
        yield ("v", *self.pair, self.verb)
        yield ("f", *self.pair, self.verb, self.function)
        if self.target and (self.verb in ACTS or self.verb == "read"):
            yield ("o", *self.pair, self.verb, self.place)
        if self.user:
            yield ("u", self.realm, self.server, self.protocol, self.user)


def grouped(batch: Batch) -> Groups:
    """Group rows by what makes a deed, and whether the server is who asked."""
    return batch.groups(*_COLUMNS, bins=backwards(batch), named="backwards")


def note_deed(tally: Tally, row: DeedRow, news: str, what: str, count: int) -> None:
    """Note on a cause's tally what rows of it show."""
    noted = {"news": news, "new": what, "server": row.server, "protocol": row.protocol, "verb": row.verb}
    more = {
        "function": row.function,
        "user": row.user,
        "outcome": row.outcome,
        "object": row.place if row.target else "",
        "unit": row.unit,
    }
    for kind, word in (*noted.items(), *more.items()):
        if word:
            tally.note(kind, word, count)
