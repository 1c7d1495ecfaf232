r"""What approvers sign of zones and conduits: the policy as it was, and what was seen when they did.

Signed are the canonical octets of the whole record: "interlock/zone-approval/1\n" and JSON with sorted keys and no
spaces. The record stands beside the site file, so that what has changed since can be told.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import VerificationError

if TYPE_CHECKING:
    from interlock.records.site import Site

__all__ = [
    "MOST_KINDS",
    "Approved",
    "SectionEntry",
    "SeenKind",
    "ZoneApproval",
    "policy_content",
    "read_zone_approval",
]

_SCHEMA: Final = "interlock/zone-approval/1"
_MAGIC: Final = b"interlock/zone-approval/1\n"
MOST_KINDS: Final = 100_000
_KIND_WORDS: Final = 6

SectionEntry = dict[str, Any]
"""What differs from what holds where nothing is said, by field, in JSON's words."""
SeenKind = tuple[str, str, str, str, str, str]
"""operation or flow, realm, client, server, protocol (or transport and port), verb or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneApproval:
    """approved: when (UTC, ISO 8601). zones, conduits: name → the rest.

    kinds: what was seen, sorted; None where no traffic was looked at. left_out: how many kinds more there were.
    """

    site: str
    approved: str
    zones: dict[str, SectionEntry]
    conduits: dict[str, SectionEntry]
    kinds: tuple[SeenKind, ...] | None = None
    left_out: int = 0

    def octets(self) -> bytes:
        """Give the octets that are signed."""
        content = json.dumps(self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return _MAGIC + content.encode()

    def text(self) -> str:
        """Write it, one kind a line: made to be kept in Git."""
        told = {**self._content(), "kinds": None}
        head = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
        rows = self.kinds or ()
        lines = ",\n".join(f"  {json.dumps(list(kind), ensure_ascii=False)}" for kind in rows)
        kinds = "null" if self.kinds is None else f"[\n{lines}\n ]" if rows else "[]"
        return head.replace('"kinds": null', f'"kinds": {kinds}') + "\n"

    def _content(self) -> dict[str, Any]:
        return {"schema": _SCHEMA, **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """record: as it stands beside the site file. approvers: whose signatures hold. needed: how many must.

    problems: sentences on signatures that do not hold.
    """

    record: ZoneApproval
    approvers: tuple[str, ...]
    needed: int
    problems: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether enough of them have signed."""
        return len(self.approvers) >= self.needed


def policy_content(site: Site) -> tuple[dict[str, SectionEntry], dict[str, SectionEntry]]:
    """Zones and conduits by name, as a record has them."""
    return {zone.name: _entry(zone) for zone in site.zones}, {c.name: _entry(c) for c in site.conduits}


def _entry(entry: Any) -> SectionEntry:
    found = {}
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        if field.name != "name" and value != field.default:
            found[field.name.rstrip("_")] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    return (
        list(value) if isinstance(value, tuple) else value.isoformat() if isinstance(value, date) else value
    )


def read_zone_approval(text: str, *, file: str) -> ZoneApproval:
    """Read a record. Raises VerificationError where it is none."""
    try:
        told = json.loads(text)
        _check(told.pop("schema") == _SCHEMA)
        kinds = told.pop("kinds")
        record = ZoneApproval(**told, kinds=None if kinds is None else tuple(map(_kind, kinds)))
        _check(all(isinstance(each, dict) for each in (record.zones, record.conduits)))
        _check(isinstance(record.left_out, int) and isinstance(record.approved, str))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VerificationError(
            f"{file}: is no approval of zones and conduits; restore it, or approve again with `interlock zone approve`"
        ) from error
    return record


def _check(right: bool) -> None:
    if not right:
        raise ValueError


def _kind(row: Any) -> SeenKind:
    if not isinstance(row, list) or len(row) != _KIND_WORDS or not all(isinstance(word, str) for word in row):
        raise ValueError(row)
    what, realm, client, server, protocol, verb = row
    return what, realm, client, server, protocol, verb
