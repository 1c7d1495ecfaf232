"""System status lists: what a controller says it is, and in which mode it runs.

    | id 2 | index 2 | record length 2 | records 2 | records … |
Source: Siemens, System Software for S7-300/400, System and Standard Functions, chapter System Status Lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.s7comm.blocks import text_of
from interlock.decode.protocols.s7comm.exchange import ANSWER, SUCCESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.protocols.s7comm.exchange import Exchange

__all__ = ["MODES", "read_szl"]

MODES: Final = {
    1: "STOP", 2: "STOP", 3: "STOP", 4: "STOP", 5: "STARTUP", 6: "STARTUP", 7: "STARTUP", 8: "RUN", 9: "RUN",
    10: "HOLD", 11: "LINK-UP", 12: "UPDATE", 13: "DEFECT",
}  # fmt: skip
"""Operating modes of list 0x0424 (update, reset, self-test and internal stop are all STOP)."""
_MAX_RECORDS: Final = 512
_COMPONENTS: Final = {1: ("name", 0.8), 2: ("description", 0.6), 3: ("location", 0.5), 5: ("serial", 0.95),
                      7: ("product", 0.95), 11: ("location", 0.7)}  # fmt: skip
"""Index of component identification (list xy1C) → clue."""


def read_szl(x: Exchange) -> None:
    """Name a request by its list and index; read the lists that identify."""
    c = x.s7.cursor
    if x.method != ANSWER:
        if c.left() >= 4:
            x.name(f"szl:0x{c.u16be():04x}/0x{c.u16be():04x}")
        return
    if x.code != SUCCESS or c.left() < 8:
        return
    identity, index, size, count = c.u16be(), c.u16be(), c.u16be(), c.u16be()
    if x.out.object_of(x.row) < 0:
        x.name(f"szl:0x{identity:04x}/0x{index:04x}", count)
    reader = _READERS.get(identity & 0xFF)
    if reader is None or size == 0 or identity & 0x0F00 == 0x0F00:
        return
    for _ in range(min(count, _MAX_RECORDS, c.left() // size)):
        reader(x, c.take(size))


def _module(x: Exchange, record: bytes) -> None:
    """Index 2, order number 20, type 2, version 2 + 2."""
    if len(record) < 28:
        return
    index, order = int.from_bytes(record[:2], "big"), text_of(record[2:22])
    if index in (1, 6):
        x.clue("order-number", " ".join(order.split()), 0.95 if index == 1 else 0.8)
        if record[24] == 0 and record[25]:
            x.clue("hardware", str(record[25]), 0.9 if index == 1 else 0.7)
    elif index == 7 and record[24:25] == b"V":
        x.clue("firmware", f"V{record[25]}.{record[26]}.{record[27]}", 0.95)


def _component(x: Exchange, record: bytes) -> None:
    """Index 2, text 24 or 32."""
    index, text = int.from_bytes(record[:2], "big") & 0xFF, text_of(record[2:])
    known = _COMPONENTS.get(index)
    if known is not None:
        x.clue(known[0], text, known[1])
    elif index == 4 and text.startswith("Original Siemens"):
        x.clue("vendor", "Siemens", 0.9)
    elif index == 9 and len(record) >= 4 and record[2:4] != b"\x00\x00":
        x.clue("vendor-id", f"profinet:0x{record[2:4].hex()}", 0.8)


def _mode(x: Exchange, record: bytes) -> None:
    """Event 2, reserved 1, previous and current mode 4 + 4 bits."""
    if len(record) >= 4:
        x.text("operating-mode", MODES.get(record[3] & 15, f"mode {record[3] & 15}"), "SZL 0x0424")


def _ethernet(x: Exchange, record: bytes) -> None:
    """Logical address 2, IP 4, mask 4, router 4, MAC 6."""
    if len(record) < 20:
        return
    for field, at in (("ip", 2), ("netmask", 6), ("router", 10)):
        octets = record[at : at + 4]
        if octets.strip(b"\x00"):
            x.clue(field, ".".join(map(str, octets)), 0.8)
    if record[14:20].strip(b"\x00"):
        x.clue("mac", record[14:20].hex(":"), 0.8)


def _protection(x: Exchange, record: bytes) -> None:
    """Index 4: protection by key switch 2, by parameters 2, in force 2."""
    if len(record) >= 8 and record[:2] == b"\x00\x04":
        x.text("protection-level", str(int.from_bytes(record[6:8], "big")), "SZL 0x0132")


_READERS: Final[dict[int, Callable[[Exchange, bytes], None]]] = {
    0x11: _module,
    0x1C: _component,
    0x24: _mode,
    0x32: _protection,
    0x37: _ethernet,
}
