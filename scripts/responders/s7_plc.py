"""The filling PLC: python-snap7's server with the identity of a CPU and a data block that moves."""

from __future__ import annotations

import math
import struct
import time

from snap7.server import CPUState, Server
from snap7.type import SrvArea

_ORDER_NUMBER, _FIRMWARE = b"6ES7 315-2EH14-0AB0 ", (3, 2, 14)
_NAMES = {
    1: b"FILLER_02",
    2: b"CPU 315-2 PN/DP",
    3: b"LINE 2",
    4: b"Original Siemens Equipment",
    5: b"S C-DEMO00002012",
    7: b"CPU 315-2 PN/DP",
}


class FillingPlc(Server):
    """A server whose system status lists have the layout that real CPUs give them."""

    def _get_szl_data(self, szl_id: int, szl_index: int) -> bytes | None:
        if szl_id == 0x0011:
            return struct.pack(">HH", 28, 3) + b"".join(
                struct.pack(">H20sHBBBB", index, _ORDER_NUMBER, 0, ord("V"), *_FIRMWARE)
                for index in (1, 6, 7)
            )
        if szl_id == 0x001C:
            return struct.pack(">HH", 34, len(_NAMES)) + b"".join(
                struct.pack(">H32s", index, name) for index, name in _NAMES.items()
            )
        if szl_id == 0x0424:
            running = 0x08 if self.cpu_state == CPUState.RUN else 0x04
            return struct.pack(">HHHBB16x", 20, 1, 0x5100, 0xFF, running)
        return super()._get_szl_data(szl_id, szl_index)


def main() -> None:
    """Serve until ended; DB1 carries measurements, DB2 the recipe, DB10 the program's data."""
    server = FillingPlc(log=False)
    blocks = {number: bytearray(size) for number, size in ((1, 64), (2, 128), (10, 1200))}
    for number, block in blocks.items():
        server.register_area(SrvArea.DB, number, block)
    for area in (SrvArea.PE, SrvArea.PA, SrvArea.MK):
        server.register_area(area, 0, bytearray(64))
    blocks[2][:16] = struct.pack(">4f", 72.5, 4.0, 1.2, 330.0)
    server.start(102)
    while True:
        now = time.monotonic()
        level, flow = 50 + 20 * math.sin(now / 11), 12 + 3 * math.sin(now / 7)
        blocks[1][:12] = struct.pack(">ffHH", level, flow, int(now) & 0xFFFF, 0x0103)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
