"""What is kept of rules says the same as the rules."""

from __future__ import annotations

from contextlib import suppress

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.signatures.sets import FOLDER, needs_sets
from interlock.bootstrap.signature_files import rule_files
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.language.lexer import rule_lines
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_line
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.packs.plan import Databases, Plan, read_plan, write_plan
from interlock.detect.signatures.plain.matching import Matcher
from interlock.errors import SourceError

RULES = """alert tcp any any -> any 502 (msg:"a"; content:"|00 00|"; offset:2; depth:2; dsize:<9; sid:1;)
alert udp $HOME_NET any <> any ![1,3] (msg:"b"; content:"abcdefgh"; nocase; pcre:"/x/i"; sid:2; rev:3;)
alert http any any -> any any (msg:"c"; http.uri; url_decode; content:"/a"; http.host; content:"b"; sid:3;)
alert modbus any any -> any any (msg:"d"; modbus:function 5; sid:4;)
alert tcp any any -> any any (msg:"e"; content:"fghij"; stream_size:client,>,5; sid:5;)
"""


def planned(texts):
    """What is read of these, and the matchers themselves."""
    variables, plan, matchers = Variables(), Plan(), []
    for file, text in texts:
        for line in rule_lines(text):
            origin = Origin(file, line.number)
            signature, _ = put_in_force(read_line(line, origin, variables))
            if signature is not None and signature.enabled:
                matchers.append(Matcher(signature, variables.ends(signature.header)))
                octets = line.text.encode("utf-8", "surrogateescape")
                plan.add(signature, octets, variables.ends(signature.header))
    return plan, matchers


def same(plan, matchers):
    again = read_plan(write_plan(plan))
    assert list(again.traits) == plan.traits
    rules = again.rules()
    for one, matcher in zip(rules, matchers, strict=True):
        # Metadata is not kept with a rule in force.
        assert one.signature.references == matcher.signature.references
        assert one.signature.inspections == matcher.signature.inspections
        assert one.signature.checks == matcher.signature.checks
        assert one.signature.origin == matcher.signature.origin
        assert (one.matcher.ends, one.matcher.levels) == (matcher.ends, matcher.levels)
    return again


def test_rules_that_were_kept_are_the_same_rules():
    again = same(*planned([("a.rules", RULES), ("b.rules", RULES.replace("sid:", "sid:10"))]))
    assert [one.name for one in again.traits][:3] == ["1:1:0 a", "1:2:3 b", "1:3:0 c"]


@needs_sets
def test_all_public_rules_that_were_kept_are_the_same_rules():
    plan, matchers = planned((file.name, file.text()) for file in rule_files(str(FOLDER)))
    assert len(matchers) > 18_000
    same(plan, matchers)


def test_databases_that_were_kept_are_not_compiled_again():
    plan, _ = planned([("a.rules", RULES)])
    first = Databases()
    Signatures(plan.rules(), first)
    assert first.made
    plan.databases = first.made
    kept = Databases(read_plan(write_plan(plan)).databases)
    literals = ((b"ab\0c", False), (b"x", True))
    alien = Databases(dict.fromkeys(first.made, b"nothing" * 9))
    Signatures(plan.rules(), kept)
    Signatures(plan.rules(), alien)
    assert kept.made == alien.made == first.made
    one = Databases()
    one(literals)
    again = Databases(one.made)(literals)
    found = []
    again.scan(b"..AB\0C ab\0c X", match_event_handler=lambda k, _, end, *_more: found.append((k, end)))
    assert found == [(0, 11), (1, 13)]
    assert isinstance(again, hyperscan.Database)


@given(st.data())
def test_octets_that_are_no_plan_are_said(data):
    plan, _ = planned([("a.rules", RULES)])
    octets = bytearray(write_plan(plan))
    match data.draw(st.sampled_from(["cut", "changed", "alien"])):
        case "cut":
            octets = octets[: data.draw(st.integers(0, len(octets) - 1))]
        case "changed":
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
        case _:
            octets = bytearray(data.draw(st.binary(max_size=200)))
    # A letter that is changed within a word says another word: who keeps plans says by a hash that nothing was changed.
    with suppress(SourceError):
        assert len(read_plan(bytes(octets)).rules()) == len(plan.texts)


def test_an_empty_plan_is_one():
    assert read_plan(write_plan(Plan())).rules() == ()


def test_nothing_is_a_plan_of_nothing():
    with pytest.raises(SourceError):
        read_plan(b"")
