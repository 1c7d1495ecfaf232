"""The File object: what its transfers write, told from the name of the file.

Source: CIP Volume 1, 5A-42 (File object, class 0x37).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["ask_file"]

_INITIATE_DOWNLOAD, _DOWNLOAD_TRANSFER = 0x4C, 0x50
_FIRMWARE = (".nvs", ".bin", ".fw", ".dmk", ".hex", ".s19", ".srec", ".img")
_FIRMWARE_WRITE = VERBS.index("firmware-write")
_SHORT_STRING = 0xDA


def ask_file(x: Exchange) -> str:
    """Call a download whose file is named like firmware a firmware-write; gives the name, where there is one."""
    name = ""
    place = (x.decoder.session.server, x.unit, x.path.instance)
    receiving = x.decoder.memory.firmware
    if x.service == _INITIATE_DOWNLOAD:
        name = _file_name(x.cursor)
        receiving.pop(place, None)
        if name.lower().endswith(_FIRMWARE):
            receiving.put(place, True)
        if name:
            x.out.set_object(x.row, x.decoder.objects.code(f"{x.path.text}/{name}"), 1)
    if x.service in (_INITIATE_DOWNLOAD, _DOWNLOAD_TRANSFER) and place in receiving:
        x.out.set_verb(x.row, _FIRMWARE_WRITE)
    return name


def _file_name(c: Any) -> str:
    """Read size 4, version 2, revision 2, then a STRINGI: count, language 3, type, character set 2, text."""
    if c.left() < 17:
        return ""
    c.skip(8)
    if c.u8() == 0:
        return ""
    c.skip(3)
    kind = c.u8()
    c.skip(2)
    size = c.u8() if kind == _SHORT_STRING else c.u16le()
    name: str = c.take(min(size, c.left())).decode("utf-8", "backslashreplace")
    return name[:128]
