from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.conduit import Conduit
from interlock.records.site import SafetySystem, Site, Zone
from interlock.segment.check.requirements import requirements_of
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import Outcome, outcome_of
from interlock.segment.check.wording import doubt, sentence
from interlock.segment.model.policy import Ask, Policy
from segment.check.rows import FLOW, OPERATION, flows, operations

TODAY = date(2026, 11, 28)
PANEL, CELL, SAFE, STRANGER = "10.0.1.1", "10.0.2.1", "10.0.3.1", "192.0.2.1"
ZONES = (
    Zone(name="panels", members=("10.0.1.0/24",), sl_t=(2,) * 7, owner="a"),
    Zone(name="cell", members=("10.0.2.0/24",), sl_t=(1,) * 7, owner="b"),
    Zone(name="safety", kind="safety", members=("10.0.3.0/24",), sl_t=(3,) * 7, owner="c"),
)
READS = Conduit(
    name="reads",
    from_=("panels",),
    to=("cell",),
    protocols=("modbus",),
    verbs=("read",),
    objects=("holding:0..9",),
)


def site(*conduits: Conduit, **more: Any) -> Site:
    return Site(zones=ZONES, conduits=conduits, **more)


def traffic(asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None) -> Traffic:
    seen = Traffic()
    if asked:
        seen.feed("operations", operations(*asked))
    if spoken:
        seen.feed("flows", flows(*spoken))
    seen.finish()
    return seen


def outcome(
    asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None, *conduits: Conduit
) -> Outcome:
    return outcome_of(Policy(site(*conduits), TODAY), traffic(asked, spoken))


def test_what_conduits_allow_is_counted_by_conduit_and_the_rest_told_with_frames() -> None:
    asked = [
        {"object": "holding:0", "count": 10, "frame": 1},
        {"object": "holding:4", "count": 2, "frame": 3, "time": 5},
        {"object": "holding:9", "count": 2, "frame": 5, "outcome": "refused"},
        {"object": "holding:11", "count": 1, "frame": 7},
        {"object": "holding:40", "count": 1, "frame": 9},
        {"client": CELL, "server": "10.0.2.2", "frame": 11},
        {"protocol": "arp", "verb": "discover", "frame": 13},
    ]
    found = outcome(asked, [{"first": 7}], READS)
    assert (found.operations, found.flows, found.cut_operations, found.cut_flows, found.link) == (
        7,
        1,
        3,
        0,
        1,
    )
    assert found.cut_share == 3 / 7
    used = found.conduits["reads"]
    assert (used.operations, used.flows, used.last) == (2, 1, 7)
    assert found.insides["cell"].operations == 1
    (one,) = found.violations
    assert one.objects == ("holding:9..11", "holding:40")
    assert (one.frames, one.count, one.answered, one.reason, one.conduit) == (
        (5, 7, 9),
        3,
        2,
        "object",
        "reads",
    )
    assert sentence(one, site(READS)) == (
        "10.0.1.1 asked 10.0.2.1 by modbus for read of holding:9..11, holding:40 3 times, "
        "but conduit reads is for holding:0..9 only"
    )


def test_a_machine_in_no_zone_is_named_with_the_reason() -> None:
    found = outcome([{"client": STRANGER}], None, READS)
    assert found.nowhere == (("default", STRANGER, "no zone has it as a member"),)
    assert sentence(found.violations[0], site()).endswith("192.0.2.1 is in no zone")


def test_an_operation_at_a_port_that_a_conduit_opens_is_allowed() -> None:
    way = Conduit(name="web", from_=("panels",), to=("cell",), ports=("tcp/502",))
    assert outcome([{}], [{}], way).violations == ()
    assert [v.what for v in outcome([{}], None, way).violations] == [
        "operation"
    ]  # nobody knows its transport
    both = [{}, {"transport": "udp"}]
    assert {(v.what, v.ports) for v in outcome([{}], both, way).violations} == {
        ("operation", ()),
        ("flow", ("udp/502",)),
    }


def test_a_conversation_whose_beginning_was_missed_is_its_clients() -> None:
    turned = {"client": CELL, "server": PANEL, "server_port": 50_000, "state": "midstream"}
    asked = {"object": "holding:0", "count": 1}
    assert outcome([asked], [turned], READS).violations == ()
    assert len(outcome([asked], [{**turned, "state": "established"}], READS).violations) == 2
    assert len(outcome([], [turned], READS).violations) == 1


def test_what_is_asked_back_belongs_to_who_opened_the_conversation() -> None:
    loads = Conduit(
        name="w", from_=("panels",), to=("cell",), protocols=("s7comm",), verbs=("program-write",)
    )
    back = {"client": CELL, "server": PANEL, "protocol": "s7comm", "verb": "program-write"}
    session = {"protocol": "s7comm", "server_port": 102}
    assert outcome([back], [session], loads).violations == ()
    assert len(outcome([back], [{**session, "state": "midstream"}], loads).violations) == 2
    both = [session, {**session, "client": CELL, "server": PANEL}]
    assert {v.what for v in outcome([back], both, loads).violations} == {"operation", "flow"}


def test_zones_that_speak_to_one_group_need_a_conduit_for_it() -> None:
    call = {"server": "10.0.255.255", "protocol": "bacnet", "verb": "discover"}
    answer = {"client": "10.0.255.255", "server": CELL, "protocol": "bacnet", "verb": "report"}
    assert outcome([call]).violations == ()
    found = outcome([call, answer])
    assert {(v.reason, v.client_zone, v.server_zone) for v in found.violations} == {
        ("group", "panels", "cell"), ("group", "cell", "panels"),
    }  # fmt: skip
    ways = [
        Conduit(name=a, from_=(a,), to=(b,), protocols=("bacnet",), verbs=("*",), groups=("broadcast",))
        for a, b in (("panels", "cell"), ("cell", "panels"))
    ]
    assert outcome([call, answer], None, *ways).violations == ()


rows = st.fixed_dictionaries(
    {
        "client": st.sampled_from([PANEL, CELL, SAFE, STRANGER]),
        "server": st.sampled_from([PANEL, CELL, SAFE, STRANGER]),
        "verb": st.sampled_from(["read", "write"]),
        "object": st.sampled_from([None, "holding:0", "holding:9"]),
        "count": st.sampled_from([None, 1, 2]),
    }
)


@given(st.lists(rows, max_size=30))
def test_counted_by_kind_or_judged_one_by_one_is_the_same(asked: list[dict[str, Any]]) -> None:
    policy = Policy(site(READS), TODAY)
    found = outcome_of(policy, traffic(asked))
    denied = [
        row for row in asked
        if not policy.judge(
            Ask("default", row["client"], row["server"], "modbus", row["verb"], None, row["object"], row["count"],
                joined=True)  # no conversation was read: none is known to have begun in sight
        ).allowed
    ]  # fmt: skip
    assert found.cut_operations == len(denied) == sum(v.count for v in found.violations)
    assert found.operations == len(asked)
    passed = sum(use.operations for use in (*found.conduits.values(), *found.insides.values()))
    assert passed == len(asked) - len(denied)
    for violation in found.violations:
        assert sentence(violation, policy.site)


WAY = Conduit(
    name="c", from_=("panels",), to=("cell",), protocols=("cip",), verbs=("read",), objects=("Speed",), units=("1,0",)
)  # fmt: skip


def test_what_only_the_opening_tells_is_not_cut_where_the_opening_was_not_seen() -> None:
    asked = [
        {"protocol": "cip", "object": "Speed"}, {"protocol": "cip", "object": "Speed", "unit": "1,0"},
        {"protocol": "cip", "unit": "1,0"},
    ]  # fmt: skip
    spoken = {"protocol": "enip", "server_port": 44818}
    joined = outcome(asked, [{**spoken, "state": "midstream"}], WAY)
    assert joined.cut_operations == 0
    assert [(each.what, each.count) for each in joined.unseen] == [("object", 1), ("unit", 1)]
    assert sentence_of(joined, 1) == (
        "10.0.1.1 asked 10.0.2.1 by cip for read once; its unit was not seen, since the conversation is older than what"
        " was read: it counts as allowed by conduit c, which is for 1,0 only"
    )
    begun = outcome(asked, [spoken], WAY)
    assert (begun.cut_operations, begun.unseen) == (2, ())
    assert {v.reason for v in begun.violations if v.what == "operation"} == {"unit", "object"}
    by_port = dataclasses.replace(WAY, protocols=(), objects=(), units=(), verbs=(), ports=("tcp/502",))
    certain = outcome(asked, [{**spoken, "state": "midstream", "server_port": 502}], WAY, by_port)
    assert {(each.what, each.conduit) for each in certain.unseen} == set()


def sentence_of(found: Outcome, number: int) -> str:
    return doubt(found.unseen[number], site(WAY))


answered = st.lists(
    st.fixed_dictionaries(
        {
            "verb": st.sampled_from(["read", "write"]),
            "object": st.sampled_from(["Speed", "Count"]),
            "unit": st.sampled_from(["1,0", "1,1"]),
        }
    ),
    max_size=20,
)


@given(answered, st.data())
def test_a_conversation_joined_in_the_middle_is_cut_only_where_the_whole_one_may_be(
    asked: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Whatever of units and objects was not seen: nothing is cut that is allowed where all is seen, and all of it is
    counted apart."""
    asked = [{**row, "protocol": "cip"} for row in asked]
    blanks = data.draw(st.lists(st.sampled_from([(), ("unit",), ("object",), ("unit", "object")]),
                                min_size=len(asked), max_size=len(asked)))  # fmt: skip
    less = [{**row, **dict.fromkeys(blank)} for row, blank in zip(asked, blanks, strict=True)]
    whole = outcome(asked, [{"protocol": "enip"}], WAY)
    joined = outcome(less, [{"protocol": "enip", "state": "midstream"}], WAY)
    blanked = sum(bool(blank) for blank in blanks)
    assert joined.cut_operations <= whole.cut_operations
    assert sum(each.count for each in joined.unseen) <= blanked
    passed = joined.operations - joined.cut_operations
    assert passed <= whole.operations - whole.cut_operations + blanked


def answers(
    where: Site, asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None
) -> dict[str, str]:
    policy, seen = Policy(where, TODAY), traffic(asked, spoken)
    return {each.id: each.answer for each in requirements_of(policy, seen, outcome_of(policy, seen))}


def test_requirements_are_answered_by_what_was_seen() -> None:
    good = answers(site(READS), [{"object": "holding:0"}])
    assert {name: answer for name, answer in good.items() if answer != "met"} == {
        "ZCR 3.2": "unknown", "ZCR 3.4": "unknown", "ZCR 3.5": "unknown", "ZCR 3.6": "unknown", "ZCR 7": "unknown",
    }  # fmt: skip
    bad = answers(site(READS), [{"client": STRANGER, "server": SAFE}])
    for number in ("SR 5.1", "SR 5.2", "SR 5.2 RE 1", "ZCR 3.1", "ZCR 3.3"):
        assert bad[number] == "not-met"
    assert answers(Site(), [{}])["SR 5.1"] == "not-met"


def test_requirements_one_by_one() -> None:
    mail = [{**FLOW, "protocol": None, "server_port": 25}]
    assert answers(site(), [], mail)["SR 5.3"] == "not-met"
    assert answers(site(safety_systems=(SafetySystem(address=CELL),)), [{}])["ZCR 3.3"] == "not-met"
    assert answers(site(safety_systems=(SafetySystem(address=SAFE),)), [{}])["ZCR 3.3"] == "met"
    wide = Conduit(name="all", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("*",))
    assert answers(site(wide), [{}])["SR 5.2 RE 1"] == "not-met"
    office = Zone(name="office", kind="business", members=("10.0.9.0/24",), sl_t=(1,) * 7)
    ways = Conduit(name="w", from_=("office",), to=("cell",), protocols=("modbus",), verbs=("read",))
    there = Site(zones=(*ZONES, office), conduits=(ways,))
    through = answers(there, [{**OPERATION, "client": "10.0.9.1"}])
    assert (through["SR 5.4"], through["ZCR 3.2"], through["ZCR 6.4"]) == ("not-met", "met", "not-met")
    assert answers(there, [{"client": "10.0.9.1", "verb": "write"}])["ZCR 3.2"] == "not-met"
    bare = Site(zones=(Zone(name="a", members=("10.0.1.0/24",)),))
    assert answers(bare, [])["ZCR 5.6"] == "not-met"
