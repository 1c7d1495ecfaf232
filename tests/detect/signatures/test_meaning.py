"""What rules mean: the documentation's own examples, and what follows from it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib

import pytest

from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.language.writing import write_rule
from interlock.detect.signatures.plain.matching import Matcher
from interlock.detect.signatures.plain.memory import Memory
from interlock.detect.signatures.plain.unit import Unit

VARIABLES = Variables()
PC, PLC, OUTSIDE = 0x0A000042, 0x0A000002, 0x08080808


def matcher(options, head="alert tcp any any -> any any"):
    signature = read_rule(f"{head} ({options} sid:1;)", Origin("a", 1))
    return Matcher(signature, VARIABLES.ends(signature.header))


ENDS = {"source": PC, "target": PLC, "source_port": 1, "target_port": 502}


def sent(one, octets, **unit):
    """A payload as the rule looks at it: packet or stream."""
    level = min(one.levels)
    return Unit(**{"level": level, "buffers": {level: (octets,)}, **ENDS, **unit})


def hits(options, octets=b"", head="alert tcp any any -> any any", memory=None, **unit):
    one = matcher(options, head)
    return one.hits(sent(one, octets, **unit), memory or Memory())


def holds(octets, buffer="http.uri", **buffers):
    def ask(options):
        named = {buffer: (octets,), **buffers}
        return hits(f"{buffer}; {options}", level="transaction", application="http", buffers=named)

    return ask


@pytest.mark.parametrize(
    ("options", "octets", "expected"),
    [
        ('content:"a|0D|bc";', b"xa\rbc", True),
        ('content:"abc";', b"ABC", False),
        ('content:"abc"; nocase;', b"xABc", True),
        ('content:"abc"; depth:3;', b"xabc", False),
        ('content:"def"; offset:3; depth:3;', b"abcdefghij", True),
        ('content:"def"; offset:4; depth:3;', b"abcdefghij", False),
        ('content:!"abc";', b"ab", True),
        ('content:!"abc";', b"", True),
        ('content:"GET "; startswith;', b" GET ", False),
        ('content:"GET "; startswith;', b"GET /", True),
        ('content:"a"; startswith; offset:2;', b"xxab", True),
        ('content:".php"; endswith;', b".php?.php", True),
        ('content:".php"; endswith;', b".php?", False),
        ('content:!".php"; endswith;', b".php.php", False),
        ('content:!".php"; endswith;', b".php?", True),
        ('content:"abc"; content:"def"; distance:0;', b"defabc", False),
        ('content:"abc"; content:"def"; distance:1;', b"abcdef", False),
        ('content:"abc"; content:"def"; distance:1;', b"abc-def", True),
        ('content:"abc"; content:"bcd"; distance:-2;', b"abcd", True),
        ('content:"abc"; content:"def"; within:3;', b"abcdef", True),
        ('content:"abc"; content:"def"; within:3;', b"abc-def", False),
        ('content:"abc"; content:"def"; distance:1; within:3;', b"abc-def", True),
        ('content:"abc"; content:"def"; distance:1; within:3;', b"abc--def", False),
        # another place of what comes first makes what comes behind hold
        ('content:"a"; content:"b"; within:1;', b"aXab", True),
        ('content:"a"; content:"b"; within:1; content:"c"; within:1;', b"abXabc", True),
        ('content:"a"; content:"b"; distance:0; content:"c"; within:1;', b"abXbc", True),
        ('content:"a"; isdataat:!1,relative;', b"aba", True),
        # it says where the content must not be, then: nothing of what comes before it
        ('content:"a"; content:!"c"; isdataat:!1,relative;', b"abc", False),
        ('content:"a"; content:!"c"; isdataat:!1,relative;', b"abcd", True),
        ('content:"a"; content:!"c"; isdataat:!2,relative;', b"abcd", False),
        ('content:"a"; byte_test:1,=,7,0,relative;', b"a\x01a\x07", True),
        ('content:"a"; pcre:"/^b/R";', b"aXab", True),
        ('content:"a"; content:!"b"; within:1;', b"abaX", True),
        ('content:"a"; content:!"b"; within:1;', b"abab", False),
        ('content:"NICK "; content:!"ok"; distance:0;', b"NICK ok", False),
    ],
)
def test_contents(options, octets, expected):
    assert hits(options, octets) is expected


@pytest.mark.parametrize(
    ("options", "octets", "expected"),
    [
        ("isdataat:31;", bytes(32), True),
        ("isdataat:32;", bytes(32), False),
        ("isdataat:32,relative;", bytes(32), True),
        ("isdataat:33,relative;", bytes(32), False),
        ('content:"c"; isdataat:5,relative;', b"abcdefgh", True),
        ('content:"c"; isdataat:6,relative;', b"abcdefgh", False),
        ("isdataat:!8;", b"abcdefgh", True),
        ("byte_test:2,=,0x01,0;", b"\0\1\0\2", True),
        ("byte_test:2,!=,1,0;", b"\0\1", False),
        ("byte_test:2,=,256,0,little;", b"\0\1", True),
        ("byte_test:1,&,0x0c,0;", b"\x04", True),
        ("byte_test:1,!&,0x0c,0;", b"\x10", True),
        ("byte_test:1,^,4,0;", b"\x04", False),
        ("byte_test:4,=,1337,0,string,dec;", b"1337", True),
        ("byte_test:4,=,1337,0,string,dec;", b"13x7", False),
        ("byte_test:0,=,0,0,string,dec;", b"0 x", True),
        ("byte_test:4,=,255,0,string,hex;", b"0xff", True),
        ("byte_test:1,=,3,0,bitmask 0x0c;", b"\xfd", True),
        ("byte_test:2,=,0,3;", b"\0\0\0\0", False),
        ('byte_jump:1,0; content:"b"; within:1;', b"\2xxb", True),
        ('byte_jump:1,0; content:"b"; within:1;', b"\1xxb", False),
        ('byte_jump:1,0,multiplier 2; content:"b"; within:1;', b"\1xxb", True),
        ('byte_jump:1,0,align; content:"b"; within:1;', b"\1xxxxb", True),
        ('byte_jump:1,0,from_beginning; content:"b"; within:1;', b"\2xb", True),
        ('byte_jump:0,0,from_end,post_offset -2; content:"l3"; within:2;', b"xxxl3", True),
        ("byte_jump:1,0;", b"\5xx", False),
        # A jump may end where the octets end, where Suricata says that data may be, but not beyond.
        ("byte_jump:1,0;", b"\2xx", True),
        ("byte_jump:1,0;", b"\3xx", False),
        ("byte_jump:1,0; isdataat:!1,relative;", b"\2xx", True),
        ("byte_jump:1,0; isdataat:1,relative;", b"\2xx", False),
        ("byte_jump:2,4; isdataat:0,relative;", b"\0\0\0\0\0\1ab", True),
        ('byte_extract:1,0,n; content:"b"; distance:n; within:1;', b"\3xxxb", True),
        ('byte_extract:1,0,n; content:"b"; offset:n; depth:1;', b"\4xxxb", True),
        ("byte_extract:1,0,n; byte_test:1,=,n,1;", b"\3\3", True),
        ("byte_extract:1,0,n,multiplier 4; isdataat:n;", b"\1abcd", True),
        ("byte_math:bytes 1,offset 0,oper *,rvalue 3,result r; byte_test:1,=,r,1;", b"\2\6", True),
        ("byte_math:bytes 1,offset 0,oper /,rvalue 0,result r;", b"\2", False),
        ('content:"a"; byte_extract:1,0,n,relative; content:"b"; distance:n; within:1;', b"a\x09a\1-b", True),
    ],
)
def test_numbers_on_the_wire(options, octets, expected):
    assert hits(options, octets) is expected


@pytest.mark.parametrize(
    ("options", "octets", "expected"),
    [
        ('pcre:"/[0-9]{6}/";', b"x123456", True),
        ('pcre:!"/[0-9]{6}/";', b"x123456", False),
        ('pcre:"/^b$/m";', b"a\nb\nc", True),
        ('pcre:"/^b$/";', b"a\nb\nc", False),
        ('pcre:"/a.b/";', b"a\nb", False),
        ('pcre:"/a.b/s";', b"a\nb", True),
        ('pcre:"/b/A";', b"ab", False),
        ('pcre:"/c|b|a # or/Ax";', b"xb", False),
        ('pcre:"/c|b # or/Ax";', b"bx", True),
        ('pcre:"/a.*b/G"; content:"c"; within:1;', b"abcab", True),
        ('pcre:"/a.*b/"; content:"c"; within:1;', b"abcab", False),
        ('pcre:"/a b/x";', b"ab", True),
        ('pcre:"/a$/";', b"a\n", True),
        ('pcre:"/a$/E";', b"a\n", False),
        ('content:"a"; pcre:"/^b/R"; content:"c"; within:1;', b"abXabc", True),
        ('content:"x"; pcre:"/(?<=x)b/R";', b"xb", False),
        (r'pcre:"/(?P<q>[ab])(?P=q)/";', b"xabb", True),
        (r'pcre:"/(?(?=a)ab|xy)/";', b"xy", True),
        (r'pcre:"/[a-z0-9]{3,}+\./";', b"abc.", True),
        (r'pcre:"/a\;b/";', b"a;b", True),
        (r'pcre:"/(a+)+$/";', b"a" * 4000 + b"b", False),
    ],
)
def test_expressions(options, octets, expected):
    assert hits(options, octets) is expected


def test_an_expression_that_comes_to_its_limit_neither_holds_nor_holds_not():
    octets = b"a" * 40 + b"b"
    for sign in ("", "!"):
        one = matcher(rf'pcre:{sign}"/^(a|aa)+$/";')
        assert not one.hits(sent(one, octets), Memory())
        assert one.limited == 1


def test_steps_are_bounded_whatever_is_sent():
    options = 'content:"a"; ' + 'content:"a"; distance:0; within:9; ' * 12 + 'content:"b"; within:1;'
    assert not hits(options, b"a" * 2_000)


def test_buffers_transformations_and_instances():
    uri = holds(b"/A  b")
    assert uri('content:"/A"; bsize:5;')
    assert not uri('bsize:<5; content:"A";')
    assert uri('to_lowercase; content:"/a";')
    assert uri('strip_whitespace; content:"Ab";')
    assert uri('compress_whitespace; content:"A b"; endswith;')
    assert uri(f'to_sha256; content:"|{hashlib.sha256(b"/A  b").hexdigest()}|"; bsize:32;')
    assert holds(b"a%2fb+c")('url_decode; content:"a/b c";')
    assert holds(b"\x22\x00")('xor:"2021"; content:"|02 21|";')
    assert holds(b"Ab: Cd\r\n:x: y\r\n")(
        'header_lowercase; strip_pseudo_headers; content:"ab: Cd|0d 0a|"; endswith;'
    )
    query = 'dns.query; dotprefix; content:".google.com"; endswith;'
    for name, expected in ((b"hello.google.com", True), (b"google.com", True), (b"agoogle.com", False)):
        unit = {"level": "transaction", "buffers": {"dns.query": (b"x.example", name)}}
        assert hits(query, **unit) is expected


@pytest.mark.parametrize(
    ("octets", "options", "expected"),
    [
        # The documentation's own examples.
        (b"GET /dropper.php HTTP/1.1", r'pcrexform:"[a-zA-Z]+\s+(.*)\s+HTTP"; content:"/dropper.php"; bsize:12;', True),
        (b"VGhpcyBpcyBTdXJpY2F0YQ==", 'from_base64; content:"This is Suricata"; bsize:16;', True),
        (b"/?arg=dGhpc2lzYXRlc3QK", 'from_base64: offset 6, mode rfc4648; content:"thisisatest|0a|"; bsize:12;', True),
        (b"/?arg=Zm 9v Ym Fy", 'from_base64: offset 6, mode rfc2045; content:"foobar"; bsize:6;', True),
        # And what misses them by one thing.
        (b"/?arg=Zm 9v Ym Fy", 'from_base64:mode rfc4648,offset 6; content:"f"; bsize:1;', True),
        (b"/?arg=Zm 9v Ym Fy", 'from_base64:mode rfc4648,offset 6; content:"foobar";', False),
        (b"/?arg=Zm 9v Ym Fy", 'from_base64:mode strict,offset 6; content:"f";', False),
        (b"Zm9vYg==", 'from_base64:mode strict; content:"foob"; bsize:4;', True),
        (b"Zm9vYg", 'from_base64:mode strict; content:"foob";', False),
        (b"Zm9vYmFy", 'from_base64:bytes 4; content:"foo"; bsize:3;', True),
        (b"!Zm9v", 'from_base64; content:!"x";', False),
        (b"GET /dropper.php", r'pcrexform:"[a-zA-Z]+\s+(.*)\s+HTTP"; content:!"x";', True),
        (b"a" * 4_000, r'pcrexform:"(a|aa)+c"; content:!"x"; bsize:4000;', True),
        (gzip.compress(b"y" * 2_000, mtime=0), 'gunzip; content:"yy"; bsize:1024;', True),
        (gzip.compress(b"y" * 2_000, mtime=0), 'gunzip:max-size 4096; content:"yy"; bsize:2000;', True),
        (zlib.compress(b"evil"), 'zlib_deflate; content:"evil"; bsize:4;', True),
        (zlib.compress(b"evil"), 'gunzip; content:!"x";', False),
        (b"ZXZpbA==", 'from_base64; to_uppercase; content:"EVIL"; bsize:4;', True),
    ],
)  # fmt: skip
def test_transformations_with_options(octets, options, expected):
    assert holds(octets)(options) is expected
    rule = matcher("http.uri; " + options).signature
    assert read_rule(write_rule(rule), Origin("a", 1)) == rule


@pytest.mark.parametrize(
    ("option", "keyword"),
    [
        ('pcrexform:"abc"', "pcrexform"),
        ('pcrexform:"(a)(b)"', "pcrexform"),
        ('pcrexform:!"(a)"', "pcrexform"),
        ('pcrexform:"(a"', "pcrexform"),
        ("from_base64:mode relax", "from_base64"),
        ("from_base64:bytes name", "from_base64"),
        ("from_base64:offset 65536", "from_base64"),
        ("from_base64:bytes 1,bytes 2", "from_base64"),
        ("gunzip:max-size 0", "gunzip"),
        ("zlib_deflate:most 9", "zlib_deflate"),
        ("domain", "domain"),
        ("luaxform:x.lua", "luaxform"),
    ],
)
def test_transformations_that_are_refused(option, keyword):
    with pytest.raises(RuleError) as caught:
        matcher(f'http.uri; {option}; content:"a";')
    assert caught.value.keyword == keyword


@pytest.mark.parametrize("option", ['pcre:"/ab(/"', 'pcre:"/ab(/A"', 'pcrexform:"ab("'])
def test_a_place_in_an_expression_is_one_that_its_author_wrote(option):
    with pytest.raises(RuleError, match="at position 3; missing closing parenthesis"):
        matcher(f'http.uri; {option}; content:"a";')


def test_addresses_are_buffers_of_whatever_is_looked_at():
    assert hits('ip.src; content:"|0a 00 00 42|"; bsize:4;')
    assert not hits('ip.dst; content:"|0a 00 00 42|";')
    assert hits('content:"a"; ip.dst; content:"|0a 00 00 02|";', b"a")
    assert not hits('content:"a"; ip.dst; content:"|0a 00 00 02|";', b"b")
    six = {"source": (1 << 32) + 0x2001_0DB8 * (1 << 96) + 7}
    assert hits('ip.src; content:"|20 01 0d b8|"; startswith; bsize:16; content:"|07|"; endswith;', **six)
    assert holds(b"/")('content:"/"; ip.src; content:"|42|"; endswith;')


def test_a_buffer_that_is_not_there_holds_nothing_but_absent():
    unit = {"level": "transaction", "buffers": {"http.uri": (b"/",)}}
    assert not hits('http.referer; content:!"x";', **unit)
    assert hits("http.referer; absent;", **unit)
    assert hits('http.referer; absent:or_else; content:!"x";', **unit)
    assert not hits("http.uri; absent;", **unit)
    assert hits('http.uri; absent:or_else; content:!"x";', **unit)


def test_base64_is_decoded_from_the_match_on():
    octets = b"<d>" + base64.b64encode(b"it is SYSTEM here") + b"</d>"
    rule = 'content:"<d>"; base64_decode:offset 0,relative; base64_data; content:"SYSTEM"; content:"here"; distance:1;'
    assert hits(rule, octets)
    assert not hits(rule.replace("SYSTEM", "system"), octets)
    assert not hits(rule, octets[:9])


def test_heads_variables_and_directions():
    head = "alert tcp $HOME_NET any -> [$EXTERNAL_NET,!8.8.8.8] [80,8000:]"
    assert hits("", head=head, target=OUTSIDE + 1, target_port=80)
    assert not hits("", head=head, target=OUTSIDE, target_port=80)
    assert not hits("", head=head, target=OUTSIDE + 1, target_port=81)
    assert not hits("", head=head, source=OUTSIDE, target=OUTSIDE + 1, target_port=80)
    both = "alert tcp any any <> 10.0.0.66 1"
    assert hits("", head=both)
    assert not hits("", head=both.replace("<>", "->"))
    assert not hits("", head="alert udp any any -> any any")
    echo = {"transport": 1, "source_port": None, "target_port": None, "fields": {"itype": 8}}
    assert hits("itype:8;", head="alert icmp any any -> any any", **echo)


def test_packets_and_conversations():
    assert hits("flags:S,12;", fields={"flags": 0xC2})
    assert not hits("flags:S;", fields={"flags": 0xC2})
    assert hits("flags:+A;", fields={"flags": 0x18})
    assert hits("fragbits:!D;", fields={"fragbits": 1})
    assert hits("flow:established,to_server;", established=True, to_server=True)
    assert not hits("flow:to_server;", to_server=None)
    assert hits("dsize:2<>5;", fields={"dsize": 3})
    assert not hits("dsize:2<>5;", fields={"dsize": 5})
    assert hits("stream_size:server,<,5;", server_octets=3)
    assert not hits("stream_size:server,<,5;", server_octets=4), "a SYN is one of them"
    assert hits("stream_size:server,=,1;", server_octets=0), "it has said nothing yet"
    assert hits("sameip;", target=PC)
    assert not hits('flow:no_stream; content:"a";', level="stream", buffers={"stream": (b"a",)})


def test_what_decoders_read():
    facts = {
        "modbus.access": ("write",),
        "modbus.table": ("holding",),
        "modbus.address": (500,),
        "modbus.value": (201,),
    }
    rule = "modbus:access write holding, address 500, value >200;"
    assert hits(rule, level="transaction", facts=facts)
    assert not hits(rule, level="transaction", facts={**facts, "modbus.value": (200,)})
    assert hits("cip_service:76;", level="transaction", facts={"cip.service": (76, 1)})
    assert hits("ssl_version:sslv3,tls1.0;", level="transaction", facts={"tls.version": ("1.0",)})
    assert not hits("ssl_version:!tls1.2;", level="transaction", facts={"tls.version": ("1.2",)})


def spoken(options, times):
    one, memory = matcher(options), Memory()
    return [one.judge(sent(one, b"a", time=t * 1_000_000_000, flow=t), memory) for t in times]


def test_how_often_a_rule_speaks():
    count = "track by_src,count 2,seconds 10;"
    assert spoken(f"threshold:type limit,{count}", [0, 1, 2, 11]) == [True, True, False, True]
    assert spoken(f"threshold:type threshold,{count}", [0, 1, 2, 3]) == [False, True, False, True]
    assert spoken(f"threshold:type both,{count}", [0, 1, 2, 3]) == [False, True, False, False]
    assert spoken(f"detection_filter:{count}", [0, 1, 2, 3]) == [False, False, True, True]
    assert spoken(f"detection_filter:{count}", [0, 11, 22, 33]) == [False] * 4


def test_rules_set_marks_for_each_other():
    memory = Memory()
    first = matcher('content:"a"; flowbits:set,seen; xbits:set,host,track ip_src,expire 5; noalert;')
    second = matcher('content:"b"; flowbits:isset,seen;')
    third = matcher('content:"b"; xbits:isset,host,track ip_src;')
    assert not second.judge(sent(second, b"b", flow=1), memory)
    assert not first.judge(sent(first, b"a", flow=1), memory), "it is silent itself"
    assert second.judge(sent(second, b"b", flow=1), memory)
    assert not second.judge(sent(second, b"b", flow=2), memory)
    assert third.judge(sent(third, b"b", flow=2), memory)
    assert not third.judge(sent(third, b"b", flow=2, time=6_000_000_000), memory)


def test_numbers_of_a_conversation():
    memory = Memory()
    add, ask = matcher("flowint:n,+,1;"), matcher("flowint:n,>,2;")
    unit = Unit(flow=1, source=PC, target=PLC, source_port=1, target_port=2)
    said = []
    for _ in range(4):
        add.judge(unit, memory)
        said.append(ask.judge(unit, memory))
    assert said == [False, False, True, True]


def test_sets_that_rules_fill():
    memory = Memory()
    first, again = (matcher(f"dns.query; dataset:{c},seen,type string;") for c in ("set", "isset"))
    ends = {"source": PC, "target": PLC, "source_port": 1, "target_port": 53}
    unit = Unit(level="transaction", buffers={"dns.query": (b"a.example",)}, **ends)
    assert not again.hits(unit, memory)
    assert first.hits(unit, memory)
    assert again.hits(unit, memory)
    assert not first.hits(unit, memory), "it is no longer new"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ('filename:"example";', 'file.name; content:"example"; nocase;'),
        ('filename:!"example";', 'file.name; content:!"example"; nocase;'),
        ('fileext:"pdf";', 'file.name; content:".pdf"; nocase; endswith;'),
    ],
)
def test_words_about_files_mean_what_the_guide_says(older, newer):
    """The user guide gives the newer form of each; what it says of .PDF and of "pd" holds."""
    one, other = matcher(older).signature, matcher(newer).signature
    assert one.inspections == other.inspections
    ends = {"source": PC, "target": PLC, "source_port": 1, "target_port": 80}
    hits = [
        matcher(word).hits(Unit(level="transaction", buffers={"file.name": (name,)}, **ends), Memory())
        for word in ('fileext:"pdf";', 'fileext:"pd";')
        for name in (b"a.pdf", b"A.PDF", b"pdf", b"a.pdf.exe")
    ]
    assert hits == [True, True, False, False] + [False] * 4
