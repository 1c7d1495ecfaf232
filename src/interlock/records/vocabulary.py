"""The closed sets of words that every table and every finding uses."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "BASES",
    "KINDS",
    "MIDSTREAM",
    "OUTCOMES",
    "ROLES",
    "SEVERITIES",
    "VERBS",
    "Basis",
    "Kind",
    "Midstream",
    "Outcome",
    "Severity",
]

VERBS: Final[tuple[str, ...]] = (
    "unknown",
    "read",
    "write",
    "subscribe",
    "report",
    "discover",
    "identify",
    "authenticate",
    "open",
    "close",
    "configure",
    "start",
    "stop",
    "force",
    "program-read",
    "program-write",
    "firmware-write",
    "file-read",
    "file-write",
    "mode-set",
    "time-set",
    "reset",
    "alarm-suppress",
    "diagnose",
    "select",
    "operate",
)
"""What an operation does, in one vocabulary for every protocol; index 0 is `unknown`."""

OUTCOMES: Final[tuple[str, ...]] = ("unknown", "ok", "refused", "no-answer", "unsolicited", "pending")
"""How an operation ended. `unknown`: the capture ended, or its answer could not be seen."""

BASES: Final[tuple[str, ...]] = ("unknown", "port", "heuristic", "parsed")
"""What a flow's protocol name rests on, weakest first."""

SEVERITIES: Final[tuple[str, ...]] = ("info", "low", "medium", "high", "critical")
KINDS: Final[tuple[str, ...]] = ("alert", "weakness", "change", "exposure")

ROLES: Final[tuple[str, ...]] = (
    "plc",
    "rtu",
    "io",
    "drive",
    "safety-controller",
    "hmi",
    "engineering-station",
    "historian",
    "scada-server",
    "gateway",
    "switch",
    "router",
    "firewall",
    "access-point",
    "printer",
    "camera",
    "server",
    "workstation",
    "ied",
    "sensor",
    "building-controller",
)
"""What a machine is for. An asset whose role no clue shows has none."""

Severity = Literal["info", "low", "medium", "high", "critical"]
Kind = Literal["alert", "weakness", "change", "exposure"]
Outcome = Literal["unknown", "ok", "refused", "no-answer", "unsolicited", "pending"]
Basis = Literal["unknown", "port", "heuristic", "parsed"]
Midstream = Literal["own", "no", "yes"]
Checksums = Literal["no", "auto", "yes"]
CHECKSUMS: Final[tuple[Checksums, ...]] = ("no", "auto", "yes")
"""Whether signatures see segments with wrong checksums in their connections: as Suricata with that setting."""
MIDSTREAM: Final[tuple[Midstream, ...]] = ("own", "no", "yes")
"""What signatures make of TCP connections that nobody saw open: our own way, or as Suricata does with that setting."""
