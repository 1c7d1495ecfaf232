"""What an RDP client says of itself before anything is encrypted, where no TLS was chosen: its name and build.

    TPKT 4 | X.224 data 02 F0 80 | MCS Connect-Initial 7F 65 … | GCC … "Duca" … | client core data | …
    client core data | C001 | length 2 | version 4 | screen 6 | SAS 2 | keyboard 4 | build 4 | name 32 | …

Source: MS-RDPBCGR 2.2.1.3 and 2.2.1.3.2.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Client", "is_connect_initial", "read_client"]

_DATA: Final = b"\x02\xf0\x80\x7f\x65"
_CLIENT_KEY: Final = b"Duca"
_CORE: Final = b"\x01\xc0"
_CORE_OCTETS: Final = 56


class Client(NamedTuple):
    """name: of the machine. build: of the client program, which for Windows's own is that of Windows."""

    name: str
    build: int


def is_connect_initial(octets: bytes) -> bool:
    """Whether a TPKT carries MCS's first message."""
    return octets[:2] == b"\x03\x00" and octets[4:9] == _DATA


def read_client(octets: bytes) -> Client | None:
    """The client core data of a Connect-Initial; None where there are none."""
    key = octets.find(_CLIENT_KEY)
    at = octets.find(_CORE, key, key + 16) if key >= 0 else -1
    if at < 0 or len(octets) < at + _CORE_OCTETS:
        return None
    build = int.from_bytes(octets[at + 20 : at + 24], "little")
    name = octets[at + 24 : at + 56].decode("utf-16-le", "replace").partition("\x00")[0]
    return Client(name, build)
