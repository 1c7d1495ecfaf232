"""Control loops and masters as traffic shows them: what is asked like a clock, and who depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.segment.check.sightings import Sighting
    from interlock.segment.check.verdicts import Judged

__all__ = ["CYCLIC", "Loop", "Master", "loops_of", "masters_of"]

_OFTEN: Final = 10
"""Times: fewer show no clock."""
_STEADY: Final = 0.5
"""Standard deviation of the period, as a share of it: more is no clock (a timer that a busy machine serves has 0.1)."""
_LONGEST_S: Final = 60.0
_ALIKE: Final = 3.0
"""Times: a read that comes so much slower than the write is not what the write follows from."""
_MOVES: Final = frozenset({"write", "operate", "force", "select"})
_LOOKS: Final = frozenset({"read", "report", "subscribe"})
CYCLIC: Final = frozenset({"profinet-rt", "ethercat", "enip-io"})
"""Protocols whose conversations are loops by themselves: inputs one way, outputs the other, many times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Somebody reads and writes like a clock. reads, writes: (server, protocol, object or None), cut ones first.

    period_s: of the write. cut: parts of it that the policy denies, as `reads` and `writes` name them.
    """

    realm: str
    client: str
    period_s: float | None
    reads: tuple[tuple[str, str, str | None], ...]
    writes: tuple[tuple[str, str, str | None], ...]
    cut: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """Who asks a machine like a clock. kept: what of it stays allowed, cut: what is denied (kinds of requests).

    watchdog_s: silence after which the machine stops by itself, session_ends_s: after which it only closes the session
    that it was asked in; None where nothing said so. Cyclic data and requests of one master are two rows.
    """

    realm: str
    master: str
    server: str
    protocols: tuple[str, ...]
    period_s: float | None
    kept: int
    cut: int
    watchdog_s: float | None = None
    session_ends_s: float | None = None

    @property
    def lost(self) -> bool:
        """Whether nothing of it stays."""
        return self.cut > 0 and self.kept == 0


def _clockwork(seen: Sighting) -> bool:
    period, scatter = seen.period_s, seen.scatter
    steady = scatter is not None and scatter <= _STEADY
    if (
        seen.refused and not seen.answered
    ):  # what is refused each time moves nothing, and nothing follows from it
        return False
    return seen.count >= _OFTEN and steady and period is not None and 0 < period <= _LONGEST_S


def _part(each: Judged) -> tuple[str, str, str | None]:
    ask = each.kind.ask
    return ask.server, ask.protocol or "", ask.object


def loops_of(every: Iterable[Judged]) -> tuple[Loop, ...]:
    """All of them: each periodic write with the reads of the same client that are at least as quick."""
    reads: dict[tuple[str, str, str], list[Judged]] = {}
    writes: dict[tuple[str, str, str, str, str], list[Judged]] = {}
    cyclic: list[Judged] = []
    for each in every:
        ask = each.kind.ask
        if is_group(ask.client) or is_group(ask.server) or each.answer.how == "link":
            continue
        if ask.verb is None:
            cyclic += [each] if ask.protocol in CYCLIC else []
        elif _clockwork(each.kind.seen) and ask.verb in _LOOKS:
            reads.setdefault((each.kind.source, ask.realm, ask.client), []).append(each)
        elif _clockwork(each.kind.seen) and ask.verb in _MOVES:
            writes.setdefault(
                (each.kind.source, ask.realm, ask.client, ask.server, ask.protocol or ""), []
            ).append(each)
    found = [
        _loop(parts, reads.get(place[:3], [])) for place, parts in writes.items() if reads.get(place[:3])
    ]
    return (*found, *(_cyclic(each) for each in cyclic))


def _loop(parts: list[Judged], reads: list[Judged]) -> Loop:
    period = min(part.kind.seen.period_s or 0.0 for part in parts)
    follows = [r for r in reads if (r.kind.seen.period_s or 0.0) <= _ALIKE * period] or reads
    cut = [each for each in (*parts, *follows) if not each.answer.allowed]
    ask = parts[0].kind.ask
    return Loop(
        realm=ask.realm,
        client=ask.client,
        period_s=period,
        reads=_parts(follows),
        writes=_parts(parts),
        cut=_parts(cut),
    )


def _parts(some: Iterable[Judged]) -> tuple[tuple[str, str, str | None], ...]:
    ordered = sorted(some, key=lambda each: (each.answer.allowed, str(_part(each))))
    return tuple(dict.fromkeys(map(_part, ordered)))


def _cyclic(each: Judged) -> Loop:
    part = _part(each)
    ask = each.kind.ask
    cut = () if each.answer.allowed else (part,)
    return Loop(realm=ask.realm, client=ask.client, period_s=None, reads=(part,), writes=(part,), cut=cut)


def masters_of(every: Iterable[Judged]) -> tuple[Master, ...]:
    """Who asks whom like a clock, or cyclically, and what of it would be cut."""
    found: dict[tuple[str, str, str, bool], list[Judged]] = {}
    for each in every:
        ask = each.kind.ask
        cyclic = ask.verb is None and ask.protocol in CYCLIC
        asked = ask.verb in _LOOKS | _MOVES and _clockwork(each.kind.seen)
        if (cyclic or asked) and not is_group(ask.client) and not is_group(ask.server):
            found.setdefault((ask.realm, ask.client, ask.server, cyclic), []).append(each)
    return tuple(
        Master(
            realm=realm,
            master=master,
            server=server,
            protocols=tuple(sorted({e.kind.ask.protocol or "" for e in parts})),
            period_s=min(
                (e.kind.seen.period_s for e in parts if e.kind.ask.verb and e.kind.seen.period_s),
                default=None,
            ),
            kept=sum(e.answer.allowed for e in parts),
            cut=sum(not e.answer.allowed for e in parts),
        )
        for (realm, master, server, _), parts in sorted(found.items())
    )
