"""The words that outputs use for roles, levels, severities and kinds, and what a verb does to a machine."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "CONTROLLER_ROLES",
    "EFFECTS",
    "KIND_LABELS",
    "LEVEL_LABELS",
    "ROLE_LABELS",
    "SEVERITY_RANK",
    "Effect",
    "effect_of",
    "gravity_of",
    "level_label",
    "role_label",
]

Effect = Literal["program", "write", "unknown", "read", "flow"]

EFFECTS: Final[dict[Effect, str]] = {
    "program": "program or command",
    "write": "write",
    "unknown": "unknown function",
    "read": "read only",
    "flow": "traffic only",
}
"""What one machine does to another, gravest first. `flow`: packets were seen, no operation was decoded."""

_VERBS: Final[dict[Effect, tuple[str, ...]]] = {
    "program": (
        "firmware-write",
        "program-write",
        "stop",
        "force",
        "mode-set",
        "reset",
        "start",
        "program-read",
    ),
    "write": (
        "alarm-suppress",
        "configure",
        "file-write",
        "operate",
        "write",
        "time-set",
        "select",
    ),
    "unknown": ("unknown",),
    "read": (
        "file-read",
        "authenticate",
        "discover",
        "identify",
        "diagnose",
        "read",
        "subscribe",
        "report",
        "open",
        "close",
    ),
}
"""Effect to its verbs, gravest first."""

_EFFECT_OF_VERB: Final = {verb: effect for effect, verbs in _VERBS.items() for verb in verbs}
_GRAVITY: Final = {verb: rank for rank, verb in enumerate(_EFFECT_OF_VERB)}

ROLE_LABELS: Final[dict[str, str]] = {
    "plc": "PLC",
    "rtu": "RTU",
    "io": "Remote I/O",
    "drive": "Drive",
    "safety-controller": "Safety controller",
    "hmi": "HMI",
    "engineering-station": "Engineering station",
    "historian": "Historian",
    "scada-server": "SCADA server",
    "gateway": "Gateway",
    "switch": "Switch",
    "router": "Router",
    "firewall": "Firewall",
    "access-point": "Access point",
    "printer": "Printer",
    "camera": "Camera",
    "server": "Server",
    "workstation": "Workstation",
    "ied": "IED",
    "sensor": "Sensor",
    "building-controller": "Building controller",
}

CONTROLLER_ROLES: Final = frozenset({"plc", "rtu", "safety-controller", "ied", "building-controller"})
"""Roles that run a control program: the ones a plant counts first."""

LEVEL_LABELS: Final[dict[str, str]] = {
    "5": "Enterprise",
    "4": "Business",
    "3.5": "DMZ",
    "3": "Operations",
    "2": "Supervision",
    "1": "Control",
    "0": "Process",
}
"""Purdue levels top down, as IEC 62264-1 and the Purdue reference model name them."""

SEVERITY_RANK: Final[dict[str, int]] = {"critical": 4, "high": 3, "medium": 2, "low": 1, "info": 0}

KIND_LABELS: Final[dict[str, str]] = {
    "alert": "happened",
    "weakness": "weakness",
    "change": "change",
    "exposure": "exposure",
}


def effect_of(verb: str) -> Effect:
    """Return what the verb does to the machine asked; one outside the closed set is `unknown`."""
    return _EFFECT_OF_VERB.get(verb, "unknown")


def gravity_of(verb: str) -> int:
    """Return the verb's rank, 0 for the gravest; a verb outside the closed set ranks as `unknown`."""
    return _GRAVITY.get(verb, _GRAVITY["unknown"])


def role_label(role: str | None) -> str:
    """Return the role's name for people; a role that no clue shows is said to be unknown."""
    return "Unknown role" if role is None else ROLE_LABELS.get(role, role)


def level_label(level: str | None) -> str:
    """`Level 1 · Control`; a level that is not known is said to be unknown."""
    if level is None:
        return "Level unknown"
    name = LEVEL_LABELS.get(level)
    return f"Level {level} · {name}" if name else f"Level {level}"
