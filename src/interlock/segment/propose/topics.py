"""What a topic that people are asked about takes of each protocol: its least verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.segment.propose.needs import UPKEEP

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["BACKUP", "COMMAND", "FIRMWARE", "LOOK", "PROGRAM", "SET", "Speech", "Topic", "exactly"]


@dataclass(frozen=True, slots=True)
class Speech:
    """Of protocols. expressed: the verbs that its functions have; of one that is not there any.

    seen: those that were seen at all. sessions: those of them that open sessions.
    """

    expressed: Mapping[str, frozenset[str]]
    seen: Collection[str] = ()
    sessions: Collection[str] = ()

    def upkeep(self, protocol: str) -> frozenset[str]:
        """What sessions of a protocol take; of one that was seen to have none, nothing."""
        if protocol in self.seen and protocol not in self.sessions:
            return frozenset()
        return frozenset(UPKEEP) & self.expressed.get(protocol, frozenset(UPKEEP))


@dataclass(frozen=True, slots=True)
class Topic:
    """ways: the first one counts of which a machine speaks any; keys of a protocol, and its verbs for it.

    beside: what it takes, too, where a protocol has it. sessions: whether sessions may be opened for it.
    """

    ways: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    beside: tuple[str, ...] = ()
    sessions: bool = True

    @property
    def verbs(self) -> tuple[str, ...]:
        """All that it may come to."""
        return tuple(sorted({*self.beside, *(verb for _, verbs in self.ways for verb in verbs)}))

    def least(self, protocols: Collection[str], speech: Speech) -> dict[str, tuple[str, ...]]:
        """Protocols that a machine speaks → verbs. Left out: those that are good for nothing of it."""
        ways = {p: way for p in protocols if (way := self._way(speech.expressed.get(p))) is not None}
        best = min(ways.values(), default=0)
        found = {}
        for protocol in protocols:
            has = speech.expressed.get(protocol)
            leading = self.ways[best][1] if ways.get(protocol) == best else ()
            taken = {verb for verb in (*leading, *self.beside) if has is None or verb in has}
            # What can be operated can be selected before, by the same function with one bit more (IEC 104).
            taken |= {"select"} if "select" in leading else set()
            if taken:
                found[protocol] = tuple(sorted(taken | (speech.upkeep(protocol) if self.sessions else set())))
        return found

    def _way(self, has: frozenset[str] | None) -> int | None:
        """Number of the first way that a protocol with these verbs can go. None: what it has is not known."""
        return next((n for n, (keys, _) in enumerate(self.ways) if has is None or has & set(keys)), None)


def exactly(verbs: tuple[str, ...], *, sessions: bool = True) -> Topic:
    """Make a topic of these verbs and no others."""
    return Topic(((verbs, verbs),), sessions=sessions)


_SELECTED: Final = ("operate", "select")
_KEPT: Final = ("program-read", "file-read")
_LOADED: Final = ("program-write", "file-write")
_ASKED: Final = ("identify", "read")
_GIVEN: Final = ("configure", "write")

SET: Final = Topic(((("select",), _SELECTED), (("write",), ("write",)), (("operate",), _SELECTED)))
"""Values: by select and operate where a protocol has these (DNP3), else by writing, else by operating (IEC 104)."""
LOOK: Final = exactly(("discover", "identify"))
BACKUP: Final = Topic(((_KEPT, _KEPT), (_ASKED, _ASKED)), beside=("authenticate", "discover", "identify"))
PROGRAM: Final = Topic(
    ((_LOADED, _LOADED), (_GIVEN, _GIVEN)), beside=("authenticate", "identify", "program-read")
)
COMMAND: Final = exactly(("mode-set", "reset", "start", "stop", "time-set"))
FIRMWARE: Final = Topic(
    ((("firmware-write",), ("firmware-write", "reset")),), beside=("authenticate", "identify")
)
