"""Sets that rules name: what is read of their files, and what rules ask of them."""

from __future__ import annotations

import base64
import hashlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.language.datasets import member_of, read_members
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.language.writing import write_rule
from interlock.detect.signatures.plain.matching import Matcher
from interlock.detect.signatures.plain.memory import Datasets, Memory
from interlock.detect.signatures.plain.unit import Unit

ENDS = {"source": 1 << 30, "target": 2 << 30, "source_port": 1, "target_port": 53}
MEMBERS = {
    "string": st.binary(min_size=1, max_size=40),
    "md5": st.binary(min_size=16, max_size=16),
    "sha256": st.binary(min_size=32, max_size=32),
    "ipv4": st.binary(min_size=4, max_size=4),
    "ip": st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)),
}
WRITES = {
    "string": lambda octets: base64.b64encode(octets).decode(),
    "md5": bytes.hex,
    "sha256": lambda octets: octets.hex().upper(),
    "ipv4": lambda octets: str(ipaddress.IPv4Address(octets)),
    "ip": lambda octets: str(ipaddress.ip_address(octets)),
}


def matcher(options):
    rule = read_rule(f"alert dns any any -> any any (dns.query; {options} sid:1;)", Origin("a", 1))
    return Matcher(rule, Variables().ends(rule.header))


def asked(name):
    return Unit(level="transaction", application="dns", buffers={"dns.query": (name,)}, **ENDS)


@given(st.data(), st.sampled_from(sorted(MEMBERS)))
def test_what_is_written_is_read_again(data, kind):
    valued = st.tuples(MEMBERS[kind], st.integers(0, 65_535))
    there = data.draw(st.dictionaries(MEMBERS[kind], st.integers(0, 65_535), max_size=8))
    probe, _ = data.draw(valued)
    lines = [f"{WRITES[kind](octets)},{value}\n".encode() for octets, value in there.items()]
    found = {member: value for _, member, value in read_members(lines, kind, valued=True)}
    assert found == {member_of(kind, octets): value for octets, value in there.items()}
    bare = [
        line.rpartition(b",")[0] + data.draw(st.sampled_from([b"\n", b"\r\n", b"\n\n"])) for line in lines
    ]
    pieces = b"".join(bare).split(b"\n")
    assert {member for _, member, _ in read_members(pieces, kind, valued=False)} == found.keys()
    sets = Datasets(given={"s": found})
    for octets in (*there, probe):
        step = matcher(f"dataset:isset,S,type {kind};").signature.inspections[0].steps[0]
        assert sets.holds(step, octets) == (member_of(kind, octets) in found)


@given(
    st.sets(st.sampled_from([b"a", b"b", b"c", b"d"])),
    st.lists(
        st.tuples(
            st.sampled_from(["isset", "isnotset", "set", "unset"]),
            st.sampled_from([b"a", b"b", b"c", b"d"]),
        ),
        max_size=30,
    ),
)
def test_rules_change_a_set_that_a_file_began(begins, deeds):
    """Held against a set of Python's own."""
    memory = Memory()
    memory.datasets.given = {"s": dict.fromkeys(begins, 0)}
    known = set(begins)
    rules = {c: matcher(f"dataset:{c},s,type string;") for c in ("isset", "isnotset", "set", "unset")}
    for command, member in deeds:
        there = member in known
        expected = there if command in {"isset", "unset"} else not there
        assert rules[command].hits(asked(member), memory) == expected
        if command == "set":
            known.add(member)
        elif command == "unset":
            known.discard(member)
    assert memory.datasets.given == {"s": dict.fromkeys(begins, 0)}, "what a file holds is never changed"


@pytest.mark.parametrize(
    ("operator", "held"), [(">", [False, True]), ("<", [False, False]), ("==", [True, False])]
)
def test_a_value_is_compared(operator, held):
    memory = Memory()
    memory.datasets.given = {"r": {b"b.example": 200, b"c.example": 201}}
    rule = matcher(f"datarep:r,{operator},200,load r.rep,type string;")
    assert [rule.hits(asked(name), memory) for name in (b"b.example", b"c.example")] == held
    assert not rule.hits(asked(b"a.example"), memory), (
        "what is not in the list has no value, not even a low one"
    )


def test_hashes_are_those_of_the_buffer():
    memory = Memory()
    memory.datasets.given = {"h": {hashlib.md5(b"bad.example", usedforsecurity=False).digest(): 0}}
    rule = matcher("to_md5; dataset:isset,h,type md5;")
    assert rule.hits(asked(b"bad.example"), memory)
    assert not rule.hits(asked(b"good.example"), memory)
    plain = matcher("dataset:isnotset,h,type md5;")
    assert plain.hits(asked(b"bad.example"), memory), "a name is no MD5: it is in no such set"
    assert not matcher("dataset:set,h,type md5;").hits(asked(b"bad.example"), memory)


def test_an_empty_buffer_is_neither_in_a_set_nor_not():
    for command in ("isset", "isnotset", "set", "unset"):
        assert not matcher(f"dataset:{command},s,type string;").hits(asked(b""), Memory())


def test_memory_goes_on_with_the_sets_of_the_new_rules():
    before, after = Memory(), Memory()
    before.datasets.given = {"s": {b"old": 0}}
    assert matcher("dataset:set,own,type string;").hits(asked(b"kept"), before)
    after.datasets.given = {"s": {b"new": 0}}
    known = after.following(before)
    assert matcher("dataset:isset,own,type string;").hits(asked(b"kept"), known)
    assert [matcher("dataset:isset,s,type string;").hits(asked(n), known) for n in (b"old", b"new")] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("string", b"no base64!", "is no Base64"),
        ("string", b"YQ", "is no Base64"),
        ("md5", b"00", "is no MD5"),
        ("md5", b"0" * 64, "is no MD5"),
        ("sha256", b"g" * 64, "is no SHA-256"),
        ("ipv4", b"192.0.2.300", "is no address of IPv4"),
        ("ipv4", b"2001:db8::1", "is no address of IPv4"),
        ("ip", b"plc.example", "is no address"),
        ("ip", b"192.0.2.0/24", "is no address"),
        ("ip", b"192.0.2.1,70000", "is no value"),
        ("ip", b"192.0.2.1,", "is no value"),
        ("ip", b"192.0.2.1,-1", "is no value"),
        ("string", b"\xff\xfe", "is no Base64"),
        ("string", b"A" * 20_000, "has more than"),
    ],
)
def test_a_wrong_line_is_named(kind, line, reason):
    good = WRITES[kind](b"\x01" * {"string": 1, "md5": 16, "sha256": 32}.get(kind, 4)).encode()
    with pytest.raises(ValueError, match=reason) as wrong:
        list(read_members([good, b"", line], kind, valued=False))
    assert wrong.value.args[0] == 3


def test_a_list_without_a_value_is_wrong():
    with pytest.raises(ValueError, match="no comma"):
        list(read_members([b"YQ=="], "string", valued=True))


@given(st.lists(st.binary(max_size=30)), st.sampled_from(sorted(MEMBERS)), st.booleans())
def test_any_octets_are_members_or_named(lines, kind, valued):
    told = []
    try:
        for number, member, value in read_members(lines, kind, valued=valued):
            told.append(number)
            assert member_of(kind, member) == member
            assert 0 <= value <= 65_535
    except ValueError as error:
        number, reason = error.args
        assert reason
        with pytest.raises(ValueError, match=r"^\(1, ") as alone:
            list(read_members([lines[number - 1]], kind, valued=valued))
        assert alone.value.args == (1, reason), "the line that is named is the wrong one"
        assert told == [n for n, _, _ in read_members(lines[: number - 1], kind, valued=valued)]
    assert told == sorted(set(told))


@pytest.mark.parametrize(
    "option",
    [
        "dataset:isset,a,type string,load a.lst",
        "dataset:set,a,type sha256,state a.lst",
        "dataset:set,a,type ip,load b.lst,save a.lst",
        "datarep:a,>,200,load a.rep,type md5",
        "datarep:a,==,0,load a.rep,type ip",
    ],
)
def test_it_is_written_as_it_was_read(option):
    rule = read_rule(
        f"alert dns any any -> any any (dns.query; {option}, memcap 10mb, hashsize 9; sid:1;)", Origin("a", 1)
    )
    again = read_rule(write_rule(rule), Origin("a", 1))
    assert again == rule
    assert option in write_rule(rule)
