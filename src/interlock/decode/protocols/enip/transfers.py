"""Files, firmware and logic that CIP carries in parts, put together.

    File object (0x37)    Initiate_Upload's answer: size 4, octets of a part 1. Upload_Transfer asks for part number 1;
                          its answer: number 1, kind 1 (0 first, 1 middle, 2 last, 3 abort, 4 first and last), octets.
                          Initiate_Download: size 4, version 2, revision 2, name. Download_Transfer: number 1, kind 1,
                          octets. Behind the last octets stands a checksum of 2.
    Rockwell 0xA1         Update and Extended Update: size 4, …; Transfer: offset 4, octets
    Rockwell 0x6D         Upload Logic of a routine: 6 octets, all zero from its beginning; the answer is the logic

Source: CIP Volume 1, 5A-42 (File object); Rockwell's objects are published nowhere: as observed on recordings of a
firmware change and of an upload, where the parts of the first add up to the size that it announces. How logic goes on
that needs more than one answer was not observed: it stays incomplete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.artifacts import Transfers

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["CipTransfers"]

FIRMWARE, LOGIC, FILE = "cip-firmware", "logix-logic", "file"
_INITIATE_UPLOAD, _INITIATE_DOWNLOAD, _UPLOAD, _DOWNLOAD = 0x4B, 0x4C, 0x4F, 0x50
_UPDATE, _TRANSFER, _EXTENDED_UPDATE = 0x4B, 0x4D, 0x51
_LAST, _ABORT, _ONLY = 2, 3, 4
_CHECKSUM: Final = 2
_PARTIAL: Final = 6
"""General status: more than fits into one answer."""


class CipTransfers:
    """Transfers by flow, device behind the address, class and instance."""

    def __init__(self, tools: Any) -> None:
        self._loads = Transfers(tools.facts.artifacts)

    def _key(self, x: Exchange) -> tuple[Any, ...]:
        return int(x.m.flow[x.i]), x.unit, x.path.class_id, x.path.instance

    def _told(
        self, x: Exchange, kind: str, name: str, way: str
    ) -> tuple[tuple[str, str, str, str], dict[str, Any]]:
        return ("cip", kind, name, way), {"unit": x.decoder.unit_text(x.unit), "operation": x.operation}

    # File object

    def ask_file(self, x: Exchange, name: str) -> None:
        """A request to the File object; name: the file's where the request has one."""
        key, c = self._key(x), x.cursor
        if x.service == _INITIATE_UPLOAD:
            x.note(self._upload_begun, key, x.path.text)
        elif x.service == _UPLOAD and c.left():
            x.note(self._uploaded, key, x.path.text)
        elif x.service == _INITIATE_DOWNLOAD and c.left() >= 4:
            named, told = self._told(x, FILE, name or x.path.text, "written")
            self._loads.begin(key, x.m, x.i, *named, stated=c.u32le(), **told)
            x.note(self._begun, key)
        elif x.service == _DOWNLOAD and c.left() >= 2:
            ended = self._part(x, key, self._told(x, FILE, x.path.text, "written"))
            x.note(self._downloaded, key, ended)

    def _upload_begun(self, x: Exchange, key: Any, text: str) -> None:
        if x.status == 0 and x.cursor.left() >= 4:
            named, told = self._told(x, FILE, text, "read")
            self._loads.begin(key, x.m, x.i, *named, stated=x.cursor.u32le(), **told)

    def _uploaded(self, x: Exchange, key: Any, text: str) -> None:
        if x.status != 0 or x.cursor.left() < 2:
            self._loads.gap(key)
        elif self._part(x, key, self._told(x, FILE, text, "read")):
            self._loads.end(key, x.m, x.i)

    def _begun(self, x: Exchange, key: Any) -> None:
        if x.status != 0:
            self._loads.end(key, x.m, x.i, whole=False)

    def _downloaded(self, x: Exchange, key: Any, ended: bool) -> None:
        if x.status != 0:
            self._loads.gap(key)
        if ended:
            self._loads.end(key, x.m, x.i)

    def _part(self, x: Exchange, key: Any, how: tuple[tuple[str, ...], dict[str, Any]]) -> bool:
        """A part at the cursor; whether it was the last one. One that comes again is passed over."""
        number, kind, octets = x.cursor.u8(), x.cursor.u8(), x.cursor.rest()
        artifact = self._loads.find(key)
        if artifact is not None and artifact.number == number:
            return bool(artifact.last)
        if kind == _ABORT or (
            artifact is not None and artifact.number >= 0 and (artifact.number + 1) & 0xFF != number
        ):
            self._loads.gap(key)
        last = kind in (_LAST, _ONLY)
        if last:
            octets = octets[:-_CHECKSUM] if len(octets) >= _CHECKSUM else b""
        artifact = self._loads.add(key, x.m, x.i, octets, *how[0], **how[1])
        if last and artifact.stated not in (-1, artifact.size):
            self._loads.gap(key)
        artifact.number, artifact.last = number, last or kind == _ABORT
        return bool(artifact.last)

    # Rockwell's

    def ask_firmware(self, x: Exchange) -> None:
        """A request to the object that firmware goes to (hook of class 0xA1)."""
        key, c = self._key(x), x.cursor
        if x.service in (_UPDATE, _EXTENDED_UPDATE) and c.left() >= 4:
            size, artifact = c.u32le(), self._loads.find(key)
            if artifact is None or artifact.size or artifact.stated != size:
                named, told = self._told(x, FIRMWARE, x.path.text, "written")
                self._loads.begin(key, x.m, x.i, *named, stated=size, **told)
            x.note(self._begun, key)
        elif x.service == _TRANSFER and c.left() > 4:
            at, octets, artifact = c.u32le(), c.rest(), self._loads.find(key)
            if artifact is not None and at < artifact.size:
                return  # once more
            if artifact is None:
                named, told = self._told(x, FIRMWARE, x.path.text, "written")
                self._loads.add(key, x.m, x.i, octets, *named, **told)
            else:
                if at > artifact.size:
                    self._loads.gap(key)
                self._loads.more(artifact, x.m, x.i, octets)
            x.note(self._transferred, key)

    def _transferred(self, x: Exchange, key: Any) -> None:
        artifact = self._loads.find(key)
        if x.status != 0:
            self._loads.gap(key)
        if artifact is not None and artifact.size == artifact.stated:
            self._loads.end(key, x.m, x.i)

    def ask_logic(self, x: Exchange) -> None:
        """A request for a routine's logic (hook of class 0x6D, service 0x4C)."""
        key = self._key(x)
        x.note(self._logic, key, x.path.text, not any(x.cursor.rest()))

    def _logic(self, x: Exchange, key: Any, text: str, first: bool) -> None:
        if x.status not in (0, _PARTIAL) or not (octets := x.cursor.rest()):
            return
        named, told = self._told(x, LOGIC, text, "read")
        if first:
            self._loads.begin(key, x.m, x.i, *named, **told)
        artifact: Artifact = self._loads.add(key, x.m, x.i, octets, *named, **told)
        if not first or x.status == _PARTIAL:
            self._loads.gap(key)
        if x.status == 0:
            self._loads.end(key, x.m, x.i, whole=artifact.whole)
