"""What Suricata 7.0.10 itself said of rules and datagrams (`suricata_beside.py --made random`), cut down to causes.

Where its user guide leaves a meaning open this is what decides.
"""

from __future__ import annotations

import struct
from functools import partial

import pytest

from decode.feed import CLIENT, SERVER, _ip
from detect.signatures.engine.over_wire import conversation, every_way
from detect.signatures.test_meaning import hits, holds, matcher, sent
from interlock.detect.signatures.engine.turns import turn_of
from interlock.detect.signatures.language.conflicts import refuse_conflicts
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.plain.memory import Memory

AGAIN, CALM = b"Axay0000", b"ab0cab1c"
"""Its second letter a, not its first, is what is asked for behind it."""


@pytest.mark.parametrize(
    ("options", "octets", "expected"),
    [
        # The match that a relative step counts from is looked for again; which one that is, the steps between say.
        ('pcre:"/a/i"; byte_test:1,=,0x61,-1,relative;', AGAIN, True),
        ('pcre:"/a/i"; isdataat:0; byte_test:1,=,0x61,-1,relative;', AGAIN, False),
        ('content:"a"; nocase; byte_test:1,=,0x30,4; byte_test:1,=,0x61,-1,relative;', AGAIN, False),
        ('content:"a"; nocase; content:!"z"; isdataat:!6,relative;', AGAIN, False),
        ('content:"a"; nocase; pcre:"/^y/R";', AGAIN, True),
        ('content:"a"; nocase; content:!"z"; pcre:"/^y/R";', AGAIN, False),
        ('content:"a"; nocase; pcre:!"/z/"; content:"y"; within:1;', AGAIN, False),
        ('pcre:"/a/i"; isdataat:0; content:"y"; within:1;', AGAIN, True),
        ('pcre:"/a/i"; byte_test:1,=,0x30,4; content:"y"; within:1;', AGAIN, True),
        ('content:"a"; nocase; byte_extract:1,0,v,relative; byte_test:1,=,v,3;', AGAIN, True),
        ('content:"a"; nocase; content:!"z"; byte_test:1,=,0x61,-1,relative;', CALM, True),
        # What would have to end before the buffer begins is bounded by nothing.
        ('content:"C"; distance:-26; within:4;', b"bbbbbbbbbbC", True),
        ('content:"C"; distance:-5; within:4;', b"bbbbbbbbbbC", True),
        ('content:"C"; distance:-4; within:4;', b"CbbC", False),
        ('content:"C"; distance:-3; within:4;', b"CbbC", True),
        ('content:"b"; content:"C"; distance:-4; within:2;', b"bbbbbbbbbbC", True),
        ('content:!"C"; distance:-26; within:4;', b"CbbC", False),
        # Digits say their base where the rule does not.
        ("byte_test:3,=,15,0,string;", b"017", True),
        ("byte_test:3,=,17,0,string;", b"017", False),
        ("byte_test:3,=,17,0,string;", b" 17", True),
        ("byte_test:5,=,501,0,string;", b"0x1f5", True),
        ("byte_test:2,=,12,0,string;", b"12", True),
        ("byte_test:3,=,17,0,string,dec;", b"017", True),
        # Five octets are too many to calculate with, and a jump may not be too far back.
        ("byte_math:bytes 4,offset 0,oper *,rvalue 1,result v;", b"abcdefgh", True),
        ("byte_math:bytes 5,offset 0,oper *,rvalue 1,result v;", b"abcdefgh", False),
        ("byte_jump:2,0,post_offset -60000;", b"abcdefgh", True),
        ("byte_jump:8,0;", b"\x80\0\0\0\0\0\0\1abcdefgh", False),
        ("byte_jump:8,0;", b"\0\0\0\0\0\0\0\5abcdefgh", True),
    ],
)
def test_steps(options, octets, expected):
    assert hits(options, octets) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # An expression that matches nowhere, or whose group is empty, changes nothing.
        ('pcrexform:"zz(.)"; content:"GET"; bsize:3;', True),
        ('pcrexform:"zz(.)"; isdataat:!1;', False),
        ('pcrexform:"GE(b)?"; content:"GET"; bsize:3;', True),
        ('pcrexform:"GE(b?)"; bsize:0;', False),
        ('pcrexform:"G(.)"; content:"E"; bsize:1;', True),
        # A line without a colon is all name.
        ('header_lowercase; content:"get";', True),
        ('header_lowercase; content:"GET";', False),
    ],
)
def test_transformations(options, expected):
    assert holds(b"GET")(options) is expected


@pytest.mark.parametrize(
    ("options", "fields", "expected"),
    [
        ("flags:!PA;", {"flags": 0x10}, True),
        ("flags:!PA;", {"flags": 0x18}, False),
        ("flags:!PA;", {"flags": 0x02}, True),
        ("fragbits:!MD;", {"fragbits": 2}, True),
        ("fragbits:!D;", {"fragbits": 2}, False),
        ("fragbits:+D;", {"fragbits": 2}, False),
        ("fragbits:+D;", {"fragbits": 3}, True),
        ("fragbits:*MD;", {"fragbits": 2}, True),
    ],
)
def test_bits(options, fields, expected):
    assert hits(options, fields=fields) is expected


def told(rules, packets=3):
    """How often each rule speaks of datagrams of one machine to another, each rule held against each in its turn."""
    memory, found = Memory(), [0] * len(rules)
    made = [matcher(f'content:"a"; {options}', "alert udp any any -> any any") for options in rules]
    order = sorted(range(len(made)), key=lambda k: (turn_of(made[k].signature), k))
    for time in range(packets):
        for k in order:
            found[k] += made[k].judge(
                sent(made[k], b"a", transport=17, level="packet", buffers={"packet": (b"a",)}, time=time),
                memory,
            )
    return found


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # Marks of machines are asked for before they are set, wherever the rules stand.
        (["xbits:set,a,track ip_src;", "xbits:isset,a,track ip_src;"], [3, 2]),
        (["xbits:isset,b,track ip_pair;", "xbits:set,b,track ip_pair;"], [2, 3]),
        (["xbits:isnotset,c,track ip_src; xbits:set,c,track ip_src;", "xbits:isset,c,track ip_src;"], [1, 3]),
        (["xbits:isset,d,track ip_src;", "xbits:isnotset,d,track ip_src; xbits:set,d,track ip_src;"], [2, 1]),
        (
            ["xbits:unset,e,track ip_src;", "xbits:set,e,track ip_src;", "xbits:isset,e,track ip_src;"],
            [3, 3, 2],
        ),
        (["xbits:set,f,track ip_src;", "xbits:isnotset,f,track ip_src; xbits:unset,f,track ip_src;"], [3, 1]),
        # Marks of a conversation are set first.
        (["flowbits:isset,g;", "flowbits:set,g;"], [3, 3]),
        (["flowbits:set,h;", "flowbits:unset,h;", "flowbits:isset,h;"], [3, 3, 0]),
        # Of several names one that is not set is enough.
        (["flowbits:set,i;", "flowbits:isnotset,i|j;", "flowbits:isnotset,i;"], [3, 3, 0]),
        # Of a number that is not there nothing is taken away; numbers have 32 bits.
        (["flowint:k,-,1;", "flowint:k,isset;"], [3, 0]),
        (["flowint:l,=,3;", "flowint:l,-,5;", "flowint:l,>,100;", "flowint:l,<,3;"], [3, 3, 3, 0]),
    ],
)
def test_memory(rules, expected):
    assert told(rules) == expected


def test_a_machine_has_its_marks_whichever_way_it_is_met():
    memory = Memory()
    one, other = (
        matcher(f'content:"a"; {words}')
        for words in ("xbits:set,m,track ip_dst;", "xbits:isset,m,track ip_src;")
    )
    asked = sent(one, b"a")
    assert one.judge(asked, memory)
    assert not other.judge(sent(other, b"a"), memory)
    assert other.judge(sent(other, b"a", source=asked.target, target=asked.source), memory)


def test_who_asks_for_marks_of_machines_alone_asks_once_of_each_direction():
    memory = Memory()
    asks = matcher("xbits:isset,n,track ip_src;", "alert udp any any -> any any")
    sets = matcher('content:"a"; xbits:set,n,track ip_src;', "alert udp any any -> any any")
    datagram = {"transport": 17, "level": "packet", "buffers": {"packet": (b"a",)}, "to_server": True}
    assert not asks.judge(sent(asks, b"", **datagram), memory)
    assert sets.judge(sent(sets, b"a", **datagram), memory)
    assert not asks.judge(sent(asks, b"", **datagram), memory), "it was asked before"
    assert asks.judge(sent(asks, b"", **datagram, flow=2), memory)


frames = partial(conversation, closed=True)


def test_of_a_connection_rules_for_ip_see_streams_alone():
    rules = 'alert ip any any -> any any (content:!"0"; sid:1;)\nalert tcp any any -> any any (content:!"0"; sid:2;)\n'
    assert every_way(rules, frames((CLIENT, b"abc1"), (CLIENT, b"abA0")), "no") == {}
    assert every_way(rules, frames((CLIENT, b"abc1"), (CLIENT, b"abA1")), "no") == {1: 1, 2: 1}


def test_the_third_segment_of_a_handshake_is_not_established():
    rules = "alert tcp any any -> any any (flow:not_established; flags:A; sid:1;)\n"
    assert every_way(rules, frames((CLIENT, b"a")), "no") == {1: 1}
    assert every_way(rules, frames((CLIENT, b"a")), "own") == {}


def test_what_is_spoken_is_known_when_the_first_octets_are_acknowledged():
    rules = """
alert http any any -> any any (dsize:>0; sid:1;)
alert http any any -> any any (flow:not_established; sid:2;)
alert tcp any any -> any any (app-layer-protocol:http; flags:PA; sid:4;)
"""
    request, answer = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    once = frames((CLIENT, request), (SERVER, answer), port=80)
    assert every_way(rules, once, "no") == {1: 1, 4: 1}
    assert every_way(rules, frames((CLIENT, request), port=80), "no") == {}


def test_a_packet_with_nothing_in_it_comes_with_a_chunk():
    rules = """
alert tcp-pkt any any -> any any (content:!"a"; sid:1;)
alert tcp any any -> any any (isdataat:!3; sid:2;)
alert tcp any any -> any any (content:!"a"; sid:3;)
alert tcp-pkt any any -> any any (content:!"a"; isdataat:0; sid:4;)
"""
    assert every_way(rules, frames((CLIENT, b"abcd")), "no") == {1: 1, 2: 1}
    assert every_way(rules, frames((CLIENT, b"abcd")), "own") == {}
    assert every_way(rules, frames((CLIENT, b"a" * 3_000)), "no") == {}, "as long as a chunk may be"


def test_a_head_for_streams_without_contents_is_one_for_packets():
    rules = "alert tcp-stream any any -> any any (flow:not_established,from_client; sid:1;)\n"
    assert every_way(rules, frames((CLIENT, b"a")), "no") == {1: 1}, "the SYN"


def test_the_end_of_a_side_is_a_number_of_its_own():
    rules = "alert tcp any any -> any any (stream_size:client,=,6; flags:FA; flow:to_server; sid:1;)\n"
    assert every_way(rules, frames((CLIENT, b"abcd")), "no") == {1: 1}


CONFLICTS = {
    ("tcp-stream", "ttl:64;"): "flow",
    ("tcp", 'flow:only_stream; dsize:3; content:"y";'): "flow",
    ("http", 'ttl:64; http.uri; content:"x";'): "flow",
    ("tcp-pkt", 'http.uri; content:"x";'): "flow",
    ("http", "app-layer-protocol:!dns;"): "app-layer-protocol",
    ("http", 'http.header.raw; content:"a";'): "http.header.raw",
    ("tcp", "flow:stateless,established;"): "flow",
    ("tcp", "flow:established,to_server,no_stream,no_frag;"): "flow",
    ("tcp", "dsize:<10; dsize:>1;"): "dsize",
    ("tcp", "dsize:1<>2;"): "dsize",
    ("tcp", 'dsize:3; content:!"abcd";'): "dsize",
    ("tcp", "id:!3;"): "id",
    ("tcp", "tos:>3;"): "tos",
    ("tcp", "ip_proto:6;"): "ip_proto",
    ("udp", 'tcp.hdr; content:"x";'): "tcp.hdr",
    ("tcp", 'ip.src; to_lowercase; content:"a";'): "to_lowercase",
    ("http", 'http.header; content:"A"; rawbytes;'): "rawbytes",
    ("http", 'http.method; content:"a ";'): "http.method",
    ("http", 'http.host; content:"A";'): "http.host",
    ("http", 'http.uri; to_lowercase; content:"A"; nocase;'): "to_lowercase",
    ("http", 'http.uri; bsize:1; content:!"ab";'): "bsize",
    ("tcp", "byte_jump:4,0,bitmask 0x3c;"): "byte_jump",
    ("tcp", "byte_extract:2,16,v0_1,little,bitmask 0x3c;"): "byte_extract",
    ("tcp", "byte_extract:1,0,v; byte_math:bytes 1,offset v,oper +,rvalue 1,result w;"): "byte_math",
    ("tcp", "isdataat:3,rawbytes;"): "isdataat",
    ("tcp", 'content:"a"; offset:3; startswith;'): "startswith",
    ("tcp", 'content:!"abc"; within:2;'): "within",
    ("tcp", 'content:!"abc"; depth:2;'): "depth",
    ("tcp", 'content:"a"; content:"b"; distance:1; depth:1;'): "distance",
    ("tcp", 'content:"abc"; offset:1; fast_pattern:only;'): "fast_pattern",
}
"""Head and options → the word by which Suricata 7 refuses the rule."""
TAKEN = (
    ("http", 'flags:A; content:"x";'),
    ("http", 'stream_size:client,>,1; http.uri; content:"x";'),
    ("http", 'ip.src; content:"x"; http.uri; content:"y";'),
    ("tcp", "flow:established,to_server,no_stream;"),
    ("tcp", 'dsize:<3; content:"abc";'),
    ("ip", "ip_proto:6;"),
    ("ip", 'tcp.hdr; content:"x";'),
    ("http", 'flow:to_server; http.header.raw; content:"a";'),
    ("http", 'http.uri; to_lowercase; content:!"A";'),
    ("tcp", 'content:"a"; isdataat:3,relative,rawbytes;'),
    ("tcp", 'content:"a"; depth:3;'),
)


@pytest.mark.parametrize(("rule", "keyword"), CONFLICTS.items())
def test_words_that_do_not_go_together_there(rule, keyword):
    text = f"alert {rule[0]} any any -> any any ({rule[1]} sid:1;)"
    with pytest.raises(RuleError) as told:
        refuse_conflicts(text, read_rule(text, Origin("a", 1)))
    assert told.value.keyword == keyword


@pytest.mark.parametrize("rule", TAKEN)
def test_words_that_do(rule):
    text = f"alert {rule[0]} any any -> any any ({rule[1]} sid:1;)"
    refuse_conflicts(text, read_rule(text, Origin("a", 1)))


def test_a_first_question_is_asked_of_no_established_conversation():
    name = b"\3abc\0" + struct.pack(">HH", 1, 1)
    asked, answered = (struct.pack(">HHHHHH", 1, flags, 1, 0, 0, 0) + name for flags in (0x0100, 0x8180))
    rules = "".join(
        f'alert dns any any -> any any (flow:{state}; dns.query; content:"b"; sid:{sid};)\n'
        for sid, state in ((1, "established"), (2, "not_established"))
    )
    there, back = ((CLIENT, (2000, 53)), (SERVER, (53, 2000)))
    datagrams = [
        _ip(struct.pack(">HHHH", *ports, 8 + len(octets), 0) + octets, 17, side)
        for (side, ports), octets in ((there, asked), (back, answered), (there, asked))
    ]
    assert every_way(rules, datagrams, "no") == {1: 1, 2: 1}
