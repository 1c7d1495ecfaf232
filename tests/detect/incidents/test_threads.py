"""Findings of one path are one incident, whatever order they come in, and it keeps its id as it grows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.incidents.threads import (
    HORIZON_NS,
    MOST_INCIDENTS,
    MOST_STEPS,
    Incidents,
    gravest_first,
    incidents_of,
    state_of,
)
from interlock.detect.interface import Context
from interlock.errors import SourceError
from interlock.records.finding import Finding
from interlock.records.site import SafetySystem, Site, Tag

if TYPE_CHECKING:
    from interlock.detect.incidents.thread import Thread
    from interlock.records.incident import Step

S = 10**9
T0 = 1_788_411_600 * S
SITE = Site(
    safety_systems=(SafetySystem(address="10.0.0.16"),),
    tags=(Tag(name="boiler.pressure", server="10.0.0.12", object="DB1.DBD0"),),
)
CONTEXT = Context(site=SITE)


def finding(name: str, at_s: float, *machines: str, technique: str = "T0855", **changes: Any) -> Finding:
    whole: dict[str, Any] = {
        "id": name, "detector": "some", "version": 1, "kind": "alert", "severity": "high", "confidence": 1.0,
        "title": f"{name} happened", "explanation": "", "time": T0 + round(at_s * S), "last": T0 + round(at_s * S),
        "count": 1, "realm": "default", "machines": machines, "techniques": (technique,),
    }  # fmt: skip
    return Finding(**{**whole, **changes})


PATH = (
    finding("arrival", 0, "10.0.0.9", "10.0.0.32", technique="T0886"),
    finding("look", 60, "10.0.0.32", "10.0.0.12", "10.0.0.14", technique="T0846"),
    finding("program", 120, "10.0.0.32", "10.0.0.12", technique="T0843"),
    finding("setpoint", 180, "10.0.0.32", "10.0.0.12", technique="T0836"),
)


def test_a_path_is_one_incident_with_its_tactics_in_order() -> None:
    (incident,) = incidents_of(PATH, CONTEXT)
    assert incident.findings == ("arrival", "look", "program", "setpoint")
    assert incident.tactics == ("initial-access", "discovery", "lateral-movement", "impair-process-control")
    assert (incident.rank, incident.consequence, incident.actor) == (2, "control of the process", "10.0.0.9")
    assert "boiler.pressure" in incident.could
    for told in PATH:
        assert told.title in incident.story


def test_what_was_done_names_an_incident_not_its_effect() -> None:
    firmware = finding("firmware", 10, "10.0.0.32", "10.0.0.12", technique="T0857")
    leap = finding(
        "leap", 60, "10.0.0.32", "10.0.0.12", technique="T0856", detector="unusual-step", severity="critical"
    )
    (incident,) = incidents_of((firmware, leap), CONTEXT)
    assert (incident.rank, incident.techniques[0]) == (2, "T0857")
    (alone,) = incidents_of((leap,), CONTEXT)
    assert alone.techniques[0] == "T0856"
    asked = finding("asked", 10, "10.0.0.32", "10.0.0.12", technique="T0846")
    assert incidents_of((asked, leap), CONTEXT)[0].techniques[0] == "T0856"


def test_what_was_malformed_to_the_last_message_was_not_done() -> None:
    told = finding("told", 10, "10.0.0.32", "10.0.0.12", technique="T0856", count=6)
    broken = finding(
        "broken", 10, "10.0.0.32", "10.0.0.12", technique="T0814", count=6, detector="malformed-control"
    )
    assert incidents_of((told, broken), CONTEXT)[0].techniques[0] == "T0814"
    more = finding("told", 10, "10.0.0.32", "10.0.0.12", technique="T0856", count=7)
    assert incidents_of((more, broken), CONTEXT)[0].techniques[0] == "T0856"


def test_a_rule_broken_once_in_a_new_conversation_does_not_name_it() -> None:
    ends = ("10.0.0.32", "10.0.0.12")
    entered = finding("entered", 10, *ends, technique="T0886", detector="new-deed", severity="medium")
    odd = finding("odd", 10, *ends, technique="T0814", detector="new-oddity", severity="medium")
    assert incidents_of((entered, odd), CONTEXT)[0].techniques[0] == "T0886"
    assert incidents_of((odd,), CONTEXT)[0].techniques[0] == "T0814"
    elsewhere = replace(odd, machines=("10.0.0.32", "10.0.0.14"))
    assert incidents_of((entered, elsewhere), CONTEXT)[0].techniques[0] == "T0814"
    assert incidents_of((replace(entered, severity="low"), odd), CONTEXT)[0].techniques[0] == "T0814"
    broken = replace(odd, detector="malformed-control")
    assert incidents_of((entered, replace(broken, count=2)), CONTEXT)[0].techniques[0] == "T0814"


def test_what_weighs_little_does_not_name_what_weighs_more() -> None:
    ends = ("10.0.0.32", "10.0.0.12")
    erased = finding("erased", 10, *ends, technique="T0809", data=(("outcome", "refused"),))
    late = finding("late", 10, *ends, technique="T0814", severity="low")
    assert incidents_of((erased, late), CONTEXT)[0].techniques[0] == "T0809"
    assert incidents_of((erased, replace(late, severity="medium")), CONTEXT)[0].techniques[0] == "T0814"


def test_asking_for_everything_in_vain_is_a_search() -> None:
    ends, vain = ("10.0.0.32", "10.0.0.12"), (("outcome", "refused"),)
    deeds = [
        finding(
            f"deed {technique}",
            10,
            *ends,
            technique=technique,
            detector="new-deed",
            data=vain,
            severity="medium",
        )
        for technique in ("T0855", "T0867", "T0846", "T0801")
    ]
    assert incidents_of(deeds, CONTEXT)[0].techniques[0] in ("T0846", "T0801", "T0867")
    assert incidents_of(deeds[:3], CONTEXT)[0].techniques[0] == "T0855"
    insists = [replace(deeds[0], count=7), *(replace(deed, count=3) for deed in deeds[1:])]
    assert incidents_of(insists, CONTEXT)[0].techniques[0] == "T0855"
    done = [replace(deeds[0], data=()), *deeds[1:]]
    assert incidents_of(done, CONTEXT)[0].techniques[0] == "T0855"


def test_asking_for_everything_in_a_flood_of_conversations_is_a_search_all_the_same() -> None:
    ends, vain = ("10.0.0.32", "10.0.0.12"), (("outcome", "refused"),)
    deeds = [
        finding(f"deed {t}", 10, *ends, technique=t, detector="new-deed", data=vain, severity="medium")
        for t in ("T0855", "T0867", "T0846", "T0801")
    ]
    probed = finding("probed", 10, *ends, technique="T0888", detector="rules", severity="high")
    flood = finding("flood", 10, *ends, technique="T0814", detector="connection-flood", severity="high")
    assert incidents_of((*deeds, probed, flood), CONTEXT)[0].techniques[0] == "T0888"
    assert incidents_of((*deeds, replace(probed, severity="low"), flood), CONTEXT)[0].techniques[0] == "T0814"
    assert incidents_of((*deeds[:3], probed, flood), CONTEXT)[0].techniques[0] == "T0814"
    restarted = replace(flood, detector="rules", id="restarted")
    assert incidents_of((*deeds, probed, restarted), CONTEXT)[0].techniques[0] == "T0814"


def test_what_a_search_hit_on_its_way_does_not_name_it() -> None:
    ends = ("10.0.0.32", "10.0.0.12")
    looks = [
        finding(f"deed {t}", 10, *ends, technique=t, detector="new-deed", severity="medium")
        for t in ("T0867", "T0846", "T0801", "T0811")
    ]
    probed = finding("probed", 8, *ends, technique="T0888", detector="rules", count=120, last=T0 + 20 * S)
    hit = finding("hit", 12, *ends, technique="T0836", severity="critical", count=3)

    def first(*more: Finding) -> str:
        return incidents_of((*looks, *more), CONTEXT)[0].techniques[0]

    assert first(probed, hit) == "T0888"
    assert incidents_of((*looks, probed, hit), CONTEXT)[0].rank == 2
    assert first(probed, replace(hit, count=30)) == "T0836"
    assert first(probed, replace(hit, last=T0 + 60 * S)) == "T0836"
    assert first(probed, replace(hit, machines=("10.0.0.32", "10.0.0.14"))) == "T0836"
    assert incidents_of((*looks[:3], probed, hit), CONTEXT)[0].techniques[0] == "T0836"


def test_a_command_in_vain_says_more_than_the_reading_beside_it() -> None:
    read = finding("read", 10, "10.0.0.32", "10.0.0.12", technique="T0801", count=500)
    refused = finding(
        "command", 20, "10.0.0.32", "10.0.0.12", severity="medium", data=(("outcome", "refused"),)
    )
    (incident,) = incidents_of((read, refused), CONTEXT)
    assert (incident.consequence, incident.techniques[0]) == ("discovery", "T0855")
    many = finding(
        "refused", 20, "10.0.0.32", "10.0.0.12", technique="T0843", detector="refusals", count=90, severity="high",
        data=(("outcome", "refused"),),
    )  # fmt: skip
    assert incidents_of((refused, many), CONTEXT)[0].techniques[0] == "T0855"
    assert incidents_of((many,), CONTEXT)[0].techniques[0] == "T0843"
    low = replace(refused, severity="low")
    assert incidents_of((read, low), CONTEXT)[0].techniques[0] == "T0801"


@given(st.permutations(PATH), st.integers(1, 4))
def test_the_same_incident_comes_out_whatever_order_its_findings_come_in(
    order: list[Finding], cut: int
) -> None:
    live = Incidents()
    for at in range(0, len(order), cut):
        live.feed(order[at : at + cut], CONTEXT)
    (incident,) = live.all(CONTEXT)
    assert set(incident.findings) == {f.id for f in PATH}
    assert incident.story == incidents_of(PATH, CONTEXT)[0].story


def test_an_incident_keeps_its_id_as_it_grows_and_says_what_is_new() -> None:
    live = Incidents()
    ids, news = [], []
    for one in PATH:
        (told,) = live.feed([one], CONTEXT)
        ids.append(told.id)
        news.append(told.news)
    assert len(set(ids)) == 1
    assert news[-1] == "new: setpoint happened"
    (again,) = live.feed(
        [finding("setpoint", 180, "10.0.0.32", "10.0.0.12", technique="T0836", count=40)], CONTEXT
    )
    assert (again.id, again.news) == (ids[0], "again: setpoint happened (40 times by now)")
    assert (
        live.feed([finding("setpoint", 180, "10.0.0.32", "10.0.0.12", technique="T0836", count=40)], CONTEXT)
        == []
    )


def test_two_who_do_the_same_to_one_machine_at_other_times_are_two_incidents() -> None:
    told = incidents_of(
        [finding("a", 0, "10.0.0.1", "10.0.0.12"), finding("b", 3600, "10.0.0.2", "10.0.0.12")], CONTEXT
    )
    assert len(told) == 2


def test_after_the_horizon_it_is_another_incident() -> None:
    later = HORIZON_NS / S + 1
    told = incidents_of(
        [finding("a", 0, "10.0.0.1", "10.0.0.12"), finding("b", later, "10.0.0.1", "10.0.0.14")], CONTEXT
    )
    assert len(told) == 2


def test_a_finding_that_joins_two_makes_them_one_and_the_older_keeps_its_id() -> None:
    live = Incidents()
    (first,) = live.feed([finding("a", 0, "10.0.0.1", "10.0.0.2")], CONTEXT)
    (second,) = live.feed([finding("c", 100, "10.0.0.3", "10.0.0.12", technique="T0843")], CONTEXT)
    (one,) = live.feed([finding("b", 50, "10.0.0.2", "10.0.0.3")], CONTEXT)
    assert first.id != second.id
    assert (one.id, one.merged) == (first.id, (second.id,))
    assert one.findings == ("a", "b", "c")


def test_the_safety_system_ranks_first_even_where_the_technique_would_not() -> None:
    told = incidents_of(
        [
            finding("stop", 0, "10.0.0.1", "10.0.0.16", technique="T0858", severity="medium"),
            finding("write", 0, "10.0.0.2", "10.0.0.12", technique="T0855", severity="critical"),
            finding("look", 0, "10.0.0.3", "10.0.0.12", technique="T0846"),
        ],
        CONTEXT,
    )
    assert [i.rank for i in told] == [1, 2, 5]


def test_looking_at_the_safety_system_is_looking() -> None:
    (told,) = incidents_of([finding("look", 0, "10.0.0.1", "10.0.0.16", technique="T0846")], CONTEXT)
    assert told.consequence == "discovery"


def test_both_ends_of_a_man_in_the_middle_are_one_incident() -> None:
    told = incidents_of(
        [
            finding("one", 0, "10.0.0.1", "54:e1:ad:00:00:01", "00:1b:1b:00:00:02", technique="T0830"),
            finding("two", 2, "10.0.0.2", "54:e1:ad:00:00:01", "00:1b:1b:00:00:03", technique="T0830"),
        ],
        CONTEXT,
    )
    assert len(told) == 1


def test_whoever_speaks_to_a_group_has_not_reached_the_next_one_who_does() -> None:
    told = incidents_of(
        [
            finding("a", 0, "00:11:22:00:00:01", "01:0c:cd:01:00:01", technique="T0856"),
            finding("b", 3600, "00:11:22:00:00:02", "01:0c:cd:01:00:01", technique="T0814"),
        ],
        CONTEXT,
    )
    assert len(told) == 2


def test_what_stands_there_for_years_begins_no_incident() -> None:
    some = [
        finding("w", 0, "10.0.0.1", kind="weakness"),
        finding("e", 0, "10.0.0.1", kind="exposure"),
        finding("c", 0, "10.0.0.1", kind="change", severity="low"),
        finding("x", 0, "10.0.0.1", accepted="known"),
    ]
    assert incidents_of(some, CONTEXT) == []
    (told,) = incidents_of([*some, finding("a", 5, "10.0.0.1", "10.0.0.2")], CONTEXT)
    assert set(told.findings) == {"a"} or "c" in told.findings


def test_it_remembers_a_bounded_number() -> None:
    live = Incidents()
    live.feed(
        [finding(str(n), n * 20_000, f"10.1.{n // 250}.{n % 250}") for n in range(MOST_INCIDENTS + 20)],
        CONTEXT,
    )
    assert (len(live.all(CONTEXT)), live.forgotten) == (MOST_INCIDENTS, 20)
    one = Incidents()
    one.feed([finding(str(n), n, "10.0.0.1", f"10.2.0.{n % 250}") for n in range(MOST_STEPS + 9)], CONTEXT)
    (told,) = one.all(CONTEXT)
    assert (len(told.steps), told.left_out) == (MOST_STEPS, 9)


def test_it_goes_on_from_what_was_kept() -> None:
    live, again = Incidents(), Incidents()
    live.feed(PATH[:2], CONTEXT)
    again.load(live.dump())
    assert again.all(CONTEXT) == live.all(CONTEXT)
    assert again.feed(PATH[2:], CONTEXT) == live.feed(PATH[2:], CONTEXT)


@pytest.mark.parametrize(
    "state", [b"", b"{}", b"[]", b'{"format": "other"}', b'{"format": "interlock/incidents-state/1"}']
)
def test_a_state_that_is_none_changes_nothing(state: bytes) -> None:
    live = Incidents()
    live.feed(PATH, CONTEXT)
    before = live.dump()
    with pytest.raises(SourceError):
        live.load(state)
    assert live.dump() == before


class Plain(Incidents):
    """As it is said in words: every incident of the realm is asked, and its span looked up each time."""

    def _near(self, step: Step, realm: str, keys: set[str]) -> list[Thread]:
        del step, keys
        threads = sorted(self._threads.values(), key=lambda thread: thread.order)
        for thread in threads:
            thread.look_up_span()
        return [thread for thread in threads if thread.realm == realm]


hosts = st.sampled_from([f"10.0.0.{n}" for n in range(1, 7)])
told = st.builds(
    lambda name, at, lasts, machines, technique, count, realm: finding(
        f"f{name}", at, *machines, technique=technique, last=T0 + (at + lasts) * S, count=count, realm=realm
    ),
    st.integers(0, 12),
    st.integers(0, 40_000),
    st.integers(0, 8_000),
    st.lists(hosts, min_size=1, max_size=3),
    st.sampled_from(["T0855", "T0846", "T0843"]),
    st.integers(1, 3),
    st.sampled_from(["default", "other"]),
)


@given(st.lists(st.one_of(told, st.none()), max_size=40))
def test_who_is_looked_for_by_machine_is_whom_asking_all_would_find(some: list[Finding | None]) -> None:
    """None: it is kept, and another one goes on from that."""
    quick, plain = Incidents(), Plain()
    for one in some:
        if one is None:
            state = quick.dump()
            quick = Incidents()
            quick.load(state)
            assert quick.dump() == state == plain.dump()
        else:
            assert quick.feed([one], CONTEXT) == plain.feed([one], CONTEXT)
    assert quick.all(CONTEXT) == plain.all(CONTEXT)


def test_who_is_forgotten_is_not_found_any_more() -> None:
    live, plain = Incidents(), Plain()
    for number in range(MOST_INCIDENTS + 30):
        each = [
            finding(f"f{number}.{k}", number * 20_000, f"10.{k}.{number // 250}.{number % 250}")
            for k in (1, 2)
        ]
        assert live.feed(each, CONTEXT) == plain.feed(each, CONTEXT)
    again = [finding(f"g{number}", 0, f"10.1.0.{number}") for number in range(20)]
    assert live.feed(again, CONTEXT) == plain.feed(again, CONTEXT)
    assert live.forgotten > MOST_INCIDENTS


def test_by_turns_tells_what_all_does_and_can_be_kept() -> None:
    live = Incidents()
    live.feed([*PATH, finding("elsewhere", 0, "10.9.0.1", "10.9.0.2")], CONTEXT)
    pieces = list(live.by_turns(CONTEXT))
    assert gravest_first(one for one, _ in pieces) == live.all(CONTEXT)
    assert state_of((state for _, state in pieces), live.forgotten) == live.dump()
