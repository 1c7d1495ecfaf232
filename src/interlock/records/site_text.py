"""Reading a site file's TOML text into the model; errors name file, line, column, what was expected."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import re
import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from interlock.errors import ConfigError
from interlock.records.site import (
    DEFAULT_REALM,
    EngineeringStation,
    Exemption,
    LabRange,
    MaintenanceWindow,
    Realm,
    SafetySystem,
    Site,
    Tag,
    WorkOrder,
    Zone,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_SITE_CHARACTERS", "SECTIONS", "load_site", "parse_document"]

MAX_SITE_CHARACTERS: Final = 16 * 1024 * 1024
_Path = tuple[str | int, ...]
_T = TypeVar("_T")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

SECTIONS: Final[dict[str, type]] = {
    "realms": Realm,
    "zones": Zone,
    "engineering_stations": EngineeringStation,
    "safety_systems": SafetySystem,
    "maintenance_windows": MaintenanceWindow,
    "work_orders": WorkOrder,
    "tags": Tag,
    "lab_ranges": LabRange,
    "exceptions": Exemption,
}
"""Array of tables in the file → what each of its tables becomes. Beside them stands `[site]` with `name`."""

_UNIQUE: Final = {
    "realms": "name",
    "zones": "name",
    "work_orders": "id",
    "tags": "name",
    "exceptions": "finding",
}
_REFERENCES: Final = (
    ("maintenance_windows", "work_order", "work_orders", "id"),
    ("zones", "parent", "zones", "name"),
)


class _WrongError(Exception):
    """Something at `path` is not what was expected."""

    def __init__(self, path: _Path, text: str) -> None:
        super().__init__(text)
        self.path = path


def load_site(text: str, *, file: str = "site.toml") -> Site:
    """Read a whole site file; an empty text is a site of which nothing is known.

    file: what errors call it. Raises ConfigError naming file, line, column and what was expected.
    """
    document = parse_document(text, file=file)
    try:
        return _site(document.unwrap())
    except _WrongError as wrong:
        line, column = _locate(text, wrong.path)
        raise ConfigError(f"{file}, line {line}, column {column}: {wrong}") from None


def parse_document(text: str, *, file: str = "site.toml") -> tomlkit.TOMLDocument:
    """Parse TOML, comments and order kept. Raises ConfigError where the text is no TOML."""
    if len(text) > MAX_SITE_CHARACTERS:
        raise ConfigError(f"{file}, line 1, column 1: expected at most {MAX_SITE_CHARACTERS} characters")
    try:
        document = tomlkit.parse(text)
        document.unwrap()
    except ParseError as error:
        what = str(error).rpartition(" at line ")[0] or str(error)
        raise ConfigError(
            f"{file}, line {error.line}, column {error.col + 1}: expected TOML; {what}"
        ) from error
    except (TOMLKitError, ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{file}, line 1, column 1: expected TOML; {error}") from error
    return document


def _site(content: dict[str, Any]) -> Site:
    for name in content:
        if name != "site" and name not in SECTIONS:
            raise _WrongError((name,), f"expected one of site, {', '.join(SECTIONS)}; found {name!r}")
    head = _table(content.get("site", {}), ("site",))
    for key in head:
        if key != "name":
            raise _WrongError(("site", key), f"expected `name` only; found {key!r}")
    parts: dict[str, Any] = {
        name: _entries(content.get(name, []), name, kind) for name, kind in SECTIONS.items()
    }
    site = Site(name=_text(head["name"], ("site", "name")) if "name" in head else None, **parts)
    _check_unique(site)
    _check_references(site)
    _check_realms(site)
    return site


def _entries(value: Any, name: str, kind: type[_T]) -> tuple[_T, ...]:
    if not isinstance(value, list):
        raise _WrongError((name,), f"expected an array of tables, written [[{name}]]; found {_kind(value)}")
    return tuple(
        _entry(_table(item, (name, number)), (name, number), kind) for number, item in enumerate(value)
    )


def _entry(table: Mapping[str, Any], path: _Path, kind: type[_T]) -> _T:
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            raise _WrongError((*path, key), f"expected one of {', '.join(fields)}; found {key!r}")
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in table:
            raise _WrongError(path, f"expected `{name}` in this [[{path[0]}]] table")
    values = {key: _READERS[str(fields[key].type)](value, (*path, key)) for key, value in table.items()}
    _check_order(values, path)
    return kind(**values)


def _check_order(values: Mapping[str, Any], path: _Path) -> None:
    for low, high in (("start", "end"), ("low", "high")):
        if values.get(low) is not None and values.get(high) is not None and values[low] >= values[high]:
            raise _WrongError((*path, high), f"expected `{high}` after `{low}`")
    if not 1 <= (values.get("sil") or 1) <= 4:
        raise _WrongError(
            (*path, "sil"), f"expected a safety integrity level from 1 to 4; found {values['sil']}"
        )


def _check_unique(site: Site) -> None:
    for section, key in _UNIQUE.items():
        seen: set[str] = set()
        for number, entry in enumerate(getattr(site, section)):
            value = getattr(entry, key)
            if value in seen:
                raise _WrongError(
                    (section, number, key), f"expected each `{key}` once; {value!r} stands twice"
                )
            seen.add(value)


def _check_references(site: Site) -> None:
    for section, field, target, key in _REFERENCES:
        known = {getattr(entry, key) for entry in getattr(site, target)}
        for number, entry in enumerate(getattr(site, section)):
            value = getattr(entry, field)
            if value is not None and value not in known:
                raise _WrongError(
                    (section, number, field), f"expected the `{key}` of one of [[{target}]]; found {value!r}"
                )


def _check_realms(site: Site) -> None:
    """Where realms are listed, every other entry's realm is one of them: a misspelt one would never match."""
    known = {realm.name for realm in site.realms} | {DEFAULT_REALM}
    for section in SECTIONS if site.realms else ():
        for number, entry in enumerate(getattr(site, section)):
            realm = getattr(entry, "realm", DEFAULT_REALM)
            if realm not in known:
                raise _WrongError(
                    (section, number, "realm"), f"expected one of {', '.join(sorted(known))}; found {realm!r}"
                )


def _kind(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a text",
        list: "an array",
        dict: "a table",
    }
    return kinds.get(type(value), "a date or time")


def _table(value: Any, path: _Path) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(path, f"expected a table; found {_kind(value)}")
    return value


def _text(value: Any, path: _Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongError(path, f"expected a text that is not empty; found {_found(value)}")
    return value


def _found(value: Any) -> str:
    return "an empty text" if isinstance(value, str) else _kind(value)


def _texts(value: Any, path: _Path) -> tuple[str, ...]:
    return tuple(_text(item, where) for item, where in _items(value, path))


def _items(value: Any, path: _Path) -> list[tuple[Any, _Path]]:
    if not isinstance(value, list):
        raise _WrongError(path, f"expected an array of texts; found {_kind(value)}")
    return [(item, (*path, number)) for number, item in enumerate(value)]


def _member(value: Any, path: _Path) -> str:
    text = _text(value, path).strip().lower().replace("-", ":")
    if _MAC.fullmatch(text):
        return text
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise _WrongError(
            path, f"expected an IP address, a network such as 10.1.0.0/16, or a MAC; found {value!r}"
        ) from None
    return str(network) if "/" in text else str(network.network_address)


def _members(value: Any, path: _Path) -> tuple[str, ...]:
    return tuple(_member(item, where) for item, where in _items(value, path))


def _instant(value: Any, path: _Path) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _WrongError(path, "expected a date and time with an offset, such as 2026-03-01T06:00:00+01:00")
    return value


def _day(value: Any, path: _Path) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _WrongError(path, f"expected a date such as 2026-12-31 without quotes; found {_kind(value)}")
    return value


def _number(value: Any, path: _Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _WrongError(path, f"expected a finite number; found {_kind(value)}")
    return float(value)


def _integer(value: Any, path: _Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _WrongError(path, f"expected an integer; found {_kind(value)}")
    return value


def _levels(value: Any, path: _Path) -> tuple[int, ...]:
    levels = value if isinstance(value, list) else [value] * 7
    if len(levels) != 7 or any(type(level) is not int or not 0 <= level <= 4 for level in levels):
        raise _WrongError(
            path, "expected a security level from 0 to 4, or an array of seven for FR 1 to FR 7"
        )
    return tuple(levels)


def _finding(value: Any, path: _Path) -> str:
    try:
        return str(uuid.UUID(_text(value, path)))
    except ValueError:
        raise _WrongError(path, f"expected a finding's id (a UUID); found {value!r}") from None


_READERS: Final[dict[str, Callable[[Any, _Path], Any]]] = {
    "str": _text,
    "str | None": _text,
    "Member": _member,
    "tuple[Member, ...]": _members,
    "tuple[str, ...]": _texts,
    "tuple[int, ...] | None": _levels,
    "int | None": _integer,
    "float | None": _number,
    "datetime": _instant,
    "date": _day,
    "FindingId": _finding,
}
"""Type of a model's field, as written there → how its TOML value is read."""


def _locate(text: str, path: _Path) -> tuple[int, int]:
    """Line and column, from 1, of the value at a path (of the first value in it, where it is a table)."""
    document = tomlkit.parse(text)
    place: Any = document
    while path:
        value = _at(place, path[0])
        if not isinstance(value, dict | list) or value == []:
            return _differs(text, document, place, path[0])
        place, path = value, path[1:] or _first(value)
    return _differs(text, document, place, "_")


def _differs(text: str, document: tomlkit.TOMLDocument, place: Any, step: str | int) -> tuple[int, int]:
    """Where the text changes when the value at a step does: the document keeps every octet of the rest."""
    original = _at(place, step)
    place[step] = 0 if isinstance(original, str) else "\x00"
    changed = document.as_string()
    offset = next(
        (i for i, pair in enumerate(zip(text, changed, strict=False)) if pair[0] != pair[1]), len(text)
    )
    if original is None and offset:
        # The table is empty: what was put in it stands behind its header, which is what is meant.
        offset = text.rfind("[", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _first(value: Any) -> tuple[str | int, ...]:
    """Give the step to the first value in a table or array, if there is one."""
    if not value:
        return ()
    return (0,) if isinstance(value, list) else (str(next(iter(value))),)


def _at(place: Any, step: str | int) -> Any:
    try:
        return place[step]
    except (KeyError, IndexError):
        return None
