"""Rules in plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bootstrap.signature_files import rule_files
from interlock.detect.signatures.explaining import class_in_words, links, looked_for, octets_in_words
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule, read_rules

from .sets import FOLDER, needs_sets


def rule(options):
    return read_rule(f"alert tcp any any -> any any ({options} sid:1;)", Origin("a.rules", 1))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"GET", '"GET"'),
        (b"a", '"a"'),
        (b'say "x";', '"say "x";"'),
        (b"\x32\x07\x00\x00", "the octets 32 07 00 00"),
        (b"\x0binvalid.cab\x00", 'the octets 0b "invalid.cab" 00'),
        (b"\x00" * 30, "the octets " + "00 " * 23 + "00…"),
        (b"x" * 90, '"' + "x" * 80 + '"…'),
    ],
)
def test_octets_in_words(octets, words):
    assert octets_in_words(octets) == words


@given(st.binary(min_size=1, max_size=100))
def test_any_octets_are_printable_words(octets):
    assert octets_in_words(octets).isprintable()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            'http.method; content:"GET"; http.uri; content:"/a.asp?"; startswith; content:"id="; pcre:"/UNION.+S/i";',
            '"/a.asp?" (at its beginning), "id=" and a match of /UNION.+S/ in the path that is asked for by HTTP',
        ),
        (
            'tls.sni; content:"bad.example"; bsize:11;',
            '"bad.example" (all of it) in the host that TLS is opened to (SNI)',
        ),
        (
            'content:"|00 00|"; depth:2; content:!"|00 06|"; offset:4;',
            "the octets 00 00 and no octets 00 06 in what is sent",
        ),
        ("modbus:function 5;", "modbus:function 5"),
        ("flags:S;", "flags:S"),
    ],
)
def test_what_is_looked_for(options, words):
    assert words in looked_for(rule(options))


def test_the_most_telling_is_named_and_the_rest_counted():
    options = "".join(f'content:"{"x" * k}";' for k in range(1, 8))
    said = looked_for(rule(options))
    assert '"xxxxxxx"' in said
    assert '"x",' not in said
    assert said.endswith("; and 3 things more")


def test_references_are_links():
    refers = "reference:url,example.org/a; reference:url,https://example.org; reference:cve,2021-1; "
    refers += "reference:bugtraq,7;"
    assert links(rule(f'content:"a"; {refers}')) == (
        "http://example.org/a",
        "https://example.org",
        "CVE-2021-1",
        "Bugtraq 7",
    )


def test_classes():
    assert "no class" in class_in_words("")
    assert "met this in attacks" in class_in_words("trojan-activity")
    assert "no attack by itself" in class_in_words("policy-violation")
    assert class_in_words("own-class") == "Who wrote the rule files it under own-class."


@needs_sets
def test_every_public_rule_has_words():
    for file in rule_files(str(FOLDER)):
        for read in read_rules(file.text(), file.name):
            if read.signature is not None:
                said = looked_for(read.signature)
                assert said, read.signature.sid
                assert len(said) < 1_500, read.signature.sid
                assert all(len(link) > 3 for link in links(read.signature))
