r"""A finding, or an incident, as a syslog message.

    <PRI>1 TIMESTAMP HOSTNAME interlock PROCID KIND [origin …][interlock@PEN …] MSG

KIND is the detector, or `incident`. PRI is 8 times the facility plus the severity. In the values of the structured
data `"`, `\` and `]` are escaped. Text that is not ASCII begins with the octets EF BB BF, which say that it is UTF-8.
Source: RFC 5424, 6 (format), 6.3.3 (escapes), 6.4 (encoding), 7.2 (origin).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from interlock import __version__
from interlock.export.cef import cef_within
from interlock.export.finding_message import Committed, cut_octets, json_within, text_line
from interlock.export.incident_message import (
    incident_cef,
    incident_data,
    incident_line,
    incident_within,
)
from interlock.records.config_text import FACILITIES
from interlock.report.printable import clip, printable
from interlock.report.quantities import iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.export.incident_message import Reported
    from interlock.records.config import MessageFormat, SyslogConfig
    from interlock.records.vocabulary import Severity

__all__ = ["syslog_message"]

_SEVERITY: Final[dict[Severity, int]] = {"info": 6, "low": 5, "medium": 4, "high": 3, "critical": 2}
_BOM: Final = b"\xef\xbb\xbf"
_T = TypeVar("_T")


def syslog_message(one: Committed | Reported, config: SyslogConfig, sensor: str, process: int) -> bytes:
    """The message in at most `max_octets` octets: what has no room is left out of it, longest first.

    sensor: becomes HOSTNAME. process: becomes PROCID.
    """
    said = _said(one)
    head = _head(said, config.facility, sensor, process)
    ours = f"interlock@{config.enterprise}"
    roomy = head + _element("origin", {"software": "interlock", "swVersion": __version__})
    roomy += _element(ours, said.data)
    for text in said.texts(config.format, sensor):
        octets = roomy + _encoded(text)
        if len(octets) <= config.max_octets:
            return octets
    brief = head + _element(ours, {key: said.data[key] for key in said.identity})
    room = config.max_octets - len(brief) - len(_BOM) - 1
    return brief + _encoded(cut_octets(said.line, room)) if room > 0 else brief[: config.max_octets]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a message is made of. kind: becomes MSGID. identity: keys of `data` that every message has room for."""

    severity: Severity
    last: int
    kind: str
    data: dict[str, str]
    identity: tuple[str, ...]
    line: str
    texts: Callable[[MessageFormat, str], Iterator[str]]


def _said(one: Committed | Reported) -> _Said:
    if isinstance(one, Committed):
        found = one.finding
        kind, data, identity, line = found.detector, _data(one), ("id", "commit"), text_line(one)
        texts = _texts(json_within, cef_within, one, line)
        return _Said(found.severity, found.last, kind, data, identity, line, texts)
    told, line = one.incident, incident_line(one)
    texts = _texts(incident_within, incident_cef, one, line)
    return _Said(told.severity, told.last, "incident", incident_data(one), ("id", "why"), line, texts)


def _texts(
    as_json: Callable[[_T, str], Iterator[str]],
    as_cef: Callable[[_T, str], Iterator[str]],
    one: _T,
    line: str,
) -> Callable[[MessageFormat, str], Iterator[str]]:
    """Texts in a format, the longest first."""

    def texts(form: MessageFormat, sensor: str) -> Iterator[str]:
        if form == "json":
            yield from as_json(one, sensor)
        elif form == "cef":
            yield from as_cef(one, sensor)
        else:
            yield line

    return texts


def _encoded(text: str) -> bytes:
    octets = text.encode("utf-8", "backslashreplace")
    return b" " + octets if octets.isascii() else b" " + _BOM + octets


def _head(said: _Said, facility: str, sensor: str, process: int) -> bytes:
    priority = FACILITIES[facility] * 8 + _SEVERITY[said.severity]
    time = iso_time(said.last)[:26] + "Z"  # TIME-SECFRAC has at most six digits
    host, kind = _name(sensor, 255), _name(said.kind, 32)
    return f"<{priority}>1 {time} {host} interlock {process} {kind} ".encode("ascii")


def _name(text: str, room: int) -> str:
    """PRINTUSASCII without spaces, or the nil value."""
    return re.sub(r"[^!-~]", "_", text)[:room] or "-"


def _data(one: Committed) -> dict[str, str]:
    finding = one.finding
    return {
        "id": finding.id,
        "commit": str(one.commit),
        "kind": finding.kind,
        "severity": finding.severity,
        "confidence": f"{finding.confidence:.2f}",
        "count": str(finding.count),
        "first": iso_time(finding.time),
        "last": iso_time(finding.last),
        "realm": finding.realm,
        "machines": clip(" ".join(finding.machines), 200),
        "techniques": " ".join(finding.techniques),
        "accepted": "yes" if finding.accepted is not None else "",
    }


def _element(name: str, values: dict[str, str]) -> bytes:
    shown = "".join(f' {key}="{_escaped(value)}"' for key, value in values.items() if value)
    return f"[{name}{shown}]".encode("utf-8", "backslashreplace")


def _escaped(value: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", printable(value))
