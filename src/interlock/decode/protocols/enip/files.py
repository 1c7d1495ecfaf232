"""The File object: what its transfers write, told from the name of the file.

Source: CIP Volume 1, 5A-42 (File object, class 0x37).
"""

from __future__ import annotations

from typing import Any

from interlock.records.vocabulary import VERBS

__all__ = ["ask_file"]

_INITIATE_DOWNLOAD, _DOWNLOAD_TRANSFER = 0x4C, 0x50
_FIRMWARE = (".nvs", ".bin", ".fw", ".dmk", ".hex", ".s19", ".srec", ".img", ".der.bin")
_FIRMWARE_WRITE = VERBS.index("firmware-write")
_SHORT_STRING = 0xDA
_MAX_INSTANCES = 256


def ask_file(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of class 0x37: a download whose file is named like firmware is a firmware-write, as are its transfers."""
    place = (unit, path.instance)
    if service == _INITIATE_DOWNLOAD:
        name = _file_name(d.cursor)
        d.session.firmware.discard(place)
        if name.lower().endswith(_FIRMWARE) and len(d.session.firmware) < _MAX_INSTANCES:
            d.session.firmware.add(place)
        if name:
            out.set_object(row, d.objects.code(f"{path.text}/{name}"), 1)
    if service in (_INITIATE_DOWNLOAD, _DOWNLOAD_TRANSFER) and place in d.session.firmware:
        out.set_verb(row, _FIRMWARE_WRITE)


def _file_name(c: Any) -> str:
    """File size 4, format version 2, file revision 2, then a STRINGI: count, language 3, type, character set 2, text."""
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
