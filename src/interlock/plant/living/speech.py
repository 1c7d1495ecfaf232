"""How messages are cut off a stream on each port, and what a client may expect to hear to what it says.

The twin knows which answers belong to which request; on sockets a client has to cut and to wait.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.ftp import DATA_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Speech", "cut", "of_port"]

_MOST_OCTETS: Final = 1 << 20


def _something(octets: bytes) -> bool:
    """Who merely connects expects nothing."""
    return bool(octets)


def _always(_octets: bytes) -> bool:
    """Who connects is greeted."""
    return True


def _nothing(octets: bytes) -> bool:
    """Who says nothing on a connection for data waits for some."""
    return not octets


def _never(_octets: bytes) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One protocol's habits.

    length: octets of the first message, 0 where too few are there to tell; raises ValueError where it is none.
    answered: whether a request is answered at all. several: whether more than one message may answer it.
    more: whether after a message another one is certain to come. alone: whether the server says one by itself.
    """

    length: Callable[[bytes], int]
    answered: Callable[[bytes], bool] = _something
    several: Callable[[bytes], bool] = _never
    more: Callable[[bytes], bool] = _never
    alone: Callable[[bytes], bool] = _never


def cut(speech: Speech, octets: bytes) -> tuple[list[bytes], bytes]:
    """Whole messages, and the rest. Raises ValueError where the octets are none of the protocol."""
    found: list[bytes] = []
    while octets:
        size = speech.length(octets)
        if size < 0 or size > _MOST_OCTETS:
            raise ValueError("a message without an end")
        if not size or len(octets) < size:
            break
        found.append(octets[:size])
        octets = octets[size:]
    return found, octets


def _modbus(octets: bytes) -> int:
    return 6 + int(struct.unpack_from("!H", octets, 4)[0]) if len(octets) >= 6 else 0


def _tpkt(octets: bytes) -> int:
    if octets[0] != 3:
        raise ValueError("not a TPKT header")
    return max(4, int(struct.unpack_from("!H", octets, 2)[0])) if len(octets) >= 4 else 0


def _desktop(octets: bytes) -> int:
    """TPKT, or records of TLS."""
    if not _in_tls(octets):
        return _tpkt(octets)
    return 5 + int(struct.unpack_from("!H", octets, 3)[0]) if len(octets) >= 5 else 0


def _in_tls(octets: bytes) -> bool:
    return octets[:1] in (b"\x14", b"\x15", b"\x16", b"\x17")


def _enip(octets: bytes) -> int:
    return 24 + int(struct.unpack_from("<H", octets, 2)[0]) if len(octets) >= 24 else 0


def _apci(octets: bytes) -> int:
    if octets[0] != 0x68:
        raise ValueError("not an APCI")
    return 2 + octets[1] if len(octets) >= 2 else 0


def _dnp3(octets: bytes) -> int:
    if octets[0] != 0x05:
        raise ValueError("not a DNP3 link header")
    if len(octets) < 3:
        return 0
    user = max(0, octets[2] - 5)
    return 10 + user + 2 * -(-user // 16)


def _opcua(octets: bytes) -> int:
    return max(8, int(struct.unpack_from("<I", octets, 4)[0])) if len(octets) >= 8 else 0


def _opcua_answered(octets: bytes) -> bool:
    """Closing a channel is not."""
    return bool(octets) and octets[:3] != b"CLO"


def _http(octets: bytes) -> int:
    return octets.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in octets else 0


def _line(octets: bytes) -> int:
    return octets.find(b"\r\n") + 2 if b"\r\n" in octets else 0


def _transfer_over(octets: bytes) -> bool:
    return octets[:4] == b"226 "


def _netbios(octets: bytes) -> int:
    return 4 + int(struct.unpack_from("!I", octets)[0] & 0xFFFFFF) if len(octets) >= 4 else 0


def _apdu_answered(octets: bytes) -> bool:
    """S frames are not."""
    return len(octets) >= 3 and octets[2] & 3 != 1


def _apdu_several(octets: bytes) -> bool:
    """Commands are confirmed, and later terminated."""
    return len(octets) > 6 and not octets[2] & 1


def _apdu_alone(octets: bytes) -> bool:
    """I frames whose cause is `spontaneous`."""
    return len(octets) > 8 and not octets[2] & 1 and octets[8] & 0x3F == 3


def _downloads(octets: bytes) -> bool:
    """Whoever asks for a download is asked for the block next."""
    return len(octets) > 17 and octets[7] == 0x32 and octets[17] == 0x1A


def _download_granted(octets: bytes) -> bool:
    """The controller has agreed to a download: its own job comes next."""
    return octets[8:9] == b"\x03" and octets[17:20] == b"\0\0\x1a"


def _s7_answered(octets: bytes) -> bool:
    """What a client tells the controller about a download that the controller leads is not answered but followed."""
    return bool(octets) and not (len(octets) > 19 and octets[8] == 0x03 and octets[19] == 0x1C)


_SPEECHES: Final = {
    502: Speech(length=_modbus),
    102: Speech(length=_tpkt, answered=_s7_answered, several=_downloads, more=_download_granted),
    44818: Speech(length=_enip),
    2404: Speech(length=_apci, answered=_apdu_answered, several=_apdu_several, alone=_apdu_alone),
    20000: Speech(length=_dnp3),
    4840: Speech(length=_opcua, answered=_opcua_answered),
    80: Speech(length=_http),
    5985: Speech(length=_http),
    21: Speech(length=_line, answered=_always, alone=_transfer_over),
    445: Speech(length=_netbios),
    3389: Speech(length=_desktop, several=_in_tls),
    DATA_PORT: Speech(length=len, answered=_nothing),
}
_ANY: Final = Speech(length=len)


def of_port(port: int) -> Speech:
    """What is spoken on a port; where nobody knows, whatever comes at once is a message."""
    return _SPEECHES.get(port, _ANY)
