"""What index group and offset mean: symbols, the process image, and the system service.

Sources: Beckhoff TE1000, "Specification of the ADS/AMS protocol" and "ADS-OPC index groups"; TwinCAT system service
index groups of the public ADS library's constants.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "HANDLE_BY_NAME",
    "RELEASE_HANDLE",
    "SUM_ADD_NOTIFICATION",
    "SUM_DELETE_NOTIFICATION",
    "SUM_READ",
    "SUM_READ_EX",
    "SUM_READ_WRITE",
    "SUM_WRITE",
    "SYSTEM_SERVICE",
    "VALUE_BY_HANDLE",
    "VALUE_BY_NAME",
    "object_text",
    "verb_name",
]

HANDLE_BY_NAME: Final = 0xF003
VALUE_BY_NAME: Final = 0xF004
VALUE_BY_HANDLE: Final = 0xF005
RELEASE_HANDLE: Final = 0xF006
SUM_READ, SUM_WRITE, SUM_READ_WRITE, SUM_READ_EX = 0xF080, 0xF081, 0xF082, frozenset({0xF083, 0xF084})
SUM_ADD_NOTIFICATION, SUM_DELETE_NOTIFICATION = 0xF085, 0xF086
SYSTEM_SERVICE: Final = 10000
"""AMS port of the TwinCAT system service."""

_BYTES: Final = {0xF020: "%IB", 0xF030: "%QB", 0x4020: "%MB", 0x4030: "%RB", 0x4040: "%DB"}
_BITS: Final = {0xF021: "%IX", 0xF031: "%QX", 0x4021: "%MX"}
_NAMES: Final = {
    0xF000: "symbol-table", 0xF007: "symbol-info", 0xF008: "symbol-version", 0xF009: "symbol-info",
    0xF00A: "symbol-download", 0xF00B: "symbol-upload", 0xF00C: "symbol-upload-info", 0xF00E: "datatype-upload",
    0xF00F: "symbol-upload-info", 0xF010: "symbol-note", 0xF025: "input-size", 0xF035: "output-size",
    0xF040: "clear-inputs", 0xF050: "clear-outputs", 0xF100: "device-data",
}  # fmt: skip
_READ_WRITE_VERBS: Final = {
    HANDLE_BY_NAME: "read", VALUE_BY_NAME: "read", VALUE_BY_HANDLE: "write", 0xF007: "read", 0xF009: "read",
}  # fmt: skip
_SYSTEM: Final = {
    100: ("file-open", "file-read", "file-write"), 101: ("file", "file-read", "file-read"),
    102: ("file", "file-write", "file-write"), 110: ("file-create", "file-write", "file-write"),
    111: ("file-close", "close", "close"), 120: ("file-open", "file-read", "file-read"),
    121: ("file-close", "close", "close"), 122: ("file", "file-read", "file-read"),
    123: ("file", "file-write", "file-write"), 131: ("file-delete", "file-write", "file-write"),
    132: ("file-rename", "file-write", "file-write"), 133: ("file-find", "file-read", "file-read"),
    138: ("directory-create", "file-write", "file-write"), 139: ("directory-remove", "file-write", "file-write"),
    200: ("registry", "read", "configure"), 300: ("e-mail", "unknown", "unknown"),
    400: ("clock", "read", "time-set"), 500: ("process", "start", "start"), 600: ("net-id", "configure", "configure"),
    700: ("target-description", "identify", "configure"), 701: ("ip-helper", "read", "read"),
    702: ("host-name", "identify", "identify"), 801: ("route-add", "configure", "configure"),
    802: ("route-delete", "configure", "configure"), 803: ("routes", "read", "read"),
}  # fmt: skip
"""System service: index group → (object, verb of Read and Read Write, verb of Write)."""

READ, WRITE, READ_WRITE = 2, 3, 9


def object_text(group: int, offset: int, port: int) -> str:
    """`%IB4`, `%QX2.3`, `symbol-upload`, `registry`; `group:4f00/8` where the group is not public."""
    if group in _BYTES:
        return f"{_BYTES[group]}{offset}"
    if group in _BITS:
        return f"{_BITS[group]}{offset >> 3}.{offset & 7}"
    if group in _NAMES:
        return _NAMES[group] if offset == 0 else f"{_NAMES[group]}:{offset}"
    if port == SYSTEM_SERVICE and group in _SYSTEM:
        return _SYSTEM[group][0]
    return f"group:{group:x}/{offset:x}"


def verb_name(command: int, group: int, port: int) -> str | None:
    """The verb that the group decides, or None: the command's own."""
    if port == SYSTEM_SERVICE and group in _SYSTEM and command in (READ, WRITE, READ_WRITE):
        return _SYSTEM[group][2 if command == WRITE else 1]
    if command == READ_WRITE:
        return _READ_WRITE_VERBS.get(group)
    if command == WRITE and group == RELEASE_HANDLE:
        return "read"
    return None
