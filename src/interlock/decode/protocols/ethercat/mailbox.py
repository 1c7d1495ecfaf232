"""What a mailbox message asks for: CoE, FoE, EoE, SoE, AoE.

    | length 2 | address 2 | channel and priority 1 | type 4 bits, counter 3 bits | service data |
    CoE   number 9 bits, 0 3, service 4 bits | SDO: command 1, index 2, subindex 1, data … |
    FoE   operation 1 | 0 1 | password, packet number or error 4 | file name or data |
    SoE   operation 3 bits, … 1 | element flags 1 | IDN 2 |
    AoE   target 8, source 8, command 2, …      EoE   fragment type 4 bits, … |

Nothing says that a datagram is a mailbox's: it is taken for one where everything in it fits.
Source: IEC 61158-6-12, 5.4 to 5.10; ETG.1000.6.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["HEADER", "Mail", "read_mail"]

HEADER: Final = 6
SHORTEST: Final = 16
"""Octets of the smallest mailbox that is looked at."""
AOE, EOE, COE, FOE, SOE = range(1, 6)
_SDO_REQUEST, _SDO_RESPONSE, _EMERGENCY, _SDO_INFORMATION = 2, 3, 1, 8
ABORT: Final = 4
_AMS: Final = 32
_FIRMWARE: Final = (".efw", ".bin", ".hex", ".fw", ".s19")


class Mail(NamedTuple):
    """function: as in verbs.toml's table of mailbox services. code: of an abort or an error, else None.

    entry, data: of an SDO response that carries a value; 256 x index + subindex.
    """

    function: int
    object: str = ""
    verb: str = ""
    code: int | None = None
    entry: int = -1
    data: bytes = b""


def read_mail(octets: bytes) -> Mail | None:
    """Read a whole mailbox; None where it is not one that is known."""
    if len(octets) < SHORTEST:
        return None
    length, kind = int.from_bytes(octets[:2], "little"), octets[5] & 0x0F
    if not 2 <= length <= len(octets) - HEADER or octets[5] & 0x80 or octets[4] & 0x3C:
        return None
    read = _READERS.get(kind)
    return None if read is None else read(octets[HEADER : HEADER + length])


def _coe(body: bytes) -> Mail | None:
    word = int.from_bytes(body[:2], "little")
    service = word >> 12
    if word & 0x0E00 or not 1 <= service <= _SDO_INFORMATION:
        return None
    if service not in (_SDO_REQUEST, _SDO_RESPONSE):
        return Mail(COE << 12 | service << 8)
    if len(body) < 10:
        return None
    command, index, sub = body[2] >> 5, int.from_bytes(body[3:5], "little"), body[5]
    segment = command in ((0, 3) if service == _SDO_REQUEST else (0, 1))
    name = "" if segment else f"sdo:0x{index:04x}:{sub:02x}"
    function = COE << 12 | service << 8 | command
    if command == ABORT:
        code = int.from_bytes(body[6:10], "little", signed=True)
        return Mail(COE << 12 | _SDO_REQUEST << 8 | ABORT, name, code=code)
    if service == _SDO_REQUEST and command == 1:
        return Mail(function, name, "configure" if index >> 12 in (1, 8) else "write")
    if service == _SDO_RESPONSE and command == 2:
        return Mail(function, name, entry=index << 8 | sub, data=_uploaded(body))
    return Mail(function, name)


def _uploaded(body: bytes) -> bytes:
    """The value of an upload response: expedited (4 octets less those that are not used), or a first segment."""
    if body[2] & 2:
        return body[6 : 10 - (body[2] >> 2 & 3 if body[2] & 1 else 0)]
    size = int.from_bytes(body[6:10], "little")
    return body[10 : 10 + size] if size <= len(body) - 10 else b""


def _foe(body: bytes) -> Mail | None:
    if len(body) < HEADER or not 1 <= body[0] <= 6 or body[1]:
        return None
    operation = body[0]
    function = FOE << 12 | operation << 8
    if operation > 2:
        code = int.from_bytes(body[2:6], "little", signed=True) if operation == 5 else None
        return Mail(function, code=code)
    name = body[6:].split(b"\0")[0].decode("utf-8", "backslashreplace")
    firmware = operation == 2 and name.lower().endswith(_FIRMWARE)
    return Mail(function, f"file:{name}", "firmware-write" if firmware else "")


def _soe(body: bytes) -> Mail | None:
    if len(body) < 4 or not 1 <= body[0] & 7 <= 6:
        return None
    idn = int.from_bytes(body[2:4], "little")
    name = f"idn:{'P' if idn & 0x8000 else 'S'}-{idn >> 12 & 7}-{idn & 0xFFF:04d}"
    code = int.from_bytes(body[-2:], "little") if body[0] & 0x10 else None
    return Mail(SOE << 12 | (body[0] & 7) << 8, name, code=code)


def _eoe(body: bytes) -> Mail | None:
    kind = body[0] & 0x0F
    return Mail(EOE << 12 | kind << 8) if len(body) >= 4 and kind <= 7 else None


def _aoe(body: bytes) -> Mail | None:
    if len(body) < _AMS:
        return None
    command, flags = int.from_bytes(body[16:18], "little"), int.from_bytes(body[18:20], "little")
    if not 1 <= command <= 9 or flags & 0xFFFA or int.from_bytes(body[20:24], "little") > len(body) - _AMS:
        return None
    code = int.from_bytes(body[24:28], "little", signed=True)
    return Mail(AOE << 12 | command << 8, code=code or None)


_READERS: Final = {AOE: _aoe, EOE: _eoe, COE: _coe, FOE: _foe, SOE: _soe}
