"""Reading a site file's TOML text into the model; errors name file, line, column, what was expected."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from interlock.records.condition import ConditionError, parse_condition
from interlock.records.conduit import ANY, INSIDE, ZONE_KINDS, Conduit, ports_of
from interlock.records.selector import SelectorError, parse_selector
from interlock.records.site import (
    DEFAULT_REALM,
    VALUE_TYPES,
    EngineeringStation,
    Exemption,
    Interlock,
    LabRange,
    MaintenanceWindow,
    Realm,
    Relation,
    SafetySystem,
    Site,
    Tag,
    WorkOrder,
    Zone,
)
from interlock.records.toml_places import (
    WrongError,
    kind_of,
    parse_toml,
    read_integer,
    read_items,
    read_number,
    read_table,
    read_text,
    read_texts,
    refusal,
    unlisted,
)
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlock.records.toml_places import TomlPath

__all__ = ["SECTIONS", "load_site", "read_entries"]

_T = TypeVar("_T")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

SECTIONS: Final[dict[str, type]] = {
    "realms": Realm,
    "zones": Zone,
    "conduits": Conduit,
    "engineering_stations": EngineeringStation,
    "safety_systems": SafetySystem,
    "maintenance_windows": MaintenanceWindow,
    "work_orders": WorkOrder,
    "tags": Tag,
    "interlocks": Interlock,
    "relations": Relation,
    "lab_ranges": LabRange,
    "exceptions": Exemption,
}
"""Array of tables in the file → what each of its tables becomes. Beside them stands `[site]` with `name`."""

_POSITIVE: Final = ("rate_per_s", "step", "margin", "reversals_per_min", "requires", "within_s")
_UNIQUE: Final = {
    "realms": "name",
    "zones": "name",
    "conduits": "name",
    "work_orders": "id",
    "tags": "name",
    "interlocks": "name",
    "relations": "name",
    "exceptions": "finding",
}
_REFERENCES: Final = (
    ("maintenance_windows", "work_order", "work_orders", "id"),
    ("zones", "parent", "zones", "name"),
    ("conduits", "from_", "zones", "name"),
    ("conduits", "to", "zones", "name"),
    ("tags", "drives", "tags", "name"),
)


def load_site(text: str, *, file: str = "site.toml") -> Site:
    """Read a whole site file; an empty text is a site of which nothing is known.

    file: what errors call it. Raises ConfigError naming file, line, column and what was expected.
    """
    content = parse_toml(text, file=file)
    try:
        return _site(content)
    except WrongError as wrong:
        raise refusal(text, wrong, file=file) from None


def _site(content: dict[str, Any]) -> Site:
    for name in content:
        if name != "site" and name not in SECTIONS:
            raise WrongError((name,), unlisted(name, ("site", *SECTIONS)), key=True)
    head = read_table(content.get("site", {}), ("site",))
    for key in head:
        if key != "name":
            raise WrongError(("site", key), f"expected `name` only; found {key!r}", key=True)
    parts: dict[str, Any] = {
        name: read_entries(content.get(name, []), name, kind) for name, kind in SECTIONS.items()
    }
    site = Site(name=read_text(head["name"], ("site", "name")) if "name" in head else None, **parts)
    _check_unique(site)
    _check_references(site)
    _check_realms(site)
    _check_conditions(site)
    _check_signable(site)
    return site


def read_entries(value: Any, name: str, kind: type[_T]) -> tuple[_T, ...]:
    """Tables of an array as records of a kind. Raises WrongError."""
    if not isinstance(value, list):
        raise WrongError((name,), f"expected an array of tables, written [[{name}]]; found {kind_of(value)}")
    return tuple(
        _entry(read_table(item, (name, number)), (name, number), kind) for number, item in enumerate(value)
    )


def _entry(table: Mapping[str, Any], path: TomlPath, kind: type[_T]) -> _T:
    fields = {_key(field.name): field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            raise WrongError((*path, key), unlisted(key, fields), key=True)
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in table:
            raise WrongError(path, f"expected `{name}` in this [[{path[0]}]] table")
    values = {key: _READERS[str(fields[key].type)](value, (*path, key)) for key, value in table.items()}
    _check_order(values, path)
    return kind(**{fields[key].name: value for key, value in values.items()})


def _key(field: str) -> str:
    """How the file spells a field whose name Python keeps for itself."""
    return field.removesuffix("_")


def _check_order(values: Mapping[str, Any], path: TomlPath) -> None:
    for low, high in (("start", "end"), ("low", "high")):
        if values.get(low) is not None and values.get(high) is not None and values[low] >= values[high]:
            raise WrongError((*path, high), f"expected `{high}` after `{low}`")
    for name in _POSITIVE:
        if values.get(name) is not None and values[name] <= 0:
            raise WrongError((*path, name), f"expected a number above 0; found {values[name]:g}")
    if (values.get("octet") or 0) < 0:
        raise WrongError((*path, "octet"), "expected how many octets into the block the value begins, from 0")
    if not 1 <= (values.get("sil") or 1) <= 4:
        raise WrongError(
            (*path, "sil"), f"expected a safety integrity level from 1 to 4; found {values['sil']}"
        )


def _check_unique(site: Site) -> None:
    for section, key in _UNIQUE.items():
        seen: set[str] = set()
        for number, entry in enumerate(getattr(site, section)):
            value = getattr(entry, key)
            if value in seen:
                raise WrongError(
                    (section, number, key), f"expected each `{key}` once; {value!r} stands twice"
                )
            seen.add(value)


def _check_references(site: Site) -> None:
    for section, field, target, key in _REFERENCES:
        known = {getattr(entry, key) for entry in getattr(site, target)}
        for number, entry in enumerate(getattr(site, section)):
            value = getattr(entry, field)
            many = isinstance(value, tuple)
            for place, name in enumerate(value) if many else [(0, value)]:
                if name is not None and name not in known:
                    path = (section, number, _key(field), *((place,) if many else ()))
                    raise WrongError(path, f"expected the `{key}` of one of [[{target}]]; found {name!r}")


def _check_realms(site: Site) -> None:
    """Where realms are listed, every other entry's realm is one of them: a misspelt one would never match."""
    known = {realm.name for realm in site.realms} | {DEFAULT_REALM}
    for section in SECTIONS if site.realms else ():
        for number, entry in enumerate(getattr(site, section)):
            realm = getattr(entry, "realm", DEFAULT_REALM)
            if realm not in known:
                raise WrongError(
                    (section, number, "realm"), f"expected one of {', '.join(sorted(known))}; found {realm!r}"
                )


def _check_conditions(site: Site) -> None:
    """Every tag that a condition names is one of [[tags]]: a misspelt one would never be seen."""
    known = {tag.name for tag in site.tags}
    for section, fields in (("interlocks", ("when", "then")), ("relations", ("holds",))):
        for number, entry in enumerate(getattr(site, section)):
            for field in fields:
                text = getattr(entry, field)
                for tag in sorted(parse_condition(text).tags - known):
                    what = f"expected the `name` of one of [[tags]]; {unlisted(tag, sorted(known))}"
                    raise WrongError((section, number, field), what, within=text.find(tag))


def _check_signable(site: Site) -> None:
    """What approvers sign is found by its id alone."""
    orders = {order.id for order in site.work_orders}
    seen: set[str] = set()
    for number, window in enumerate(site.maintenance_windows):
        if window.id is not None and (window.id in orders or window.id in seen):
            what = f"expected an `id` that no other window or work order has; found {window.id!r} again"
            raise WrongError(("maintenance_windows", number, "id"), what)
        seen.add(window.id or "")


def _condition(value: Any, path: TomlPath) -> str:
    text = read_text(value, path)
    try:
        parse_condition(text)
    except ConditionError as error:
        raise WrongError(path, str(error), within=error.offset) from None
    return text


def _member(value: Any, path: TomlPath) -> str:
    text = read_text(value, path).strip().lower().replace("-", ":")
    if _MAC.fullmatch(text):
        return text
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise WrongError(
            path, f"expected an IP address, a network such as 10.1.0.0/16, or a MAC; found {value!r}"
        ) from None
    return str(network) if "/" in text else str(network.network_address)


def _members(value: Any, path: TomlPath) -> tuple[str, ...]:
    return tuple(_member(item, where) for item, where in read_items(value, path))


def _instant(value: Any, path: TomlPath) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise WrongError(path, "expected a date and time with an offset, such as 2026-03-01T06:00:00+01:00")
    return value


def _day(value: Any, path: TomlPath) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise WrongError(path, f"expected a date such as 2026-12-31 without quotes; found {kind_of(value)}")
    return value


def _levels(value: Any, path: TomlPath) -> tuple[int, ...]:
    levels = value if isinstance(value, list) else [value] * 7
    if len(levels) != 7 or any(type(level) is not int or not 0 <= level <= 4 for level in levels):
        raise WrongError(path, "expected a security level from 0 to 4, or an array of seven for FR 1 to FR 7")
    return tuple(levels)


def _truth(value: Any, path: TomlPath) -> bool:
    if not isinstance(value, bool):
        raise WrongError(path, f"expected true or false without quotes; found {kind_of(value)}")
    return value


def _selector(value: Any, path: TomlPath) -> str:
    text = read_text(value, path)
    try:
        parse_selector(text)
    except SelectorError as error:
        raise WrongError(path, str(error), within=error.offset) from None
    return text


def _assets(value: Any, path: TomlPath) -> tuple[str, ...]:
    return tuple(_uuid(item, where, "an asset's id (a UUID)") for item, where in read_items(value, path))


def _uuid(value: Any, path: TomlPath, what: str) -> str:
    try:
        return str(uuid.UUID(read_text(value, path)))
    except ValueError:
        raise WrongError(path, f"expected {what}; found {value!r}") from None


def _ports(value: Any, path: TomlPath) -> tuple[str, ...]:
    texts = [(read_text(item, where), where) for item, where in read_items(value, path)]
    for text, where in texts:
        if ports_of(text) is None:
            what = "expected ports such as `tcp/443`, `udp/5000-5010`, `icmp` or `eth/0x88b8`"
            raise WrongError(where, f"{what}; found {text!r}")
    return tuple(text for text, _ in texts)


def _groups(value: Any, path: TomlPath) -> tuple[str, ...]:
    return tuple(
        item if item == "broadcast" else _member(item, where) for item, where in read_items(value, path)
    )


def _finding(value: Any, path: TomlPath) -> str:
    return _uuid(value, path, "a finding's id (a UUID)")


def _listed(*words: str) -> Callable[[Any, TomlPath], str]:
    def read(value: Any, path: TomlPath) -> str:
        text = read_text(value, path)
        if text not in words:
            raise WrongError(path, unlisted(text, words))
        return text

    return read


_verb = _listed(*VERBS)


def _verbs(value: Any, path: TomlPath) -> tuple[str, ...]:
    return tuple(_verb(item, where) for item, where in read_items(value, path))


def _conduit_verbs(value: Any, path: TomlPath) -> tuple[str, ...]:
    read = _listed(*VERBS, ANY)
    return tuple(read(item, where) for item, where in read_items(value, path))


_READERS: Final[dict[str, Callable[[Any, TomlPath], Any]]] = {
    "str": read_text,
    "str | None": read_text,
    "Member": _member,
    "tuple[Member, ...]": _members,
    "tuple[str, ...]": read_texts,
    "tuple[int, ...] | None": _levels,
    "int | None": read_integer,
    "float | None": read_number,
    "datetime": _instant,
    "date": _day,
    "FindingId": _finding,
    "ConditionText": _condition,
    "tuple[VerbName, ...]": _verbs,
    "bool": _truth,
    "date | None": _day,
    "ZoneKind": _listed(*ZONE_KINDS),
    "InsideRule": _listed(*INSIDE),
    "SelectorText | None": _selector,
    "tuple[AssetId, ...]": _assets,
    "tuple[ConduitVerb, ...]": _conduit_verbs,
    "tuple[PortRange, ...]": _ports,
    "tuple[GroupAddress, ...]": _groups,
    "ValueType | None": _listed(*VALUE_TYPES),
    "WordOrder | None": _listed("big", "little"),
}
"""Type of a model's field, as written there → how its TOML value is read."""
