"""An incident is told once, and again only when it has got worse, whatever dies in between."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.export.some_findings import incident

from interlock.errors import DeliveryError
from interlock.export.delivery.incident_news import IncidentNews
from interlock.export.delivery.pump import Chances, Pump, Voice, incidents_name
from interlock.records.vocabulary import SEVERITIES

from .simulated_store import SimulatedStore

CHANCES = Chances(wall=lambda: 1_790_000_000_000_000_000, chance=lambda: 1.0)


class Outlet:
    def __init__(self, takes=lambda _: None) -> None:
        self.name = "siem"
        self.findings: list[int] = []
        self.told: list[tuple[str, str]] = []
        self.takes = takes

    def deliver(self, findings) -> None:
        self.findings += [one.commit for one in findings]

    def report(self, incidents) -> None:
        self.takes(incidents)
        self.told += [(one.incident.id[-1:], one.why) for one in incidents]

    def close(self) -> None:
        pass


@pytest.fixture
def store(tmp_path) -> SimulatedStore:
    return SimulatedStore(tmp_path)


def run(store, outlet, lines=None, **how) -> Pump:
    lines = [] if lines is None else lines
    pump = Pump(Voice(outlet, **{"tells": "both", **how}), store, CHANCES, lambda *line: lines.append(line))
    while pump.step() == 0:
        pass
    return pump


def test_it_is_told_once_and_again_when_it_gets_worse(store) -> None:
    outlet = Outlet()
    store.stories = [incident(1, severity="medium", rank=5, consequence="discovery")]
    run(store, outlet)
    store.stories = [incident(1, severity="medium", rank=5, consequence="discovery", count=900)]
    run(store, outlet)
    assert outlet.told == [("1", "new")]
    store.stories = [incident(1, severity="critical", rank=1, consequence="safety system")]
    assert run(store, outlet).figures().incidents_told == 1
    run(store, outlet)
    store.stories = [incident(1, severity="low", rank=5)]
    run(store, outlet)
    assert outlet.told[1:] == [("1", "worse: now safety system, critical now, medium before")]


def test_findings_come_first_and_each_can_be_had_alone(store) -> None:
    store.commit(1, 2)
    store.stories = [incident(3)]
    both, findings, incidents = Outlet(), Outlet(), Outlet()
    findings.name, incidents.name = "a", "b"
    run(store, both)
    run(store, findings, tells="findings")
    run(store, incidents, tells="incidents")
    assert (both.findings, both.told) == ([1, 2], [("3", "new")])
    assert (findings.findings, findings.told) == ([1, 2], [])
    assert (incidents.findings, incidents.told) == ([], [("3", "new")])


def test_what_is_not_grave_enough_waits_until_it_is_and_a_drill_is_nobodys_alarm(store) -> None:
    outlet = Outlet()
    store.stories = [incident(1, severity="low"), incident(2, severity="critical", exercise=True)]
    run(store, outlet, least="high")
    assert outlet.told == []
    store.stories[0] = incident(1, severity="high")
    run(store, outlet, least="high")
    assert outlet.told == [("1", "new")]


def test_two_that_turn_out_to_be_one_are_no_news(store) -> None:
    outlet = Outlet()
    one, two = incident(1, severity="medium"), incident(2, severity="high")
    store.stories = [one, two]
    run(store, outlet)
    store.stories = [incident(1, severity="high", merged=(two.id,))]
    run(store, outlet)
    assert outlet.told == [("1", "new"), ("2", "new")]


def test_what_is_gone_is_forgotten(store) -> None:
    outlet = Outlet()
    store.stories = [incident(1), incident(2)]
    run(store, outlet)
    store.stories = [incident(2)]
    run(store, outlet)
    assert list(json.loads(store.kept(incidents_name("siem")))["told"]) == [incident(2).id]


def test_a_receiver_that_fails_gets_it_later_and_one_that_refuses_is_gone_around(store) -> None:
    lines: list = []
    outlet = Outlet()

    def fails(_):
        raise DeliveryError("siem: gone")

    def refuses(incidents):
        if any(one.incident.id.endswith("1") for one in incidents):
            raise DeliveryError("siem: 413", refused=True)

    outlet.takes = fails
    store.stories = [incident(1), incident(2)]
    pump = run(store, outlet, lines)
    assert pump.figures().failing_since is not None
    assert outlet.told == []
    outlet.takes = refuses
    for _ in range(20):
        pump.step()
    assert outlet.told == [("2", "new")]
    assert [line[0] for line in lines] == ["outlet-failing", "refused", "outlet-back"]
    assert incident(1).id in lines[1][1]


@pytest.mark.parametrize("broken", [b"", b"x", b"[]", b'{"told":3}', b'{"told":{"a":[1,9]}}', b"\xff"])
def test_what_cannot_be_read_is_told_again(broken) -> None:
    assert [one.why for one in IncidentNews("info", broken).waiting([incident()])] == ["new"]


LEVELS = st.tuples(st.integers(1, 5), st.sampled_from(SEVERITIES))


@given(st.lists(LEVELS, min_size=1, max_size=12), st.sampled_from(SEVERITIES))
def test_a_receiver_always_knows_the_worst_and_hears_nothing_twice(levels, least) -> None:
    """Whatever an incident becomes in time, and wherever the sensor begins anew."""
    state, told = None, []
    for rank, severity in levels:
        news = IncidentNews(least, state)
        waiting = news.waiting([incident(rank=rank, severity=severity)])
        told += [(one.incident.rank, SEVERITIES.index(one.incident.severity)) for one in waiting]
        news.told(waiting)
        state = news.state()
    grave = [(r, SEVERITIES.index(s)) for r, s in levels if SEVERITIES.index(s) >= SEVERITIES.index(least)]
    assert bool(told) == bool(grave)
    if grave:
        assert min(r for r, _ in told) == min(r for r, _ in grave)
        assert max(s for _, s in told) == max(s for _, s in grave)
    for place, (rank, severity) in enumerate(told[1:], 1):
        before = told[:place]
        assert rank < min(r for r, _ in before) or severity > max(s for _, s in before)
