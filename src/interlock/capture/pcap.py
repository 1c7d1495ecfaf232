"""The pcap format: 24 octets of header, then records.

    | magic u32 | major u16 | minor u16 | reserved 8 | snaplen u32 | FCS and link type u32 | records

Source: draft-ietf-opsawg-pcap section 4; the magic numbers as libpcap and Wireshark know them.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import numpy as np

from interlock.capture.columns import Columns, Progress
from interlock.capture.scan import BAD_LENGTH, ZEROS, scan_pcap
from interlock.errors import SourceError

__all__ = ["HEADER_OCTETS", "MAGICS", "PcapFormat"]

HEADER_OCTETS: Final = 24
_RECORD_OCTETS: Final = 16
_MODIFIED_RECORD_OCTETS: Final = 24
_FIELDS: Final = {"little": Struct("<HH8xII"), "big": Struct(">HH8xII")}

_KINDS: Final = {
    0xA1B2C3D4: (_RECORD_OCTETS, 1000),
    0xA1B23C4D: (_RECORD_OCTETS, 1),
    0xA1B2CD34: (_MODIFIED_RECORD_OCTETS, 1000),
}
"""magic → octets of a record header, ns in a unit of its fraction."""

MAGICS: Final = {
    magic.to_bytes(4, order): (order, *kind) for magic, kind in _KINDS.items() for order in ("little", "big")
}
"""first four octets → byte order, octets of a record header, ns in a unit of its fraction."""

_DAMAGE: Final = {
    BAD_LENGTH: "a record says it is longer than any frame",
    ZEROS: "only zeros follow, room that was never written",
}


class PcapFormat:
    """One pcap file: byte order, resolution and link type from its header, frames from its records."""

    def __init__(self, header: bytes, name: str) -> None:
        """header: the file's first 24 octets. Raises SourceError where it is cut or of another version."""
        if len(header) < HEADER_OCTETS:
            raise SourceError(f"{name}: ends inside its file header; copy or record the capture again")
        order, self._record, self._fraction_ns = MAGICS[header[:4]]
        self._big = order == "big"
        major, minor, _snaplen, network = _FIELDS[order].unpack(header[4:])
        if major != 2:
            raise SourceError(
                f"{name}: is pcap of version {major}.{minor}, only version 2 is known; "
                "convert it with `editcap -F pcapng`"
            )
        self.linktype: int = network & 0xFFFF
        self._state = np.zeros(5, np.int64).data

    def scan(self, octets: memoryview, start: int, end: int, columns: Columns) -> Progress:
        """Fill `columns` from row 0 with the complete records in octets[start:end]."""
        state = self._state
        views = columns.views(0)
        n = scan_pcap(octets, start, end, self._big, self._record, self._fraction_ns, *views, state)
        columns.linktype[:n] = self.linktype
        return Progress(frames=n, position=state[0], damage=_DAMAGE.get(state[4], ""))
