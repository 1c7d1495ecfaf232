"""What of the language is taken, and what refuses a rule."""

from __future__ import annotations

import pytest

from interlock.detect.signatures.language.checks import Bits, Count, Field, Flags, Flow
from interlock.detect.signatures.language.keywords import KEYWORDS, REFUSED
from interlock.detect.signatures.language.model import Origin, Transformation
from interlock.detect.signatures.language.numbers import Bound
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import read_rule, read_rules
from interlock.detect.signatures.language.steps import Content, Expression, FastPattern, IsDataAt, Size

HEAD = "alert tcp any any -> any any"
ORIGIN = Origin("a.rules", 1)


def rule(options: str, head: str = HEAD):
    return read_rule(f"{head} ({options} sid:7;)", ORIGIN)


def steps(options: str, head: str = HEAD):
    return {one.buffer: one.steps for one in rule(options, head).inspections}


def test_contents_have_their_modifiers_and_buffers():
    read = rule(
        'msg:"a \\"b\\"\\; c"; flow:established,to_server; content:"|0d 0A|ab\\;"; nocase; offset:2; depth:9;'
        ' http.uri; content:!"x"; startswith; fast_pattern; content:"y"; distance:-3; within:7; bsize:>4;'
        " isdataat:!1,relative; classtype:bad-unknown; rev:3; reference:url,a.example/b; metadata:k v, w;",
        "alert http $HOME_NET any -> [!10.0.0.1,$EXTERNAL_NET] [80,8000:]",
    )
    assert read.message == 'a "b"; c'
    assert read.checks == (Flow(direction="to_server", established=True),)
    payload, uri = read.inspections
    assert payload.steps == (Content(octets=b"\r\nab;", nocase=True, offset=2, depth=9),)
    assert uri.steps == (
        Content(octets=b"x", negated=True, starts=True, fast=FastPattern()),
        Content(octets=b"y", distance=-3, within=7, ends=True),
        Size(Bound(">", 4)),
    )
    assert (read.sid, read.rev, read.classtype) == (7, 3, "bad-unknown")
    assert read.references == (("url", "a.example/b"),)
    assert read.metadata == (("k", "v"), ("w", ""))
    assert read.header.words() == "http $HOME_NET any -> [!10.0.0.1,$EXTERNAL_NET] [80,8000:]"


def test_older_words_mean_the_same_buffers():
    older = 'content:"/a"; http_uri; content:"b"; nocase; http_uri; pcre:"/c/Ui"; uricontent:"d"; urilen:5;'
    newer = 'http.uri; content:"/a"; content:"b"; nocase; pcre:"/c/i"; content:"d"; bsize:5;'
    assert rule(older, "alert http any any -> any any") == rule(newer, "alert http any any -> any any")
    assert steps('dns_query; content:"x";') == steps('dns.query; content:"x";')


def test_transformations_stand_before_what_is_looked_for():
    (one,) = rule('dns.query; dotprefix; to_lowercase; content:".a"; endswith;').inspections
    assert one.transformations == (Transformation("dotprefix"), Transformation("to_lowercase"))
    with pytest.raises(RuleError, match="dotprefix"):
        rule('dns.query; content:"a"; dotprefix;')


def test_modifiers_are_for_the_last_content_even_behind_other_words():
    (one,) = steps('content:"abc"; isdataat:!2,relative; pcre:"/x/R"; nocase; fast_pattern:1,2;').values()
    assert one[0] == Content(octets=b"abc", nocase=True, fast=FastPattern(start=1, length=2))
    assert one[2] == Expression(pattern=b"x", relative=True)


def test_what_packets_and_conversations_are_asked():
    read = rule(
        "flags:S,12; dsize:9<>18; ttl:<5; flowbits:isset,a|b; flowbits:set,c; xbits:set,d,track ip_src,expire 9;"
        " threshold: type limit, track by_src, count 1, seconds 60; flowbits:noalert;"
    )
    assert read.checks == (
        Flags(mode="=", mask=2, ignored=192),
        Field("dsize", Bound("<>", 9, 18)),
        Field("ttl", Bound("<", 5)),
        Bits(command="isset", names=("a", "b")),
    )
    assert read.effects == (
        Bits(command="set", names=("c",)),
        Bits(command="set", names=("d",), scope="ip_src", seconds=9),
    )
    assert read.counting == Count(kind="limit", track="by_src", count=1, seconds=60)
    assert read.silent


@pytest.mark.parametrize(
    ("options", "keyword"),
    [
        ('nope:"x";', "nope"),
        ('content:"|0";', "content"),
        ('content:"|0 1|";', "content"),
        ('content:"";', "content"),
        ("content:abc;", "content"),
        ('content:"a\\b";', "content"),
        ("nocase;", "nocase"),
        ('content:"abc"; depth:2;', "depth"),
        ('content:"abc"; depth:9; depth:9;', "depth"),
        ('content:"a"; distance:len;', "distance"),
        ('content:"a"; within:0;', "within"),
        ('content:"a"; depth:3; startswith;', "startswith"),
        ('content:"abc"; fast_pattern:1,3;', "fast_pattern"),
        ('pcre:"/(/";', "pcre"),
        ('pcre:"/a/UH";', "pcre"),
        ('pcre:"/a/k";', "pcre"),
        ('http.uri; content:"x"; pcre:"/a/H";', "pcre"),
        ('http.uri; content:"x"; http_header;', "http_header"),
        ("http.uri;", "http.uri"),
        ("bsize:3;", "bsize"),
        ('http.uri; content:"abcd"; bsize:3;', "bsize"),
        ("byte_test:9,=,1,0;", "byte_test"),
        ("byte_test:1,~,1,0;", "byte_test"),
        ("byte_test:1,=,1,0,hex;", "byte_test"),
        ("byte_jump:1;", "byte_jump"),
        ("byte_extract:1,0,1x;", "byte_extract"),
        ("byte_math:bytes 1,offset 0,oper %,rvalue 1,result r;", "byte_math"),
        ("base64_data;", "base64_data"),
        ("flow:to_server,to_client;", "flow"),
        ("flow:sideways;", "flow"),
        ("flowbits:set;", "flowbits"),
        ("xbits:set,a;", "xbits"),
        ("threshold:type never,track by_src,count 1,seconds 1;", "threshold"),
        ("flags:X;", "flags"),
        ("ttl:300;", "ttl"),
        ("dsize:9<>2;", "dsize"),
        ("itype;", "itype"),
        ("dnp3_ind:tired;", "dnp3_ind"),
        ("dce_stub_data;", "dcerpc.stub_data"),
        ("geoip:src,XX;", "geoip"),
        ("app-layer-event:http.gone;", "app-layer-event"),
        ("dataset:isset,a,type string,load a.lst;", "dataset"),
        ('filename:"";', "filename"),
        ("fileext:pdf;", "fileext"),
        ("filemd5:bad.lst;", "filemd5"),
        ("dns.query; dataset:isset,a;", "dataset"),
        ("dns.query; dataset:isset,a,type string,load a,state b;", "dataset"),
        ("dns.query; dataset:isset,a,type string,load a,format json;", "dataset"),
        ("dns.query; datarep:a,>,1,type string;", "datarep"),
        ("dns.query; datarep:a,>=,1,load a,type string;", "datarep"),
        ("dns.query; datarep:a,>,70000,load a,type string;", "datarep"),
        ("s7comm.verb:fly;", "s7comm.verb"),
        ("sid:8;", "sid"),
        ("target:me;", "target"),
    ],
)
def test_one_wrong_word_refuses_the_rule_by_its_name(options, keyword):
    with pytest.raises(RuleError) as refused:
        rule(options)
    assert refused.value.keyword == keyword
    assert refused.value.reason


def test_words_that_are_known_and_not_taken_say_why():
    assert not KEYWORDS.keys() & REFUSED.keys()
    with pytest.raises(RuleError, match="offline"):
        rule("geoip:src,XX;")


@pytest.mark.parametrize(
    "text",
    [
        "alert tcp any any -> any (sid:1;)",
        "alert tcp any any >> any any (sid:1;)",
        "alert warp any any -> any any (sid:1;)",
        "alert tcp 10.0.0.300 any -> any any (sid:1;)",
        "alert tcp [10.0.0.1 any -> any any (sid:1;)",
        "alert tcp any 70000 -> any any (sid:1;)",
        "alert tcp any 9:3 -> any any (sid:1;)",
        "alert tcp any any -> any any (sid:1)",
        "alert tcp any any -> any any sid:1;",
        'alert tcp any any -> any any (msg:"x";)',
        "say tcp any any -> any any (sid:1;)",
    ],
)
def test_a_broken_rule_keeps_out_itself_alone(text):
    good = f"{HEAD} (sid:2;)"
    first, second = read_rules(f"{text}\n{good}\n", "a.rules")
    assert first.signature is None
    assert first.refusal.origin == Origin("a.rules", 1)
    assert second.signature.sid == 2


def test_lines_go_on_and_hashes_switch_off():
    text = f"# a comment\n\n{HEAD} ( \\\n  sid:1;)\r\n#{HEAD} (sid:2;)\n## alert on what is (seen)\n"
    on, off = read_rules(text, "a.rules")
    assert (on.signature.sid, on.signature.origin.line, on.signature.enabled) == (1, 3, True)
    assert (off.signature.sid, off.signature.enabled) == (2, False)


def test_a_refusal_names_file_line_and_rule():
    (read,) = read_rules(f'{HEAD} (msg:"m"; sid:9; warp:1; classtype:c;)', "b.rules")
    assert str(read.refusal) == "b.rules:1: rule 9 is refused: warp: is not supported"
    assert (read.refusal.message, read.refusal.classtype) == ("m", "c")


@pytest.mark.parametrize(
    ("bound", "said"),
    [("010<>037", "10<>37"), ("0x1<>0x0f", "1<>15"), ("007", "7"), ("<0x10", "<16")],
)
def test_zeros_before_a_number_mean_nothing(bound, said):
    """`bsize:1<>037` ended the reading of a file: fuzzing found it (seed 71, case 423844)."""
    (check,) = rule(f"dsize:{bound};").checks
    assert check.bound.words() == said


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "\u0663", "1<>" + "9" * 5_000])
def test_numbers_that_are_none_refuse_the_rule(number):
    for option in (f"dsize:{number}", f"bsize:{number}", f'content:"a"; offset:{number}'):
        with pytest.raises(RuleError):
            rule(f"{option};")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("isdataat:!1,relative;", (Content(octets=b".a", ends=True),)),
        ("isdataat:3,relative;", (Content(octets=b".a"), IsDataAt(position=3, relative=True))),
    ],
)
def test_what_goes_on_from_a_match_stands_where_the_match_does(option, expected):
    read = steps(f'content:".a"; http_host; {option}', "alert http any any -> any any")
    assert read == {"http.host": expected}


def test_numbers_go_on_from_a_match_in_its_buffer():
    read = steps('content:"x"; pcre:"/a/U"; byte_test:1,=,1,0,relative; byte_test:1,=,2,0;')
    assert [len(read[buffer]) for buffer in ("payload", "http.uri")] == [2, 2]
