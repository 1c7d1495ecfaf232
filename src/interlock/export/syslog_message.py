r"""A finding as a syslog message.

    <PRI>1 TIMESTAMP HOSTNAME interlock PROCID DETECTOR [origin …][interlock@PEN …] MSG

PRI is 8 times the facility plus the severity. In the values of the structured data `"`, `\` and `]` are escaped. Text
that is not ASCII begins with the octets EF BB BF, which say that it is UTF-8.
Source: RFC 5424, 6 (format), 6.3.3 (escapes), 6.4 (encoding), 7.2 (origin).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock import __version__
from interlock.export.cef import cef_within
from interlock.export.finding_message import cut_octets, json_within, text_line
from interlock.records.config_text import FACILITIES
from interlock.report.printable import clip, printable
from interlock.report.quantities import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.export.finding_message import Committed
    from interlock.records.config import MessageFormat, SyslogConfig
    from interlock.records.finding import Finding
    from interlock.records.vocabulary import Severity

__all__ = ["syslog_message"]

_SEVERITY: Final[dict[Severity, int]] = {"info": 6, "low": 5, "medium": 4, "high": 3, "critical": 2}
_BOM: Final = b"\xef\xbb\xbf"


def syslog_message(one: Committed, config: SyslogConfig, sensor: str, process: int) -> bytes:
    """The message in at most `max_octets` octets: what has no room is left out of it, longest first.

    sensor: becomes HOSTNAME. process: becomes PROCID.
    """
    head = _head(one.finding, config.facility, sensor, process)
    roomy = head + _data(one, config.enterprise)
    for text in _texts(one, config.format, sensor):
        octets = roomy + _encoded(text)
        if len(octets) <= config.max_octets:
            return octets
    brief = head + _identity(one, config.enterprise)
    room = config.max_octets - len(brief) - len(_BOM) - 1
    return brief + _encoded(cut_octets(text_line(one), room)) if room > 0 else brief[: config.max_octets]


def _texts(one: Committed, form: MessageFormat, sensor: str) -> Iterator[str]:
    if form == "json":
        yield from json_within(one, sensor)
    elif form == "cef":
        yield from cef_within(one, sensor)
    else:
        yield text_line(one)


def _encoded(text: str) -> bytes:
    octets = text.encode("utf-8", "backslashreplace")
    return b" " + octets if octets.isascii() else b" " + _BOM + octets


def _head(finding: Finding, facility: str, sensor: str, process: int) -> bytes:
    priority = FACILITIES[facility] * 8 + _SEVERITY[finding.severity]
    time = iso_time(finding.last)[:26] + "Z"  # TIME-SECFRAC has at most six digits
    host, kind = _name(sensor, 255), _name(finding.detector, 32)
    return f"<{priority}>1 {time} {host} interlock {process} {kind} ".encode("ascii")


def _name(text: str, room: int) -> str:
    """PRINTUSASCII without spaces, or the nil value."""
    return re.sub(r"[^!-~]", "_", text)[:room] or "-"


def _identity(one: Committed, enterprise: int) -> bytes:
    return _element(f"interlock@{enterprise}", {"id": one.finding.id, "commit": str(one.commit)})


def _data(one: Committed, enterprise: int) -> bytes:
    finding = one.finding
    ours = {
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
    origin = _element("origin", {"software": "interlock", "swVersion": __version__})
    return origin + _element(f"interlock@{enterprise}", ours)


def _element(name: str, values: dict[str, str]) -> bytes:
    shown = "".join(f' {key}="{_escaped(value)}"' for key, value in values.items() if value)
    return f"[{name}{shown}]".encode("utf-8", "backslashreplace")


def _escaped(value: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", printable(value))
