"""Records what an interface hears as a pcap with nanoseconds, beside the sensor, until SIGTERM.

    python tap.py --interface near0 --out FILE

It prints `ready` once it hears, and how many frames it wrote and how many the kernel dropped at its end.
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import struct
from pathlib import Path

__all__: list[str] = []

_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_SOL_PACKET, _STATISTICS, _AUXDATA, _IGNORE_OUTGOING = 263, 6, 8, 23
_VLAN_VALID = 0x10
_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)


def _heard(tap: socket.socket) -> bytes:
    """The next frame, as a record of the capture; a VLAN tag, which the kernel takes out, is where it was."""
    frame, told, _, _ = tap.recvmsg(1 << 17, 128)
    said = {(level, kind): octets for level, kind, octets in told}
    seconds, rest = struct.unpack("qq", said[socket.SOL_SOCKET, _SO_TIMESTAMPNS])
    status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", said[_SOL_PACKET, _AUXDATA])
    if status & _VLAN_VALID:
        frame = frame[:12] + struct.pack(">HH", tpid or 0x8100, tci) + frame[12:]
    return struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", required=True)
    parser.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    tap.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 28)
    tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    tap.setsockopt(_SOL_PACKET, _AUXDATA, 1)
    tap.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    tap.bind((given.interface, 3))
    count = 0
    with given.out.open("wb") as target:
        target.write(_HEADER)
        print("ready", flush=True)
        while not asked or select.select([tap], [], [], 0)[0]:
            if select.select([tap], [], [], 0.1)[0]:
                target.write(_heard(tap))
                count += 1
    _, dropped = struct.unpack("=II", tap.getsockopt(_SOL_PACKET, _STATISTICS, 8))
    print(f"heard {count} dropped {dropped}", flush=True)


if __name__ == "__main__":
    main()
