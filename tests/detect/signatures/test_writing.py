"""A rule is the same rule when it is written out and read again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.signatures.sets import FOLDER, needs_sets
from interlock.bootstrap.signature_files import rule_files
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.numbers import Bound
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import read_rule, read_rules
from interlock.detect.signatures.language.steps import written
from interlock.detect.signatures.language.writing import write_rule

ORIGIN = Origin("a.rules", 1)
small = st.integers(0, 300)
words = st.from_regex(re.compile(r"[a-z][a-z0-9]{0,6}"), fullmatch=True)
octets = st.binary(min_size=1, max_size=12)
bounds = st.one_of(
    st.builds(Bound, st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.integers(0, 255)),
    st.tuples(st.integers(0, 100), st.integers(1, 100)).map(lambda t: Bound("<>", t[0], t[0] + t[1])),
)
reading = st.sampled_from(
    ["", ",relative", ",little", ",string,hex", ",string,dec", ",bitmask 0xf0", ",relative,little"]
)


@st.composite
def contents(draw):
    pattern = draw(octets)
    said = f'content:{draw(st.sampled_from(["", "!"]))}"{written(pattern)}"; '
    place = draw(st.sampled_from(["", "absolute", "relative", "starts", "ends"]))
    if place == "absolute":
        said += f"offset:{draw(small)}; depth:{draw(small) + len(pattern)}; "
    elif place == "relative":
        said += f"distance:{draw(st.integers(-300, 300))}; within:{draw(small) + len(pattern)}; "
    elif place:
        said += f"{place}with; "
    return said + draw(
        st.sampled_from(["", "nocase; ", "rawbytes; ", "fast_pattern; ", "fast_pattern:only; "])
    )


steps = st.one_of(
    contents(),
    st.builds("isdataat:{}{}; ".format, small, st.sampled_from(["", ",relative"])),
    st.builds("isdataat:!{},relative; ".format, small),
    st.builds(
        "byte_test:2,{},{},{}{}; ".format, st.sampled_from(["<", "!&", ">=", "=", "^"]), small, small, reading
    ),
    st.builds(
        "byte_jump:1,{}{}{}; ".format,
        small,
        reading,
        st.sampled_from(["", ",align", ",from_end,post_offset -3"]),
    ),
    st.builds("byte_extract:1,{},{}{}; ".format, small, words, reading),
    st.builds("byte_math:bytes 1,offset {},oper <<,rvalue {},result {}; ".format, small, small, words),
    st.sampled_from(
        [
            r'pcre:"/^a[\d]+\;\/x/Rsmi"; ',
            r'pcre:!"/(?<q>.)\1$/AEG"; ',
            "base64_decode:bytes 9,offset 2,relative; ",
        ]
    ),
)
buffers = st.sampled_from(
    [
        "",
        "http.uri; ",
        "http.header; ",
        "dns.query; dotprefix; ",
        "file.data; strip_whitespace; to_md5; ",
        'tls.sni; xor:"0aff"; ',
        r'http.uri; pcrexform:"^\.(.+)\;"; from_base64:mode strict,bytes 9; gunzip; ',
        "ip.dst; ",
    ]
)
checks = st.one_of(
    st.builds(
        lambda name, b: f"{name}:{b.words()}; ",
        st.sampled_from(["ttl", "dsize", "itype", "window", "ip_proto"]),
        bounds,
    ),
    st.sampled_from(
        [
            "flow:established,from_client; ", "flow:stateless,no_stream; ", "flags:+SA,12; ", "flags:0; ",
            "fragbits:!DM; ", "sameip; ", "flowbits:isset,a|b; ", "flowbits:toggle,c; ",
            "xbits:set,d,track ip_pair,expire 30; ", "flowint:n,+,1; ", "flowint:n,>=,m; ",
            "stream_size:client,>=,7; ", "stream_size:either,!=,7; ", "app-layer-protocol:!tls; ",
            "modbus:access write holding, address 5<>9; ", "dnp3_func:cold_restart; ", "cip_service:76,3; ",
            "tls.version:1.2; ",
        ]
    ),
)  # fmt: skip
terms = st.recursive(
    st.sampled_from(
        ["any", "$HOME_NET", "10.0.0.0/8", "!10.1.1.1", "2001:db8::/32", "!$EXTERNAL_NET", "10.0.0.1-10.0.0.9"]
    ),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"[{','.join(parts)}]"),
    max_leaves=6,
)  # fmt: skip
ports = st.sampled_from(["any", "80", "!80", "1024:", ":99", "[1:5,!3,[7,$HTTP_PORTS]]"])


@st.composite
def rules(draw):
    protocol = draw(st.sampled_from(["tcp", "udp", "ip", "http", "tcp-pkt", "dns", "icmp", "modbus"]))
    head = f"{draw(st.sampled_from(['alert', 'drop']))} {protocol} {draw(terms)} {draw(ports)} "
    head += f"{draw(st.sampled_from(['->', '<>']))} {draw(terms)} {draw(ports)}"
    parts = draw(
        st.lists(st.tuples(buffers, st.lists(steps, min_size=1, max_size=4).map("".join)), max_size=3)
    )
    said = "".join(buffer + inside for buffer, inside in parts) + "".join(draw(st.lists(checks, max_size=4)))
    text = draw(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12))
    for mark in '\\";:':
        text = text.replace(mark, f"\\{mark}")
    about = f'msg:"{text}"; classtype:{draw(words)}; sid:{draw(small) + 1}; rev:{draw(small)}; '
    about += f"reference:url,{draw(words)}; "
    return f"{head} ({about}{said})"


def outcome(text):
    """The rule, or the keyword that refuses it."""
    try:
        return read_rule(text, ORIGIN), ""
    except RuleError as error:
        return None, f"{error.keyword}: {error.reason}"


@given(rules())
def test_any_rule_is_refused_by_a_keyword_or_read_as_it_is_written(text):
    once, refused = outcome(text)
    if once is None:
        assert re.match(r"[\w. -]+: .", refused)
        return
    assert read_rule(write_rule(once), ORIGIN) == once
    assert write_rule(read_rule(write_rule(once), ORIGIN)) == write_rule(once)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_any_text_is_read_to_its_end(text):
    for read in read_rules(f"{text}\nalert {text}\nalert tcp any any -> any any ({text};)\n", "a.rules"):
        assert (read.signature is None) != (read.refusal is None)


@given(octets)
def test_octets_come_back(pattern):
    (one,) = read_rule(
        f'alert tcp any any -> any any (content:"{written(pattern)}"; sid:1;)', ORIGIN
    ).inspections
    assert one.steps[0].octets == pattern


@needs_sets
@pytest.mark.slow
def test_every_public_rule_is_the_same_when_it_is_written_and_read():
    differ, seen = [], 0
    for file in rule_files(str(FOLDER)):
        for read in read_rules(file.text(), file.name):
            if read.signature:
                seen += 1
                again = read_rule(write_rule(read.signature), ORIGIN, enabled=read.signature.enabled)
                if again != read.signature:
                    differ.append(read.signature.sid)
    assert not differ
    assert seen > 29_000
