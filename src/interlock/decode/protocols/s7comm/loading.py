"""Blocks on the move, put together: downloads (the controller asks for the parts) and uploads.

    download: 0x1A name, lengths → 0x1B name … 0x1B (controller → station; the answers carry the parts) → 0x1C
    upload:   0x1D name → 0x1E id … 0x1E (the answers carry the parts) → 0x1F
    answer to 0x1B, 0x1E: function 1, status 1 (bit 0: more follows) | data octets 2, 0x00FB 2, octets

Source: the published analyses of S7 communication (no public specification exists).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.s7comm.connection import keep

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact
    from interlock.decode.protocols.s7comm.connection import Connection

__all__ = ["KIND", "Loads"]

KIND: Final = "s7-block"
MORE, FAILED = 0x01, 0x02
_DOWNLOAD, _UPLOAD = "download", "upload"


class Loads:
    """What one S7 decoder puts together; the transfers of a connection stand in `Connection.loads`."""

    def __init__(self, s7: Any) -> None:
        self._s7 = s7
        self._artifacts = s7.facts.artifacts

    def download(self, m: Any, i: int, link: Connection, name: str, *, stated: int, operation: int) -> None:
        """0x1A: a block is about to be loaded, so many octets of load memory (-1: not said)."""
        self._artifacts.end(link.loads.pop((_DOWNLOAD, name), None), whole=False)
        artifact = self._begin(m, i, link, name, "written", operation)
        artifact.stated = stated
        keep(link.loads, (_DOWNLOAD, name), artifact)

    def refused(self, link: Connection, name: str) -> None:
        """The controller does not take it."""
        self._artifacts.end(link.loads.pop((_DOWNLOAD, name), None), whole=False)

    def asked_for(self, m: Any, i: int, link: Connection, name: str, *, operation: int) -> None:
        """0x1B: the controller asks for a part; one whose beginning was not seen cannot become whole."""
        if (_DOWNLOAD, name) not in link.loads:
            artifact = self._begin(m, i, link, name, "written", operation)
            self._artifacts.gap(artifact)
            keep(link.loads, (_DOWNLOAD, name), artifact)

    def part(self, m: Any, i: int, link: Connection, *, key: tuple[str, Any], status: int) -> None:
        """An answer to 0x1B or 0x1E, its data under the cursor."""
        artifact: Artifact | None = link.loads.get(key)
        c = self._s7.cursor
        if artifact is None or c.left() < 4:
            self._artifacts.gap(artifact)
            return
        size = c.u16be()
        c.skip(2)
        if status & FAILED or size > c.left() or artifact.last:
            self._artifacts.gap(artifact)
        self._artifacts.add(artifact, m, i, c.take(min(size, c.left())))
        artifact.last = not status & MORE

    def upload(
        self, m: Any, i: int, link: Connection, number: int, name: str, *, stated: int, operation: int
    ) -> None:
        """The answer to 0x1D: the block goes by this number from here on."""
        self._artifacts.end(link.loads.pop((_UPLOAD, number), None), whole=False)
        artifact = self._begin(m, i, link, name, "read", operation)
        artifact.stated = stated
        keep(link.loads, (_UPLOAD, number), artifact)

    def over(self, m: Any, i: int, link: Connection, key: tuple[str, Any]) -> None:
        """0x1C or 0x1F: nothing more comes; whole where the last part said so."""
        artifact: Artifact | None = link.loads.pop(key, None)
        if artifact is not None:
            self._artifacts.end(artifact, m, i, whole=artifact.last)

    def lost(self, link: Connection) -> None:
        """An answer whose request was not seen: it may have been a part of any."""
        for artifact in link.loads.values():
            self._artifacts.gap(artifact)

    def _begin(self, m: Any, i: int, link: Connection, name: str, direction: str, operation: int) -> Artifact:
        unit = self._s7.names.texts[link.unit] if link.unit >= 0 else None
        artifact: Artifact = self._artifacts.begin(
            m, i, "s7comm", KIND, name.partition("/")[0], direction, unit=unit, operation=operation
        )
        return artifact
