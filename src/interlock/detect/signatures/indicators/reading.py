"""Files of indicators, whatever their format: told apart by what they begin with."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.indicators.csv_table import head_of, read_table
from interlock.detect.signatures.indicators.lists import read_list
from interlock.detect.signatures.indicators.misp import is_misp, read_misp
from interlock.detect.signatures.indicators.stix import read_stix
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.signatures.indicators.model import Indicator, Refused

__all__ = ["MOST_JSON", "read_indicators"]

MOST_JSON: Final = 256 << 20
"""Characters of a JSON file: all of it is in memory while it is read."""
_LOOKED_AT: Final = 50
"""Lines among which a table has its head."""


def read_indicators(lines: Iterable[str], origin: str) -> Iterator[Indicator | Refused]:
    """Every indicator of a file's lines. origin: what the file is called. Raises ConfigError."""
    rest = iter(lines)
    first: list[str] = []
    for line in rest:
        first.append(line)
        if line.lstrip()[:1] in ("{", "[") and not "".join(first[:-1]).strip():
            return _json(chain(first, rest), origin)
        if (head := head_of(line)) is not None:
            return read_table(rest, *head, origin, len(first))
        if len(first) >= _LOOKED_AT:
            break
    return read_list(chain(first, rest), origin)


def _json(lines: Iterable[str], origin: str) -> Iterator[Indicator | Refused]:
    parts, size = [], 0
    for line in lines:
        size += len(line)
        if size > MOST_JSON:
            raise ConfigError(f"{origin}: has more than {MOST_JSON >> 20} MiB of JSON; split it")
        parts.append(line)
    text = "".join(parts)
    del parts
    try:
        bundle = _Members(text, "objects")
        if bundle.there:
            yield from read_stix(bundle.items, origin)
            return
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(origin, error) from error
    except RecursionError as error:
        raise ConfigError(f"{origin}: is nested too deeply to be a file of indicators") from error
    if not is_misp(content):
        raise ConfigError(
            f"{origin}: is JSON, but neither a STIX bundle (`objects`) nor MISP's (`Event`, `Attribute`)"
        )
    yield from read_misp(content, origin)


def _broken(origin: str, error: json.JSONDecodeError) -> ConfigError:
    return ConfigError(
        f"{origin}: line {error.lineno}, column {error.colno}: {error.msg.lower()}; mend the JSON"
    )


class _Members:
    """The members of one array of a JSON object, parsed one by one: a million of them at once would take gigabytes."""

    def __init__(self, text: str, key: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._begin = self._find(key)

    @property
    def there(self) -> bool:
        """Whether the object has such an array."""
        return self._begin >= 0

    def items(self) -> Iterator[Any]:
        """Every member. Raises JSONDecodeError."""
        at = self._skip(self._begin)
        while not self._text.startswith("]", at):
            item, at = self._decoder.raw_decode(self._text, at)
            yield item
            at = self._skip(at)
            if self._text.startswith(",", at):
                at = self._skip(at + 1)
            elif not self._text.startswith("]", at):
                raise json.JSONDecodeError("Expecting ',' delimiter", self._text, at)

    def _find(self, key: str) -> int:
        """Where the array's members begin, or -1."""
        at = self._skip(0)
        if not self._text.startswith("{", at):
            return -1
        at = self._skip(at + 1)
        while self._text.startswith('"', at):
            name, at = self._decoder.raw_decode(self._text, at)
            at = self._skip(at)
            if not self._text.startswith(":", at):
                raise json.JSONDecodeError("Expecting ':' delimiter", self._text, at)
            at = self._skip(at + 1)
            if name == key and self._text.startswith("[", at):
                return at + 1
            _, at = self._decoder.raw_decode(self._text, at)
            at = self._skip(at)
            at = self._skip(at + 1) if self._text.startswith(",", at) else at
        return -1

    def _skip(self, at: int) -> int:
        """Past white space."""
        text = self._text
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        return at
