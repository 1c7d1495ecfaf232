"""What rules on trial would have said: JSON, and lines for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.signatures.packs.trial import Tried

__all__ = ["named", "trial_document", "trial_lines"]

_SHOWN: Final = 5


def trial_document(
    number: int | None, rules: int, tried: Sequence[Tried], notes: Sequence[str]
) -> dict[str, Any]:
    """`interlock/signature-try/1`. rules: on trial; tried: those that would have spoken."""
    return {
        "schema": "interlock/signature-try/1",
        "version": number,
        "rules": rules,
        "would_speak": [_rule(one) for one in sorted(tried, key=lambda one: (-one.count, one.name))],
        "notes": list(notes),
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
        often = "once" if one["count"] == 1 else f"{one['count']} times"
        between = f"{one['most'][0]['client']} and {one['most'][0]['server']}"
        more = one["pairs"] - 1
        others = "" if not more else " and 1 pair more" if more == 1 else f" and {more} pairs more"
        yield (
            f"{one['gid']}:{one['sid']}:{one['rev']} {one['message']}: {often} between {between}{others}, "
            f"{one['first']} to {one['last']}"
        )
    yield from document["notes"]
    spoke, rules = len(document["would_speak"]), document["rules"]
    yield f"{rules} rules are new or changed; {spoke} of them would have spoken"
