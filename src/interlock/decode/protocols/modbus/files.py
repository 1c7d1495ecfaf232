"""Files written record by record: what a Modbus client puts into a device's extended memory, put together again.

    21 | octets 1 | (6 | file 2 | record 2 | length 2 | registers)*

A record is a register: a part that begins at one goes on with the part that ended there. None is marked as the last: a
file is whole where whoever wrote it ended the connection after it; one that is begun anew, or whose connection just
stops, is not.
Source: MODBUS Application Protocol V1.1b3, clause 6.15 (Write File Record).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.artifacts import Transfers

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact

__all__ = ["FileRecords"]


class FileRecords:
    """The files under way, by conversation, unit and number. wanted: whether anybody asks for them."""

    def __init__(self, decoder: Any) -> None:
        self._artifacts = decoder.facts.artifacts
        self._loads = Transfers(self._artifacts)

    @property
    def wanted(self) -> bool:
        """Whether anybody asks for what is put together."""
        return bool(self._artifacts.wanted)

    def part(self, m: Any, i: int, unit: int, file: int, record: int, octets: bytes, operation: int) -> None:
        """Registers from a record on, as they are written."""
        key = (m.flow[i], unit, file)
        artifact = self._loads.find(key)
        if artifact is not None and record + len(octets) // 2 == artifact.last and record == artifact.number:
            return  # the same part once more
        if artifact is None or record == 0:
            artifact = self._begin(key, m, i, operation)
        if record != artifact.last:
            self._artifacts.gap(artifact)
        artifact.number, artifact.last = record, record + len(octets) // 2
        self._artifacts.add(artifact, m, i, octets)
        self._artifacts.when_closed(artifact, m, i)

    def _begin(self, key: tuple[int, int, int], m: Any, i: int, operation: int) -> Artifact:
        named = ("modbus", "file", f"file:{key[2]}", "written")
        artifact = self._loads.begin(key, m, i, *named, unit=str(key[1]), operation=operation)
        artifact.last, artifact.sender = 0, m.side[i]
        return artifact
