"""The object library: what one object of a group and variation is on the wire, and what its points are called.

Source: IEEE 1815-2012, Annex A.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUTHENTICATION",
    "COLUMNS",
    "FLAG_NAMES",
    "GROUPS",
    "HEADERS",
    "LAYOUTS",
    "MAX_VARIATION",
    "POINTS",
    "flag_text",
]

MAX_VARIATION: Final = 16
GROUPS: Final = 128

NONE, BINARY, DOUBLE, COUNTER, ANALOG = range(5)
"""Which set of flags an object begins with."""
U16, U32, I16, I32, F32, F64, STATE, DOUBLE_STATE, U8, TIME, SECONDS, MILLISECONDS, BCD16, BCD32 = range(
    1, 15
)
"""What its number is; STATE and DOUBLE_STATE are the upper bits of the flags."""
NO_TIME, ABSOLUTE, RELATIVE = range(3)

_SIZES: Final = {
    U16: 2, U32: 4, I16: 2, I32: 4, F32: 4, F64: 8, STATE: 0, DOUBLE_STATE: 0, U8: 1, TIME: 6, SECONDS: 2,
    MILLISECONDS: 2, BCD16: 2, BCD32: 4,
}  # fmt: skip

COLUMNS: Final = 4
"""size in octets (-1 and -2: that many bits, packed; 0: not fixed or no data), flags, number, time."""

HEADERS: Final = {
    0: "device-attribute", 1: "binary-input", 2: "binary-input-event", 3: "double-bit-binary-input",
    4: "double-bit-binary-input-event", 10: "binary-output", 11: "binary-output-event", 12: "binary-output",
    13: "binary-output-command-event", 20: "counter", 21: "frozen-counter", 22: "counter-event",
    23: "frozen-counter-event", 30: "analog-input", 31: "frozen-analog-input", 32: "analog-input-event",
    33: "frozen-analog-input-event", 34: "analog-input-deadband", 40: "analog-output", 41: "analog-output",
    42: "analog-output-event", 43: "analog-output-command-event", 50: "time", 51: "time-cto", 52: "time-delay",
    60: "class", 70: "file", 80: "internal-indication", 81: "device-storage", 82: "device-profile",
    83: "private-registration", 85: "data-set-prototype", 86: "data-set-descriptor", 87: "data-set",
    88: "data-set-event", 90: "application", 91: "status-of-operation", 100: "floating-point", 101: "bcd",
    102: "unsigned-integer", 110: "octet-string", 111: "octet-string-event", 112: "virtual-terminal-output",
    113: "virtual-terminal-event", 120: "authentication", 121: "security-statistic", 122: "security-statistic-event",
}  # fmt: skip
"""Group → how an object header is called in `operations.object`."""

POINTS: Final = HEADERS | {
    2: "binary-input", 4: "double-bit-binary-input", 11: "binary-output", 13: "binary-output", 22: "counter",
    23: "frozen-counter", 32: "analog-input", 33: "frozen-analog-input", 42: "analog-output", 43: "analog-output",
    88: "data-set", 111: "octet-string", 122: "security-statistic",
}  # fmt: skip
"""Group → how its points are called in `values.object`: an event names the point that it is of."""

AUTHENTICATION: Final = (
    "", "challenge", "reply", "aggressive-mode-request", "session-key-status-request", "session-key-status",
    "session-key-change", "error", "user-certificate", "message-authentication-code", "user-status-change",
    "update-key-change-request", "update-key-change-reply", "update-key-change", "update-key-change-signature",
    "update-key-change-confirmation",
)  # fmt: skip
"""Variations of group 120."""

FLAG_NAMES: Final = {
    BINARY: ("ONLINE", "RESTART", "COMM_LOST", "REMOTE_FORCED", "LOCAL_FORCED", "CHATTER_FILTER"),
    DOUBLE: ("ONLINE", "RESTART", "COMM_LOST", "REMOTE_FORCED", "LOCAL_FORCED", "CHATTER_FILTER"),
    COUNTER: ("ONLINE", "RESTART", "COMM_LOST", "REMOTE_FORCED", "LOCAL_FORCED", "ROLLOVER", "DISCONTINUITY"),
    ANALOG: (
        "ONLINE",
        "RESTART",
        "COMM_LOST",
        "REMOTE_FORCED",
        "LOCAL_FORCED",
        "OVER_RANGE",
        "REFERENCE_ERR",
    ),
}


def flag_text(kind: int, octet: int) -> str:
    """The flags that are set, by their names; `OFFLINE` where none is."""
    said = [name for bit, name in enumerate(FLAG_NAMES[kind]) if octet >> bit & 1]
    return " ".join(said) or "OFFLINE"


def _counters(group: int, *, event: bool) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Variations 1 to 8 (events; frozen counters alike) and the ones without flags."""
    made = {(group, v): (COUNTER, U32 if v & 1 else U16, NO_TIME) for v in (1, 2, 3, 4)}
    if event or group == 21:
        made |= {(group, v): (COUNTER, U32 if v & 1 else U16, ABSOLUTE) for v in (5, 6, 7, 8)}
    if not event:
        bare = (9, 10, 11, 12) if group == 21 else (5, 6, 7, 8)
        made |= {(group, v): (NONE, U32 if v & 1 else U16, NO_TIME) for v in bare}
    return made


def _analog_events(group: int) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Variations 1 to 8: integers, integers with time, floats, floats with time."""
    numbers = (I32, I16, I32, I16, F32, F64, F32, F64)
    return {
        (group, v): (ANALOG, n, ABSOLUTE if v in (3, 4, 7, 8) else NO_TIME) for v, n in enumerate(numbers, 1)
    }


_OBJECTS: Final[dict[tuple[int, int], tuple[int, int, int]]] = {
    (1, 2): (BINARY, STATE, NO_TIME), (2, 1): (BINARY, STATE, NO_TIME), (2, 2): (BINARY, STATE, ABSOLUTE),
    (2, 3): (BINARY, STATE, RELATIVE), (3, 2): (DOUBLE, DOUBLE_STATE, NO_TIME),
    (4, 1): (DOUBLE, DOUBLE_STATE, NO_TIME),
    (4, 2): (DOUBLE, DOUBLE_STATE, ABSOLUTE), (4, 3): (DOUBLE, DOUBLE_STATE, RELATIVE),
    (10, 2): (BINARY, STATE, NO_TIME), (11, 1): (BINARY, STATE, NO_TIME), (11, 2): (BINARY, STATE, ABSOLUTE),
    **_counters(20, event=False), **_counters(21, event=False), **_counters(22, event=True),
    **_counters(23, event=True),
    (30, 1): (ANALOG, I32, NO_TIME), (30, 2): (ANALOG, I16, NO_TIME), (30, 3): (NONE, I32, NO_TIME),
    (30, 4): (NONE, I16, NO_TIME), (30, 5): (ANALOG, F32, NO_TIME), (30, 6): (ANALOG, F64, NO_TIME),
    (31, 1): (ANALOG, I32, NO_TIME), (31, 2): (ANALOG, I16, NO_TIME), (31, 3): (ANALOG, I32, ABSOLUTE),
    (31, 4): (ANALOG, I16, ABSOLUTE), (31, 5): (NONE, I32, NO_TIME), (31, 6): (NONE, I16, NO_TIME),
    (31, 7): (ANALOG, F32, NO_TIME), (31, 8): (ANALOG, F64, NO_TIME),
    **_analog_events(32), **_analog_events(33), **_analog_events(42),
    (34, 1): (NONE, U16, NO_TIME), (34, 2): (NONE, U32, NO_TIME), (34, 3): (NONE, F32, NO_TIME),
    (40, 1): (ANALOG, I32, NO_TIME), (40, 2): (ANALOG, I16, NO_TIME), (40, 3): (ANALOG, F32, NO_TIME),
    (40, 4): (ANALOG, F64, NO_TIME), (101, 1): (NONE, BCD16, NO_TIME), (101, 2): (NONE, BCD32, NO_TIME),
    (102, 1): (NONE, U8, NO_TIME), (50, 1): (NONE, TIME, NO_TIME), (50, 3): (NONE, TIME, NO_TIME),
    (52, 1): (NONE, SECONDS, NO_TIME), (52, 2): (NONE, MILLISECONDS, NO_TIME),
}  # fmt: skip
"""(group, variation) → flags, number, time: what is read alike in one loop."""

_OTHER_SIZES: Final = {
    (1, 1): -1, (3, 1): -2, (10, 1): -1, (80, 1): -1, (12, 1): 11, (12, 2): 11, (12, 3): -1, (13, 1): 1, (13, 2): 7,
    (41, 1): 5, (41, 2): 3, (41, 3): 5, (41, 4): 9, (43, 1): 5, (43, 2): 3, (43, 3): 11, (43, 4): 9, (43, 5): 5,
    (43, 6): 9, (43, 7): 11, (43, 8): 15, (50, 2): 10, (50, 4): 11, (51, 1): 6, (51, 2): 6, (81, 1): 3, (101, 3): 8,
    (120, 3): 6, (120, 4): 2,
    (121, 1): 7, (122, 1): 7, (122, 2): 13,
}  # fmt: skip


def _layout(group: int, variation: int) -> tuple[int, int, int, int]:
    if (group, variation) in _OBJECTS:
        flags, number, time = _OBJECTS[group, variation]
        return ((1 if flags else 0) + _SIZES[number] + (0, 6, 2)[time], flags, number, time)
    return (_OTHER_SIZES.get((group, variation), 0), 0, 0, 0)


LAYOUTS: Final = tuple(_layout(g, v) for g in range(GROUPS) for v in range(MAX_VARIATION))
"""By group * MAX_VARIATION + variation."""
