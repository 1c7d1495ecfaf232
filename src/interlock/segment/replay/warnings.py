"""What a replay cannot see, or what rules do to traffic in ways that a policy does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.segment.check.verdicts import Judged, Outcome
    from interlock.segment.model.policy import Policy

__all__ = ["warnings_of"]

_REAL_TIME: Final = frozenset({"profinet-rt", "profinet-dcp", "ethercat", "goose", "sampled-values"})
"""Protocols that have no IP: between zones only a bridge passes them, never a router."""
_SHOWN: Final = 5


def warnings_of(policy: Policy, every: Iterable[Judged], outcome: Outcome) -> tuple[str, ...]:
    """Sentences, each about something that was seen; none where there was nothing of the kind."""
    judged = list(every)
    return tuple(
        text
        for text in (
            *_older(judged), *_one_way(judged), *_bridged(judged), *_hearers(judged), *_by_port(policy, outcome),
            *_doubtful(outcome), *_unjudged(outcome),
        )
    )  # fmt: skip


def _older(judged: list[Judged]) -> Iterator[str]:
    older = [
        e for e in judged if e.kind.state == "midstream" and e.answer.allowed and e.answer.how != "inside"
    ]
    if older:
        count = sum(e.kind.seen.count for e in older)
        yield (
            f"{count} conversations across zones ({_ends(older)}) were older than the capture: a firewall that keeps"
            " state does not know such ones when its rules are loaded, and cuts them until their clients open them"
            " anew; load rules in a planned stop, or have established connections accepted for a time"
        )


def _one_way(judged: list[Judged]) -> Iterator[str]:
    silent = [
        e
        for e in judged
        if e.kind.what == "flow"
        and e.kind.state == "midstream"
        and not e.kind.seen.answered
        and e.answer.how != "link"
    ]
    if silent:
        yield (
            f"of {_ends(silent)} one direction only was seen: if the other one takes another path, a firewall on either"
            " path sees half a connection and cuts it"
        )


def _bridged(judged: list[Judged]) -> Iterator[str]:
    real_time = [e for e in judged if e.kind.ask.protocol in _REAL_TIME and e.answer.how == "conduit"]
    if real_time:
        words = ", ".join(sorted({e.kind.ask.protocol or "" for e in real_time}))
        yield (
            f"{words} passes conduits ({_ends(real_time)}): it has no IP, so that only a transparent (bridging)"
            " firewall passes it; a router between the zones stops it, whatever its rules say"
        )


def _hearers(judged: list[Judged]) -> Iterator[str]:
    groups = sorted(
        {
            f"{e.kind.ask.protocol} to {e.kind.ask.server}"
            for e in judged
            if is_group(e.kind.ask.server) and e.kind.ask.verb == "report" and e.answer.how == "inside"
        }
    )
    if groups:
        shown = ", ".join(groups[:_SHOWN]) + (
            f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
        )
        yield f"who hears {shown} is not seen on the wire: machines of other zones that do would lose it"


def _by_port(policy: Policy, outcome: Outcome) -> Iterator[str]:
    used = [c.name for c in policy.site.conduits if c.ports and outcome.conduits[c.name].operations]
    if used:
        yield f"conduits that allow by port what could be allowed by verb: {', '.join(used[:_SHOWN])}"


def _doubtful(outcome: Outcome) -> Iterator[str]:
    claimed = [
        f"{address} ({why})" for _, address, why in outcome.nowhere if why.startswith(("zones ", "its IP"))
    ]
    if claimed:
        yield f"not in one zone, and so in none: {', '.join(claimed[:_SHOWN])}"


def _unjudged(outcome: Outcome) -> Iterator[str]:
    if outcome.left_out:
        yield f"{outcome.left_out:,} rows were of more kinds than there is room for, and were not replayed"


def _ends(some: list[Judged]) -> str:
    pairs = list(dict.fromkeys(f"{e.kind.ask.client} to {e.kind.ask.server}" for e in some))
    return ", ".join(pairs[:3]) + (f" and {len(pairs) - 3} more" if len(pairs) > 3 else "")
