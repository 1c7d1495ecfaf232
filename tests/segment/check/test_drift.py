from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import VerificationError
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.records.zone_approval import ZoneApproval, policy_content, read_zone_approval
from interlock.segment.check.drift import drift_of, kinds_of
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import judged
from interlock.segment.model.policy import Policy
from segment.check.rows import flows, operations

SITE = Site(
    zones=(Zone(name="a", members=("10.0.1.0/24",), until=date(2026, 12, 1)), Zone(name="b", sl_t=(1,) * 7)),
    conduits=(Conduit(name="c", from_=("a",), to=("b",), protocols=("modbus",), verbs=("read",)),),
)
words = st.sampled_from(["operation", "10.0.1.1", "modbus", "", "Größe\n", '"kinds": null'])
kinds = st.tuples(*[words] * 6)
seen = st.dictionaries(kinds, st.tuples(st.integers(1, 9), st.booleans()), max_size=8)


def record(site: Site = SITE, **more: object) -> ZoneApproval:
    zones, conduits = policy_content(site)
    return ZoneApproval(site="x", approved="2026-11-28", zones=zones, conduits=conduits, **more)  # type: ignore[arg-type]


@given(st.none() | st.lists(kinds, max_size=5).map(lambda some: tuple(sorted(some))), words)
def test_a_record_reads_back_and_every_change_of_it_is_another_text_to_sign(some: object, name: str) -> None:
    site = dataclasses.replace(SITE, zones=(*SITE.zones, Zone(name=name, description='"kinds": null')))
    made = record(site, kinds=some)
    read = read_zone_approval(made.text(), file="x")
    assert read == made
    assert read.octets() == made.octets()
    assert dataclasses.replace(made, approved="later").octets() != made.octets()


@given(
    st.text(max_size=40) | st.sampled_from(["{}", "[]", "null", '{"schema": "interlock/zone-approval/1"}'])
)
def test_any_text_is_a_record_or_refused(text: str) -> None:
    with pytest.raises(VerificationError, match="is no approval of zones and conduits"):
        read_zone_approval(text, file="x")


@given(seen, seen)
def test_new_and_gone_are_what_only_one_of_both_has(before: dict, now: dict) -> None:  # type: ignore[type-arg]
    drift = drift_of(record(kinds=tuple(sorted(before))), SITE, now)
    assert drift.changes == ()
    assert {each.kind for each in drift.new or ()} == now.keys() - before.keys()
    assert set(drift.gone or ()) == before.keys() - now.keys()
    assert all(now[each.kind] == (each.count, each.allowed) for each in drift.new or ())
    assert drift_of(record(kinds=tuple(before), left_out=1), SITE, now).new == ()
    assert drift_of(record(), SITE, now).new is None


def test_what_was_seen_by_kind() -> None:
    traffic = Traffic()
    traffic.feed("operations", operations({}, {}, {"verb": "write"}, {"protocol": "arp", "verb": "discover"}))
    traffic.feed(
        "flows",
        flows(
            {"protocol": None, "server_port": 4711},
            {"transport": "icmp", "protocol": None, "server_port": None},
        ),
    )
    traffic.finish()
    zones = (Zone(name="a", members=("10.0.1.0/24",)), Zone(name="b", members=("10.0.2.0/24",)))
    policy = Policy(dataclasses.replace(SITE, zones=zones), date(2026, 11, 28))
    ends = ("default", "10.0.1.1", "10.0.2.1")
    assert kinds_of(judged(policy, traffic)) == {
        ("operation", *ends, "modbus", "read"): (2, True),
        ("operation", *ends, "modbus", "write"): (1, False),
        ("flow", *ends, "tcp/4711", ""): (1, False),
        ("flow", *ends, "icmp", ""): (1, False),
    }
