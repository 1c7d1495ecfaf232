"""A login is one row with its outcome, however its answer comes, and whoever never gets one waits within bounds."""

from __future__ import annotations

import pytest

from interlock.decode.facts import LOGIN_AGE_NS, MAX_ODDITIES_PER_FLOW, MAX_OPEN_LOGINS, OUTCOME, Facts
from interlock.decode.flows import Flows
from interlock.decode.words import Words


class _Message:
    """What `credential` reads of a message."""

    def __init__(self, flow: int = 0, time: int = 0) -> None:
        self.source, self.frame, self.side = [0], [1], [0]
        self.flow, self.time = [flow], [time]


def _held(facts: Facts, flow: int = 0, time: int = 0) -> list:
    return facts.hold(facts.credential(_Message(flow, time), 0, "http", "basic", "u", b"secret"))


def _told(facts: Facts, now: int | None = 0, ended: tuple[int, ...] = ()) -> list[str]:
    return [row[OUTCOME] for row in facts.end_batch(now, ended)[2]]


def test_a_row_waits_for_its_answer() -> None:
    facts = Facts()
    row = _held(facts)
    assert _told(facts) == []
    assert _told(facts) == []
    facts.answered(row, "refused")
    assert _told(facts) == ["refused"]
    assert _told(facts) == []


@pytest.mark.parametrize(("now", "ended"), [(None, ()), (0, (3,)), (LOGIN_AGE_NS + 1, ())])
def test_the_end_of_the_run_of_the_flow_and_of_patience_end_the_wait(
    now: int | None, ended: tuple[int, ...]
) -> None:
    facts = Facts()
    row = _held(facts, flow=3)
    assert _told(facts) == []
    assert _told(facts, now, ended) == ["unknown"]
    facts.answered(row, "ok")
    assert _told(facts, None) == [], "it has left: no second row"


def test_rows_that_need_no_answer_do_not_wait() -> None:
    facts = Facts()
    facts.credential(_Message(), 0, "snmp", "community", None, b"public", outcome="ok")
    _held(facts)
    assert _told(facts) == ["ok"]


def test_those_who_wait_are_bounded_and_the_oldest_leave_first() -> None:
    facts = Facts()
    rows = [_held(facts, time=n) for n in range(MAX_OPEN_LOGINS + 5)]
    facts.answered(rows[-1], "ok")
    told = facts.end_batch(0)[2]
    assert [r[1] for r in told if r[OUTCOME] == "unknown"] == [0, 1, 2, 3, 4]
    assert len(facts.credentials) == MAX_OPEN_LOGINS - 1


def test_who_breaks_framing_is_asked_for_only_while_it_makes_rows() -> None:
    facts = Facts()
    flow = 3
    for _ in range(MAX_ODDITIES_PER_FLOW + 1):
        assert facts.listens(flow)
        facts.oddity_at(0, 0, 1, flow, "modbus", "not-framed", 0, b"", 1)
    assert not facts.listens(flow)
    assert facts.listens(flow + 1)
    facts.forget_flow(flow)
    assert facts.listens(flow)
    facts.wanted = frozenset({"operations"})
    assert not facts.listens(flow)


def test_who_asks_is_told_as_it_was_known_at_the_frame_however_much_is_decoded_at_once() -> None:
    """Framing comes before the messages of a batch; the one of frame 5 shows who asks."""
    facts = Facts()
    facts.flows = flows = Flows(Words())
    for frame in (4, 5, 6):
        facts.oddity_at(0, 0, frame, 0, "opcua", "not-framed", 0, b"", 1)
    flows.frame = 5
    flows.orient(0, 1)
    assert [(row[2], row[4]) for row in facts.end_batch()[1]] == [(4, 0), (5, 0), (6, 1)]
    facts.oddity_at(0, 0, 7, 0, "opcua", "not-framed", 0, b"", 1)
    assert [row[4] for row in facts.end_batch()[1]] == [1]
