"""What rules on trial would have said: JSON, and lines for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from interlock.records.counting import counted, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.signatures.packs.kept import Untried
    from interlock.detect.signatures.packs.trial import Tried

__all__ = ["StoreTrial", "named", "trial_document", "trial_lines"]

_SHOWN: Final = 5


def trial_document(
    number: int | None, rules: int, tried: Sequence[Tried], stores: Sequence[StoreTrial]
) -> dict[str, Any]:
    """`interlock/signature-try/1`. rules: on trial; tried: those that would have spoken. stores: what these kept."""
    return {
        "schema": "interlock/signature-try/1",
        "version": number,
        "rules": rules,
        "would_speak": [_rule(one) for one in sorted(tried, key=lambda one: (-one.count, one.name))],
        "stores": [_store(one) for one in stores],
        "notes": [note for one in stores for note in one.notes],
    }


class StoreTrial(Protocol):
    """What could be tried over a store; see bootstrap.signature_store."""

    @property
    def path(self) -> str:
        """Its folder."""

    @property
    def tried(self) -> int:
        """How many rules could be held against it."""

    @property
    def untried(self) -> Sequence[Untried]:
        """Why others could not."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about it."""


def _store(one: StoreTrial) -> dict[str, Any]:
    return {
        "path": one.path,
        "tried": one.tried,
        "not_tried": [
            {
                "reason": each.reason,
                "count": len(each.rules),
                "rules": [f"{said['gid']}:{said['sid']}" for said in map(named, each.rules)],
            }
            for each in one.untried
        ],
    }


def named(name: str) -> dict[str, Any]:
    """A rule's name, `gid:sid:rev message`, in parts."""
    gid, sid, rest = name.split(":", 2)
    rev, _, message = rest.partition(" ")
    return {"gid": int(gid), "sid": int(sid), "rev": int(rev), "message": message}


def _rule(one: Tried) -> dict[str, Any]:
    pairs = sorted(one.pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        **named(one.name),
        "count": one.count,
        "pairs": len(one.pairs),
        "pairs_left_out": one.more,
        "first": _time(one.first),
        "last": _time(one.last),
        "most": [
            dict(zip(("client", "server", "count"), (*pair.split(" ", 1), count), strict=True))
            for pair, count in pairs[:_SHOWN]
        ],
    }


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).isoformat()


def trial_lines(document: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    for one in document["would_speak"]:
        often = times(one["count"])
        between = f"{one['most'][0]['client']} and {one['most'][0]['server']}"
        more = one["pairs"] - 1
        others = "" if not more else f" and {counted(more, 'pair')} more"
        yield (
            f"{one['gid']}:{one['sid']}:{one['rev']} {one['message']}: {often} between {between}{others}, "
            f"{one['first']} to {one['last']}"
        )
    for store in document["stores"]:
        yield f"{store['path']}: {counted(store['tried'], 'rule')} could be held against what it keeps"
        for one in store["not_tried"]:
            untried = counted(one["count"], "rule")
            yield f"{store['path']}: {untried} could not: a store keeps nothing of {one['reason']}"
    yield from document["notes"]
    spoke, rules = len(document["would_speak"]), document["rules"]
    yield f"{counted(rules, 'rule is', 'rules are')} new or changed; {spoke} of them would have spoken"
