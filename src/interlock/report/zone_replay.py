"""What `interlock zone replay` says: as a JSON document and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.report.zone_proposal import coverage_document, coverage_lines
from interlock.report.zones import unseen_document, unseen_lines, violation_document
from interlock.segment.check.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.site import Site
    from interlock.segment.replay.loops import Loop, Master
    from interlock.segment.replay.verdict import Replay

__all__ = ["replay_document", "replay_lines"]

_SHOWN: Final = 20


def replay_document(replay: Replay, site: Site) -> dict[str, Any]:
    """Return the document `interlock/zone-replay/1`; its schema ships as `zone-replay.schema.json`."""
    outcome = replay.outcome
    return {
        "schema": "interlock/zone-replay/1",
        "state": replay.state,
        "verdict": replay.verdict,
        "operations": outcome.operations,
        "flows": outcome.flows,
        "cut_operations": outcome.cut_operations,
        "cut_flows": outcome.cut_flows,
        "cut_share": round(outcome.cut_share, 9),
        "cut": [violation_document(violation, site) for violation in outcome.violations],
        "not_seen": unseen_document(outcome, site),
        "loops_seen": replay.loops_seen,
        "loops": [_loop(loop) for loop in replay.loops],
        "machines_without_master": [
            {
                "realm": m.realm, "server": m.server, "master": m.master, "protocols": list(m.protocols),
                "period_s": m.period_s, "watchdog_s": m.watchdog_s,
                "session_ends_s": m.session_ends_s,
            }
            for m in replay.masters
        ],
        "alerts": replay.alerts,
        "stopped": [{"id": f.id, "title": f.title, "techniques": list(f.techniques)} for f in replay.stopped],
        "warnings": list(replay.warnings),
        "coverage": coverage_document(replay.coverage),
    }  # fmt: skip


def _loop(loop: Loop) -> dict[str, Any]:
    def parts(some: tuple[tuple[str, str, str | None], ...]) -> list[dict[str, Any]]:
        return [{"server": server, "protocol": protocol, "object": name} for server, protocol, name in some]

    return {
        "realm": loop.realm, "client": loop.client, "period_s": loop.period_s, "reads": parts(loop.reads),
        "writes": parts(loop.writes), "cut": parts(loop.cut),
    }  # fmt: skip


def _trips(lost: Master) -> str:
    if lost.watchdog_s is not None:
        return f"its watchdog trips after {lost.watchdog_s:.3g} s"
    if lost.session_ends_s is not None:
        return (
            f"it ends their session after {lost.session_ends_s:.3g} s; when it stops by itself is not known"
        )
    return "when its watchdog trips is not known"


def replay_lines(replay: Replay, site: Site) -> Iterator[str]:
    """The same as lines of text; the verdict last."""
    violations = replay.outcome.violations
    for violation in violations[:_SHOWN]:
        yield f"cut: {sentence(violation, site)}"
    if len(violations) > _SHOWN:
        yield f"and {len(violations) - _SHOWN} more kinds of traffic; --json lists all of them"
    yield from unseen_lines(replay.outcome, site)
    for loop in replay.loops[:_SHOWN]:
        often = "cyclic" if loop.period_s is None else f"every {loop.period_s:.3g} s"
        lost = ", ".join(f"{server} {name or protocol}" for server, protocol, name in loop.cut[:3])
        yield f"control loop cut: {loop.client}, {often}, loses {lost}"
    for master in replay.masters[:_SHOWN]:
        yield (
            f"without its master: {master.server} is no more asked by {master.master} ({', '.join(master.protocols)});"
            f" {_trips(master)}"
        )
    for alert in replay.stopped[:_SHOWN]:
        yield f"would have been stopped, in part at least: {alert.title}"
    if replay.alerts is None:
        yield "attacks were not looked for: name a folder that `interlock analyze` wrote, or a store, to see them"
    else:
        yield f"alerts: {replay.alerts}, of which it would have stopped something: {len(replay.stopped)}"
    for text in replay.warnings:
        yield f"mind: {text}"
    yield from coverage_lines(replay.coverage)
    yield replay.verdict
