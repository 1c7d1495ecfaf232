"""Files and program blocks put together from the wire: begun by a decoder, filled in order, hashed as they come.

A decoder says `begin`, `add` for each piece in the order of the transfer, and `end`; what it knows to be missing it
says with `gap`. Of what is incomplete no hash is given. Octets are kept only as long as a transfer goes on (16 MiB of
each, 64 MiB of all); what is longer is hashed piece by piece.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.contents import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MAX_ALL_OCTETS", "MAX_OCTETS", "MAX_OPEN", "MAX_ROWS", "Artifact", "Artifacts", "Transfers"]

MAX_OCTETS: Final = 16 << 20
"""Octets of one transfer that are kept till its end."""
MAX_ALL_OCTETS: Final = 64 << 20
"""Octets of all transfers under way; past that those of the one that is added to are hashed only."""
MAX_OPEN: Final = 256
"""Transfers under way; past that the oldest ends, incomplete."""
MAX_ROWS: Final = 4096
"""Transfers that may end in one batch; what is more is counted and not told."""
MAX_NAME: Final = 512
SETTLED_NS: Final = 2_000_000_000
"""A connection that was closed for so long has no late segment any more."""
_OVER: Final = frozenset({3, 4})
"""Flows.tcp of a connection that both ends have closed, or one has reset."""
WHOLE, INCOMPLETE, REFUSED = "whole", "incomplete", "refused"


class Artifact:
    """One transfer under way. slot, side: its flow, and who asks in it (-1: the flow's client).

    parts: octets so far, or None where there are too many. size: octets seen; stated: announced ones, or -1. whole:
    nothing is known to be missing. gaps: the flow's at first; holed: it has more since. last, number: the decoder's
    own, whether the last part has come, and the number of the one that came last.
    """

    __slots__ = (
        *("at", "begun", "closing", "detail", "direction", "done"),
        *("first_frame", "gaps", "holed", "kind", "last", "name"),
        *("number", "operation", "parts", "protocol", "sender", "side"),
        *("size", "slot", "source", "stated", "sum", "unit"),
        *("user", "whole"),
    )

    def __init__(self, protocol: str, kind: str, name: str, direction: str) -> None:
        self.protocol, self.kind, self.name, self.direction = protocol, kind, name[:MAX_NAME], direction
        self.unit: str | None = None
        self.user: str | None = None
        self.operation = 0
        self.stated = -1
        self.side = -1
        self.slot = self.source = self.begun = self.first_frame = 0
        self.at = (0, 0)
        self.parts: bytearray | None = bytearray()
        self.sum = hashlib.sha256()
        self.size = 0
        self.whole = True
        self.done = False
        self.last: Any = False
        self.number = -1
        self.sender = 0
        self.closing = ""
        self.gaps = 0
        self.holed = False
        self.detail: dict[str, str] = {}


class Transfers:
    """Transfers of one decoder by their keys (slot, handle …), at most MAX_OPEN; the oldest ends, incomplete."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._known: dict[Any, Artifact] = {}

    def begin(self, key: Any, m: Any, i: int, *named: str, **told: Any) -> Artifact:
        """Begin one (see Artifacts.begin); what went by that key before ends."""
        self._artifacts.end(self._known.pop(key, None), whole=False)
        artifact = self._known[key] = self._artifacts.begin(m, i, *named, **told)
        if len(self._known) > MAX_OPEN:
            self._artifacts.end(self._known.pop(next(iter(self._known))), whole=False)
        return artifact

    def find(self, key: Any) -> Artifact | None:
        """The one under way that goes by this key."""
        found = self._known.get(key)
        return None if found is None or found.done else found

    def add(self, key: Any, m: Any, i: int, octets: bytes, *named: str, **told: Any) -> Artifact:
        """Its next octets; where its beginning was not seen it is begun, and stays incomplete."""
        artifact = self.find(key)
        if artifact is None:
            artifact = self.begin(key, m, i, *named, **told)
            self._artifacts.gap(artifact)
        self._artifacts.add(artifact, m, i, octets)
        return artifact

    def more(self, artifact: Artifact, m: Any, i: int, octets: bytes) -> None:
        """The next octets of one that was found."""
        self._artifacts.add(artifact, m, i, octets)

    def gap(self, key: Any) -> None:
        """Something of it is missing."""
        self._artifacts.gap(self.find(key))

    def end(self, key: Any, m: Any, i: int, *, whole: bool = True) -> None:
        """It is over."""
        self._artifacts.end(self._known.pop(key, None), m, i, whole=whole)


class Artifacts:
    """All transfers of an engine. wanted: whether anybody asks for their rows; contents: and for their octets.

    shown: takes what of each transfer was kept when it ends, and whether that is all of it; None: nobody looks.
    """

    def __init__(self) -> None:
        self.wanted = True
        self.contents = False
        self.shown: Callable[[Artifact, bytes, bool], None] | None = None
        self.left_out = 0
        self._open: dict[int, Artifact] = {}
        self._closing: dict[int, Artifact] = {}
        self._held = 0
        self._rows: list[tuple[Any, ...]] = []
        self._octets: dict[str, bytes] = {}

    def begin(
        self, m: Any, i: int, protocol: str, kind: str, name: str, direction: str, **told: Any
    ) -> Artifact:
        """Begin a transfer with message i. direction: `written` to the server, `read` from it.

        told: unit, user, operation, side (who asks), stated (octets that are announced).
        """
        artifact = Artifact(protocol, kind, name, direction)
        artifact.slot, artifact.source = m.flow[i], m.source[i]
        artifact.begun, artifact.first_frame = m.time[i], m.frame[i]
        artifact.at, artifact.gaps = (m.time[i], m.frame[i]), m.gaps[i]
        for key, value in told.items():
            setattr(artifact, key, value)
        if self.wanted:
            self._open[id(artifact)] = artifact
            if len(self._open) > MAX_OPEN:
                self.end(next(iter(self._open.values())), whole=False)
        return artifact

    def add(self, artifact: Artifact, m: Any, i: int, octets: bytes) -> None:
        """The next octets of a transfer, which message i carries; nothing where it has ended."""
        if artifact.done or not self.wanted:
            return
        artifact.at = (m.time[i], m.frame[i])
        self._look_for_holes(artifact, m, i)
        self.take(artifact, octets)

    def take(self, artifact: Artifact, octets: bytes) -> None:
        """The next octets, wherever they come from."""
        artifact.sum.update(octets)
        artifact.size += len(octets)
        if artifact.parts is None:
            return
        if artifact.size > MAX_OCTETS or self._held + len(octets) > MAX_ALL_OCTETS:
            self._held -= len(artifact.parts)
            artifact.parts = None
        else:
            artifact.parts += octets
            self._held += len(octets)

    @staticmethod
    def _look_for_holes(artifact: Artifact, m: Any, i: int) -> None:
        """Segments of its flow are missing: parts may be, unless as much has come as was announced."""
        if m.flow[i] == artifact.slot and m.gaps[i] != artifact.gaps:
            artifact.holed = True

    def gap(self, artifact: Artifact | None) -> None:
        """Say that something of it was not seen: it will have no hash."""
        if artifact is not None:
            artifact.whole = False

    def end(
        self,
        artifact: Artifact | None,
        m: Any = None,
        i: int = 0,
        *,
        whole: bool = True,
        refused: bool = False,
    ) -> None:
        """The transfer is over, with message i where there is one; once, whatever else is said of it then."""
        if artifact is None or artifact.done:
            return
        artifact.done = True
        if m is not None:
            artifact.at = (m.time[i], m.frame[i])
            self._look_for_holes(artifact, m, i)
        self._open.pop(id(artifact), None)
        self._closing.pop(id(artifact), None)
        if artifact.parts is not None:
            self._held -= len(artifact.parts)
        if not self.wanted or (not artifact.size and not whole):
            return
        if len(self._rows) >= MAX_ROWS:
            self.left_out += 1
            return
        complete = whole and artifact.whole and (not artifact.holed or artifact.stated == artifact.size)
        self._rows.append(self._row(artifact, complete=complete, refused=refused))

    def _row(self, a: Artifact, *, complete: bool, refused: bool) -> tuple[Any, ...]:
        sha256 = a.sum.hexdigest() if complete else None
        octets = None if a.parts is None else bytes(a.parts)
        code, detail = describe(a.kind, octets) if complete and octets is not None else (None, {})
        if octets is not None and self.shown is not None:
            self.shown(a, octets, complete)
        if sha256 and octets is not None and self.contents:
            self._octets[sha256] = octets
        a.parts = None
        state = REFUSED if refused else WHOLE if complete else INCOMPLETE
        told = "; ".join(f"{key}: {value}" for key, value in sorted({**a.detail, **detail}.items()))
        return (
            *(a.source, a.at[0], a.at[1], a.slot, a.side, a.begun, a.first_frame, a.operation or None),
            *(
                a.protocol,
                a.unit,
                a.user,
                a.direction,
                a.kind,
                a.name,
                a.size,
                sha256,
                code,
                state,
                told or None,
            ),
        )

    def take_out(self, artifact: Artifact) -> bytes | None:
        """Its octets, and no row: it only carried others. None where there were too many, or some are missing."""
        octets = (
            None if artifact.parts is None or not artifact.whole or artifact.holed else bytes(artifact.parts)
        )
        artifact.done = True
        self._open.pop(id(artifact), None)
        if artifact.parts is not None:
            self._held -= len(artifact.parts)
            artifact.parts = None
        return octets

    def when_closed(self, artifact: Artifact, m: Any, i: int, *, refused: bool = False) -> None:
        """The transfer is over, as message i says, once its connection is: what is late still belongs to it.

        side of who sends it: `artifact.sender`.
        """
        artifact.at = max(artifact.at, (m.time[i], m.frame[i]))
        artifact.closing = "refused" if refused else "ok"
        self._closing[id(artifact)] = artifact

    def look(self, flows: Any, now: int | None) -> None:
        """End what waits for its connection to be closed. now: the dissector's clock, ns; None: the run ends."""
        for artifact in list(self._closing.values()):
            slot = artifact.slot
            if now is None or (flows.tcp[slot] in _OVER and now - flows.clock[slot] > SETTLED_NS):
                self._close(artifact, flows)

    def _close(self, artifact: Artifact, flows: Any) -> None:
        """Whole where its sender ended the connection, or as much has come as was announced."""
        ended = bool(flows.fin[artifact.slot, artifact.sender]) and not flows.gaps[artifact.slot]
        whole = artifact.closing == "ok" and (ended or artifact.stated == artifact.size)
        self.end(artifact, whole=whole, refused=artifact.closing == "refused")

    def forget(self, slots: Iterable[int], flows: Any) -> None:
        """Conversations are over: what waited for it ends, what they did not finish is incomplete."""
        if self._open:
            over = set(slots)
            for artifact in [a for a in self._closing.values() if a.slot in over]:
                self._close(artifact, flows)
            for artifact in [a for a in self._open.values() if a.slot in over]:
                self.end(artifact, whole=artifact.closing == "ok")

    def end_batch(self, *, final: bool = False) -> tuple[list[tuple[Any, ...]], dict[str, bytes]]:
        """Rows of what has ended, in the order of their frames, and octets by their hash; begins anew."""
        if final:
            for artifact in list(self._open.values()):
                self.end(artifact, whole=artifact.closing == "ok")
        rows, octets = sorted(self._rows, key=_order), self._octets
        self._rows, self._octets = [], {}
        return rows, octets


def _order(row: tuple[Any, ...]) -> tuple[int, int, str]:
    return row[1], row[2], row[13]
