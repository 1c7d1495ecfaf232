r"""A finding in ArcSight's Common Event Format.

    CEF:0|Interlock|Interlock|VERSION|DETECTOR|TITLE|SEVERITY|key=value key=value …

In the header `\` and `|` are escaped, in values `\`, `=` and line ends.
Source: Implementing ArcSight Common Event Format (CEF), version 26, "Header information", "Character encoding".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock import __version__
from interlock.report.printable import clip, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.export.finding_message import Committed
    from interlock.records.finding import Finding
    from interlock.records.vocabulary import Severity

__all__ = ["CEF_SEVERITY", "cef_head", "cef_text", "cef_within"]

CEF_SEVERITY: Final[dict[Severity, int]] = {"info": 0, "low": 3, "medium": 6, "high": 8, "critical": 10}
_ROOM: Final = {"externalId": 40, "cat": 1023, "dvchost": 100, "msg": 1023, "reason": 1023}
_ROOM_OF_CUSTOM: Final = 4000
_OPTIONAL: Final = ("cs6", "cs5", "msg", "cs3", "cs2")
"""What is left out first where there is no room."""


def cef_within(one: Committed, sensor: str) -> Iterator[str]:
    """The message, then ever shorter ones; a field that does not say anything is absent."""
    fields = _fields(one, sensor)
    head = _head(one.finding, 512)
    yield head + cef_text(fields)
    for key in _OPTIONAL:
        if fields.pop(key, None):
            fields.pop(f"{key}Label", None)
            yield head + cef_text(fields)
    yield _head(one.finding, 80) + cef_text(fields)


def _head(finding: Finding, room: int) -> str:
    return cef_head(finding.detector, clip(finding.title, room), CEF_SEVERITY[finding.severity])


def cef_head(kind: str, title: str, severity: int) -> str:
    """The header with its last bar. severity: 0 to 10."""
    parts = ("Interlock", "Interlock", __version__, kind, title)
    return "CEF:0|" + "|".join(map(_header_text, parts)) + f"|{severity}|"


def _header_text(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("|", "\\|")


def _fields(one: Committed, sensor: str) -> dict[str, str]:
    finding = one.finding
    evidence = "; ".join(f"{e.source} frame {e.frames[0]}" for e in finding.evidence if e.frames)
    custom = {
        "cs1": ("techniques", " ".join(finding.techniques)),
        "cs2": ("machines", " ".join(finding.machines)),
        "cs3": ("requirements", "; ".join(finding.requirements)),
        "cs4": ("realm", finding.realm),
        "cs5": ("evidence", evidence),
        "cs6": ("action", finding.actions[0].text if finding.actions else ""),
    }
    fields = {
        "externalId": finding.id,
        "cat": finding.kind,
        "dvchost": sensor,
        "start": str(finding.time // 1_000_000),
        "end": str(finding.last // 1_000_000),
        "cnt": str(finding.count),
        "cn1": str(one.commit),
        "cn1Label": "commit",
    }
    for key, (label, value) in custom.items():
        if value:
            fields |= {key: value, f"{key}Label": label}
    return fields | {"msg": finding.explanation} if finding.explanation else fields


def cef_text(fields: dict[str, str]) -> str:
    """The extension: what says something, each value in the room that its key has."""
    return " ".join(f"{key}={_value(key, text)}" for key, text in fields.items() if text)


def _value(key: str, text: str) -> str:
    """Escape a value; paragraphs stay apart as the format's own line ends."""
    lines = (printable(line) for line in text.splitlines())
    escaped = "\\n".join(line.replace("\\", "\\\\").replace("=", "\\=") for line in lines)
    room = _ROOM.get(key, _ROOM_OF_CUSTOM)
    if len(escaped) <= room:
        return escaped
    return escaped[:room].rstrip("\\")
