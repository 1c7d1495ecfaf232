"""STIX, MISP and tables: what they say is in force, what is beyond us is refused by its id with the reason."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.indicators.model import UNKNOWN, Indicator, Refused
from interlock.detect.signatures.indicators.reading import read_indicators
from interlock.detect.signatures.indicators.stix_pattern import values_of
from interlock.errors import ConfigError


def read(text: str) -> tuple[list[Indicator], list[Refused]]:
    found = list(read_indicators(text.splitlines(keepends=True), "feed"))
    return [one for one in found if isinstance(one, Indicator)], [
        one for one in found if isinstance(one, Refused)
    ]


def bundle(*objects: dict[str, Any]) -> str:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": list(objects)})


def indicator(pattern: str, **more: Any) -> dict[str, Any]:
    fixed = {
        "type": "indicator",
        "id": "indicator--1",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }
    return {**fixed, "pattern": pattern, **more}


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[ipv4-addr:value = '192.0.2.1']", [("address", "192.0.2.1")]),
        ("[ipv4-addr:value = '192.0.2.0/24']", [("network", "192.0.2.0/24")]),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", [("network", "192.0.2.0/24")]),
        ("[ipv4-addr:value = '192.0.2.1/32']", [("address", "192.0.2.1")]),
        ("[ipv6-addr:value = '2001:db8::/32']", [("network", "2001:db8::/32")]),
        (
            "[domain-name:value IN ('a.example', 'B.example')]",
            [("domain", "a.example"), ("domain", "b.example")],
        ),
        ("[url:value = 'http://h.example/it\\'s']", [("url", "h.example/it's")]),
        ("[file:hashes.MD5 = '" + "A" * 32 + "']", [("md5", "a" * 32)]),
        ("[file:hashes.'SHA-256' = '" + "b" * 64 + "']", [("sha256", "b" * 64)]),
        ("[x509-certificate:hashes.'SHA-1' = '" + "c" * 40 + "']", [("certificate", "c" * 40)]),
        ("[network-traffic:dst_ref.value = '192.0.2.1']", [("address", "192.0.2.1")]),
        (
            "([domain-name:value = 'a.example'] OR [(url:value = 'http://b.example/' OR url:value='http://c.example/')])",
            [("domain", "a.example"), ("url", "b.example/"), ("url", "c.example/")],
        ),
    ],
)
def test_patterns_that_name_values(pattern: str, values: list[tuple[str, str]]) -> None:
    assert values_of(pattern) == values


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[file:name = 'a.exe']", "file:name"),
        ("[domain-name:value = 'a.example' AND url:value = 'http://b.example/']", "AND"),
        ("[domain-name:value = 'a.example'] AND [url:value = 'http://b.example/']", "AND"),
        ("[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'http://b.example/']", "FOLLOWEDBY"),
        ("[domain-name:value = 'a.example'] REPEATS 5 TIMES", "REPEATS"),
        ("[domain-name:value LIKE '%.example']", "LIKE"),
        ("[domain-name:value MATCHES '.*']", "MATCHES"),
        ("[domain-name:value != 'a.example']", "!="),
        ("[NOT domain-name:value = 'a.example']", "NOT"),
        ("[domain-name:value = 5]", "single quotes"),
        ("[domain-name:value = 'a.example'", "ends too early"),
        ("[ipv4-addr:value = 'nowhere']", "address"),
        ("(" * 50 + "[url:value = 'http://a.example/']", "deeply"),
        ("", "ends too early"),
    ],
)
def test_patterns_beyond_us_are_refused_whole(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("!=", "!=")):
        values_of(pattern)
    good, (refused,) = read(bundle(indicator(pattern)))
    assert good == []
    assert refused.id == "indicator--1"
    assert reason in refused.reason


@given(st.text("[]()'=,:. \\ANDORINabc09-", max_size=60))
def test_any_pattern_is_values_or_refused(pattern: str) -> None:
    with suppress(ValueError):
        assert values_of(pattern)


def test_an_indicator_keeps_its_giver_validity_and_confidence() -> None:
    identity = {"type": "identity", "id": "identity--1", "name": "CERT"}
    text = bundle(
        indicator(
            "[url:value = 'http://a.example/']",
            created_by_ref="identity--1",
            confidence=85,
            valid_until="2026-02-01T00:00:00.5Z",
            name="dropper",
        ),
        identity,
        indicator("[url:value = 'http://b.example/']", id="indicator--2"),
    )
    (first, second), refused = read(text)
    assert refused == []
    assert (first.origin, first.confidence, first.told) == ("CERT", 85, "dropper")
    assert (first.begins, first.ends) == (1_767_225_600, 1_769_904_000)
    assert (second.origin, second.confidence, second.ends) == ("feed", UNKNOWN, 0)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"revoked": True}, "revoked"),
        ({"pattern_type": "snort"}, "snort"),
        ({"valid_from": "soon"}, "no time"),
        ({"confidence": 101}, "confidence"),
        ({"pattern_type": 5}, "pattern"),
    ],
)
def test_indicators_that_are_wrong_are_refused_alone(more: dict[str, Any], reason: str) -> None:
    pattern = "[url:value = 'http://a.example/']"
    good, (refused,) = read(bundle(indicator(pattern, **more), indicator(pattern, id="indicator--2")))
    assert [one.id for one in good] == ["indicator--2"]
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type":"bundle","objects":[{"type":"indicator"', "line 1"),
        ('{"objects":[{} {}]}', "line 1"),
        ('{"a": 1}', "neither"),
        ("[1, 2]", "neither"),
        ('{"a": ' + "[" * 20_000, "nested|line 1"),
    ],
)
def test_json_that_is_broken_or_something_else_is_told(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read(text)


def attribute(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "to_ids": True, "uuid": f"u-{kind}", **more}


def test_misp_attributes_for_detection() -> None:
    event = {
        "info": "campaign",
        "Orgc": {"name": "CIRCL"},
        "Tag": [{"name": 'misp:confidence-level="usually-confident"'}],
        "Attribute": [
            attribute("ip-dst", "192.0.2.1"),
            attribute("filename|md5", "a.exe|" + "a" * 32),
            attribute("domain", "not.example", to_ids=False),
            attribute("domain", "gone.example", deleted=True),
            attribute("yara", "rule x {}"),
            attribute("ip-dst|port", "192.0.2.1|80"),
            attribute("md5", "short"),
        ],
        "Object": [{"Attribute": [attribute("url", "http://h.example/a")]}],
    }
    good, refused = read(json.dumps({"response": [{"Event": event}]}))
    assert {(one.kind, one.value) for one in good} == {
        ("address", "192.0.2.1"),
        ("md5", "a" * 32),
        ("url", "h.example/a"),
    }
    assert {(one.origin, one.confidence, one.told) for one in good} == {("CIRCL", 75, "campaign")}
    assert [one.id for one in refused] == ["u-yara", "u-ip-dst|port", "u-md5"]


def test_tables_with_a_head() -> None:
    text = (
        "type;value;confidence;valid_from;valid_until;source;description\n"
        "ipv4;192.0.2.1;80;2026-01-01;2026-02-01;CERT;botnet\n"
        ";evil.example;;;;;\n"
        "md5;not a hash;;;;;\n"
        "mutex;x;;;;;\n"
        "domain;late.example;many;;;;\n"
    )
    good, refused = read(text)
    assert good == [
        Indicator("address", "192.0.2.1", "CERT", "", 80, 1_767_225_600, 1_769_904_000, "botnet"),
        Indicator("domain", "evil.example", "feed"),
    ]
    assert [one.id for one in refused] == ["line 4", "line 5", "line 6"]


def test_a_head_may_be_a_comment() -> None:
    text = '# a feed\n# "first_seen","dst_ip","dst_port","malware"\n"2026-01-01","192.0.2.1","443","Emotet"\n'
    (one,), refused = read(text)
    assert (one.value, one.told, refused) == ("192.0.2.1", "Emotet", [])
