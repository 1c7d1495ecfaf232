from __future__ import annotations

import pytest

from interlock.detect.batch import Batch
from interlock.detect.duplicate_address import MOST_MACS, DuplicateAddress
from interlock.detect.interface import Context

from .rows import MINUTE, START, batch, concluded, findings

A, B = "00:1b:1b:00:00:02", "00:0c:29:00:00:66"
BOTH = [{"value": A, "at": 1}, {"value": B, "at": 5}]


def test_a_machine_with_another_address_that_claims_this_one_is_an_alert() -> None:
    own = {"who": "10.0.0.66", "value": B, "at": 3}
    (finding,) = findings(DuplicateAddress(), clues=[BOTH[0], own, BOTH[1]])
    assert (finding.kind, finding.severity) == ("alert", "high")
    assert finding.machines == ("10.0.0.2", B, A)
    assert "10.0.0.66" in finding.explanation


def test_a_machine_without_a_name_that_takes_a_silent_ones_place_is_a_change() -> None:
    (finding,) = findings(DuplicateAddress(), clues=BOTH)
    assert (finding.kind, finding.severity) == ("change", "medium")
    assert "moved to another link address" in finding.title


def test_who_was_told_of_a_move_hears_at_once_that_the_first_one_is_still_there() -> None:
    detector, context = DuplicateAddress(), Context(now=START)
    told = [
        [(f.kind, f.severity) for f in detector.feed(Batch("clues", batch("clues", [claim])), context)]
        for claim in (BOTH[0], BOTH[1], {"value": A, "at": 9}, {"value": A, "at": 11})
    ]
    assert told == [[], [("change", "medium")], [("alert", "high")], []]


def test_more_link_addresses_than_are_kept_within_minutes_are_an_alert_whoever_went() -> None:
    crowd = [{"value": f"00:0c:29:00:{i >> 8:02x}:{i & 255:02x}", "at": 1 + i // 100} for i in range(1000)]
    (finding,) = findings(DuplicateAddress(), clues=crowd)
    assert (finding.kind, finding.severity) == ("alert", "high")
    assert "more than 64 in all within ten minutes" in finding.explanation
    assert len(dict(finding.data)["macs"].split(", ")) <= MOST_MACS


def test_link_addresses_that_follow_each_other_for_days_are_no_crowd() -> None:
    lent = [{"value": f"00:0c:29:00:00:{i:02x}", "at": i * 3600} for i in range(200)]
    (finding,) = findings(DuplicateAddress(), clues=lent)
    assert (finding.kind, finding.severity) == ("change", "medium")


def test_a_later_takeover_is_a_change() -> None:
    (finding,) = findings(DuplicateAddress(), clues=[BOTH[0], {"value": B, "at": 3600}])
    assert (finding.kind, finding.severity) == ("change", "medium")


def test_another_capture_may_show_another_cell() -> None:
    (finding,) = findings(DuplicateAddress(), clues=[BOTH[0], {"value": B, "source": "b.pcap"}])
    assert finding.severity == "low"
    assert "realms" in finding.explanation


def test_flows_that_overlap_are_an_alert_flows_that_follow_are_not() -> None:
    one = {"server_mac": A, "first": START, "last": START + MINUTE}
    other = {"server_mac": B, "first": START + MINUTE // 2, "last": START + 2 * MINUTE}
    after = {**other, "first": START + 90 * MINUTE, "last": START + 91 * MINUTE}
    assert findings(DuplicateAddress(), flows=[one, other])[0].severity == "high"
    assert findings(DuplicateAddress(), flows=[one, after])[0].severity == "medium"


def test_who_is_tried_after_it_went_is_not_there_with_its_successor() -> None:
    second = 1_000_000_000
    times = {"first": START, "last": START + 60 * second}
    old = {"server_mac": A, **times, "server_first": START, "server_last": START + 55 * second}
    new = {"server_mac": B, "first": START + 58 * second, "last": START + 2 * MINUTE}
    (finding,) = findings(DuplicateAddress(), flows=[old, new])
    assert (finding.kind, finding.severity) == ("change", "medium")
    (finding,) = findings(DuplicateAddress(), flows=[{**old, "server_last": START + 59 * second}, new])
    assert (finding.kind, finding.severity) == ("alert", "high")


def test_who_goes_on_with_a_conversation_was_not_there_when_it_began() -> None:
    second = 1_000_000_000
    old = {"server_mac": A, "first": START, "last": START + 60 * second}
    new = {"server_mac": B, "first": START, "last": START + 99 * second, "server_first": START + 61 * second}
    (finding,) = findings(DuplicateAddress(), flows=[old, new])
    assert (finding.kind, finding.severity) == ("change", "medium")


@pytest.mark.parametrize(
    "clues",
    [
        [BOTH[0], {"value": A, "at": 9}],
        [BOTH[0], {"value": B, "realm": "cell2"}],
        [BOTH[0], {"value": "00:00:5e:00:01:0a"}],
        [BOTH[0], {"value": "00:00:0c:07:ac:0a"}],
        [BOTH[0], {"value": "ff:ff:ff:ff:ff:ff"}],
        [BOTH[0], {"value": "00:00:00:00:00:00"}],
        [{**r, "who": "0.0.0.0"} for r in BOTH],
        [{**r, "who": "239.1.1.1"} for r in BOTH],
        [BOTH[0], *({"who": f"10.0.0.{n}", "value": B, "protocol": "ipv4"} for n in (2, 3, 4))],
        [
            *({**r, "protocol": "ipv4"} for r in BOTH),
            *({"field": "ttl", "value": v} for v in ("64-0", "64-1")),
        ],
    ],
)
def test_silent(clues: list) -> None:
    assert findings(DuplicateAddress(), clues=clues) == ()


def test_a_poisoner_that_claims_many_addresses_by_arp_is_not_taken_for_a_router() -> None:
    clues = [{"who": f"10.0.0.{n}", "value": A[:-1] + str(n)} for n in (2, 3, 4)]
    clues += [{"who": f"10.0.0.{n}", "value": B, "at": 30} for n in (2, 3, 4)]
    assert len(findings(DuplicateAddress(), clues=clues)) == 3


def test_a_machine_that_only_listens_has_no_say() -> None:
    flows = [{"server_mac": A}, {"server_mac": B, "server_packets": 0}]
    assert findings(DuplicateAddress(), flows=flows) == ()


def test_hostile_words_are_no_addresses() -> None:
    clues = [{"who": who, "value": v} for who in ("", "x", "10.0.0.2/1") for v in (A, B, "", "zz", A[:-1])]
    assert len(concluded(DuplicateAddress(), {"clues": clues}).findings) == 1


BETWEEN = [
    *({"who": f"10.0.0.{n}", "value": A[:-1] + str(n), "at": at, "protocol": "ipv4"} for n in (2, 3) for at in (1, 60)),
    *({"who": f"10.0.0.{n}", "value": B, "at": at, "protocol": "ipv4"} for n in (2, 3) for at in (2, 61)),
    *({"who": f"10.0.0.{n}", "field": "ttl", "value": v} for n in (2, 3) for v in ("64-0", "64-1")),
]  # fmt: skip
"""Two machines whose packets come from themselves, and once more from one that passes them on; no ARP is shown."""


def after(lesson: list[dict[str, object]], clues: list[dict[str, object]]) -> list[tuple[str, str, str]]:
    """What is said of clues after a lesson: machine, kind, severity."""
    detector = DuplicateAddress()
    detector.learn(Batch("clues", batch("clues", lesson)), Context(now=START))
    again = DuplicateAddress()
    again.know(detector.learned())
    return [(f.machines[0], f.kind, f.severity) for f in findings(again, clues=clues)]


def test_who_stands_between_two_that_always_spoke_straight_is_no_router() -> None:
    straight = [clue for clue in BETWEEN if clue["value"] != B and "field" not in clue]
    assert findings(DuplicateAddress(), clues=BETWEEN) == ()  # nobody knows that no router was there
    assert after(straight, BETWEEN) == [(f"10.0.0.{n}", "alert", "high") for n in (2, 3)]
    assert after(straight, straight) == []


def test_a_router_that_was_there_may_pass_on_more() -> None:
    straight = [clue for clue in BETWEEN if clue["value"] != B and "field" not in clue]
    routed = [{"who": f"10.0.9.{n}", "value": B, "protocol": "ipv4"} for n in (2, 3)]
    assert after([*straight, *routed], BETWEEN) == []
    assert after([*straight, *BETWEEN], BETWEEN) == []


def test_what_was_learned_of_others_says_nothing_of_a_newcomer() -> None:
    assert after([{"who": "10.0.0.77", "value": A, "protocol": "ipv4"}], BETWEEN) == []


def test_what_was_learned_survives_a_restart() -> None:
    detector = DuplicateAddress()
    detector.learn(Batch("clues", batch("clues", [BOTH[0]])), Context(now=START))
    again = DuplicateAddress()
    again.load(detector.dump())
    assert again.learned() == detector.learned()
    flows = batch("flows", [{"server_mac": A}, {"server_mac": B, "server_packets": 0}])
    other = DuplicateAddress()
    other.learn(Batch("flows", flows), Context(now=START))
    assert A in other.learned().decode()
    assert B not in other.learned().decode()
