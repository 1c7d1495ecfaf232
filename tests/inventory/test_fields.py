from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.inventory.fields import CONFLICT_FROM, settle, settle_roles
from interlock.inventory.proofs import Sign
from inventory.build import NOW

DAY = 86_400_000_000_000


def proof(value, confidence=0.9, protocol="s7comm", first=NOW, last=None, note="", frame=1):
    return Sign(value=value, protocol=protocol, source="a", frame=frame, confidence=confidence, first=first,
                 last=first if last is None else last, note=note)  # fmt: skip


def test_the_surest_wins_and_the_rest_stays_visible():
    settled = settle("vendor", [proof("Cisco", 0.35, "oui"), proof("Siemens", 0.9)], NOW)
    assert settled.value == "Siemens"
    assert [p.value for p in settled.proofs] == ["Siemens", "Cisco"]
    assert settled.conflict is None, "the maker of the interface contradicts nobody"


def test_contradictions_stay_visible():
    settled = settle("serial", [proof("A-1001"), proof("B-2002", 0.8, "profinet")], NOW)
    assert settled.value == "A-1001"
    assert [p.value for p in settled.conflict.proofs] == ["A-1001", "B-2002"]


def test_the_same_in_other_words_is_no_contradiction():
    for name, one, other in (
        ("vendor", "Siemens AG", "SIEMENS"),
        ("firmware", "V2.8.1", "2.8.1"),
        ("firmware", "V2.8", "2.8.1"),
        ("order_number", "6ES7 315-2EH14-0AB0", "6ES7315-2EH14-0AB0"),
        ("product", "SIMATIC S7-300 CPU 315-2 PN/DP", "CPU 315-2 PN/DP"),
        ("serial", "0x0052 4d8e".replace(" ", ""), "5393806"),
    ):
        settled = settle(name, [proof(one), proof(other, 0.85, "profinet")], NOW)
        assert settled.conflict is None, (name, one, other)


def test_an_update_is_a_change_and_no_contradiction():
    settled = settle("firmware", [proof("V1.0", first=NOW - DAY), proof("V2.0")], NOW)
    assert (settled.value, settled.conflict) == ("V2.0", None)
    both = settle("firmware", [proof("V1.0", first=NOW - DAY, last=NOW + 1), proof("V2.0")], NOW)
    assert both.conflict is not None


def test_what_was_still_said_when_the_other_came_was_not_taken_back():
    settled = settle("firmware", [proof("V1.0", first=NOW - DAY, last=NOW), proof("V2.0", first=NOW)], NOW)
    assert settled.conflict is not None


def test_a_product_that_follows_from_a_number_contradicts_nobody():
    family = proof("ControlLogix", 0.85, "enip", note="Device family of 1:14:55.")
    assert settle("product", [proof("1756-L61/B"), family], NOW).conflict is None
    assert (
        settle("product", [proof("1756-L61/B"), proof("ControlLogix", 0.85, "enip")], NOW).conflict
        is not None
    )


def test_who_is_just_sure_enough_contradicts():
    assert (
        settle("vendor", [proof("Siemens"), proof("Omron", CONFLICT_FROM, "fins")], NOW).conflict is not None
    )


def test_a_controller_of_safety_is_said_more_exactly_where_more_than_an_order_number_says_so():
    for role, safe, told in (
        ("plc", 0.65, "safety-controller"),
        ("plc", 0.6, "plc"),
        ("hmi", 0.65, "hmi"),
    ):
        assert settle_roles([proof(role), proof("safety-controller", safe)], NOW).value == told


def test_age_makes_room_for_what_is_new():
    old, new = proof("old", 0.9, first=NOW - 400 * DAY), proof("new", 0.6, "snmp")
    assert settle("product", [old, new], NOW).value == "new"
    assert settle("product", [old, new], NOW - 400 * DAY).value == "old"


def test_a_weak_guess_is_a_proof_but_no_value():
    settled = settle("os", [proof("Windows", 0.15, "ipv4")], NOW)
    assert settled.value is None
    assert len(settled.proofs) == 1


def test_witnesses_of_a_role_join():
    settled = settle_roles(
        [proof("hmi", 0.65), proof("plc", 0.5, note="a"), proof("plc", 0.5, note="b")], NOW
    )
    assert settled.value == "plc"
    assert settled.conflict is not None


def test_one_witness_heard_twice_is_one():
    settled = settle_roles(
        [proof("plc", 0.5, note="a"), proof("plc", 0.5, note="a", frame=9), proof("hmi", 0.6)], NOW
    )
    assert settled.value == "hmi"


def test_neighbouring_roles_are_no_conflict():
    assert settle_roles([proof("plc", 0.6), proof("gateway", 0.55)], NOW).conflict is None


@given(
    st.lists(st.tuples(st.text(max_size=6), st.floats(0, 1), st.integers(0, 9)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_settling_does_not_care_for_order(rows, random):
    told = [proof(v or "x", round(c, 3), first=NOW + t, frame=i) for i, (v, c, t) in enumerate(rows)]
    shuffled = told[:]
    random.shuffle(shuffled)
    for name in ("product", "serial", "firmware", "vendor", "order_number"):
        one, other = settle(name, told, NOW), settle(name, shuffled, NOW)
        assert (one.value, one.proofs, one.conflict) == (other.value, other.proofs, other.conflict)
    one, other = settle_roles(told, NOW), settle_roles(shuffled, NOW)
    assert (one.value, one.proofs, one.conflict) == (other.value, other.proofs, other.conflict)
