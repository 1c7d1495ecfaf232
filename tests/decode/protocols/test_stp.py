"""Bridges' messages, and what is none."""

from __future__ import annotations

from typing import Any

from decode.feed import ethernet, run
from decode.seeds.stp import GROUP, LLC, bpdu


def heard(*bodies: bytes) -> Any:
    return run([ethernet(body, len(body), target=GROUP) for body in bodies])


def test_a_bpdu_names_the_root_of_its_tree() -> None:
    rows = heard(bpdu(0, 0), bpdu(2, 2), LLC + b"\0\0\0\x80")
    assert [
        (r["protocol"], r["function"], r["verb"], r["outcome"], r["object"]) for r in rows["operations"]
    ] == [
        ("stp", 0x00, "report", "unsolicited", "root:1000.02:00:5e:00:00:01"),
        ("stp", 0x02, "report", "unsolicited", "root:1000.02:00:5e:00:00:01"),
        ("stp", 0x80, "report", "unsolicited", None),
    ]
    assert rows["oddities"] == []


def test_a_type_that_no_standard_knows_is_told_and_does_nothing_known() -> None:
    rows = heard(bpdu(0, 0), bpdu(9, 9))
    assert [r["verb"] for r in rows["operations"]] == ["report", "unknown"]
    assert [o["oddity"] for o in rows["oddities"]] == ["type-unknown"]


def test_a_bpdu_that_ends_in_its_root_is_cut() -> None:
    rows = heard(bpdu(0, 0), bpdu(0, 0)[:12])
    assert [o["oddity"] for o in rows["oddities"]] == ["truncated"]


def test_a_vlans_own_tree_over_snap_is_read_the_same() -> None:
    rows = heard(bytes.fromhex("aaaa0300000c010b") + bpdu(2, 2)[3:])
    assert [(r["function"], r["object"]) for r in rows["operations"]] == [(2, "root:1000.02:00:5e:00:00:01")]


def test_others_with_an_llc_of_their_own_are_not_it() -> None:
    rows = heard(b"\x82\x82\x03" + bpdu(0, 0)[3:])
    assert [r for r in rows["operations"] if r["protocol"] == "stp"] == []
