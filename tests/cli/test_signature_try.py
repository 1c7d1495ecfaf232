"""What new rules would have said, before they may speak."""

from __future__ import annotations

import json
import os
from functools import partial

import pytest
from tests.cli import terminal

from bootstrap.test_signature_sets import asks
from capture.writers import Packet, pcap
from interlock.report.schema import check as check_schema

CAPTURE = terminal.DEMO / "incident.pcap.gz"
OLD = 'alert tcp any any -> any 502 (msg:"old"; content:"|00 00|"; offset:2; depth:2; sid:1;)\n'
SETS = (
    'alert tcp any any -> any 502 (msg:"marks"; flow:to_server; content:"|00 00|"; offset:2; depth:2; '
    "flowbits:set,asked; noalert; sid:2;)\n"
)
ASKS = (
    'alert tcp any 502 -> any any (msg:"answers"; flow:to_client; content:"|00 00|"; offset:2; depth:2; '
    "flowbits:isset,asked; sid:3;)\n"
)
NEVER = 'alert tcp any any -> any any (msg:"never"; content:"nothing of the sort"; sid:4;)\n'
REQUESTS = 'alert modbus any any -> any any (msg:"reads"; modbus:function 3; sid:5;)\n'


@pytest.fixture
def packs(tmp_path):
    env = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    run = partial(terminal.told, "signature", env=env)
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "a.rules").write_text(OLD + SETS)
    assert run("import", folder, "--enforce").code == 0
    (folder / "a.rules").write_text(OLD.replace("old", "changed") + SETS + ASKS + NEVER + REQUESTS)
    assert run("import", folder).code == 0
    return run, tmp_path, env


def tried(run, what, *against):
    ended = run("try", what, *(word for path in against for word in ("--against", path)), "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    check_schema(document, "signature-try")
    return document


def test_only_what_is_new_or_changed_is_tried(packs):
    run, folder, env = packs
    document = tried(run, 2, CAPTURE)
    assert (document["version"], document["rules"]) == (2, 4)
    found = {one["message"]: one for one in document["would_speak"]}
    assert set(found) == {"changed", "answers", "reads"}, "marks of rules that are not new are there for them"
    out = folder / "out"
    rules = folder / "one" / "a.rules"
    options = ("--signatures", rules, "--midstream", "own", "--out", out)  # as a sensor
    assert terminal.run("analyze", CAPTURE, *options, env=env).code == 0
    findings = json.loads((out / "findings.json").read_text())["findings"]
    for message, one in found.items():
        ours = [f for f in findings if f["detector"] == "signature" and f["title"].startswith(f"{message}: ")]
        assert one["count"] == sum(f["count"] for f in ours)
        assert one["pairs"] == len(ours)
        assert one["first"] == min(f["time"] for f in ours)[:19] + "+00:00"
    assert document == {**tried(run, folder / "one", CAPTURE), "version": 2}
    text = run("try", 2, "--against", CAPTURE).out
    assert "4 rules are new or changed; 3 of them would have spoken" in text
    assert "1:3:0 answers: " in text


def test_of_a_store_rules_about_requests_are_tried(packs):
    run, folder, _ = packs
    assert terminal.run("sensor", "replay", CAPTURE, "--out", folder / "store").code == 0
    document = tried(run, 2, folder / "store")
    assert [one["message"] for one in document["would_speak"]] == ["reads"]
    (store,) = document["stores"]
    assert (store["path"], store["tried"]) == (str(folder / "store"), 1)
    assert store["not_tried"] == [
        {"reason": "octets of packets and streams", "count": 3, "rules": ["1:1", "1:3", "1:4"]}
    ]
    text = run("try", 2, "--against", folder / "store").out
    assert f"{folder / 'store'}: 1 rule could be held against what it keeps" in text
    assert (
        f"{folder / 'store'}: 3 rules could not: a store keeps nothing of octets of packets and streams"
        in text
    )


HEAD = 'alert {} any any -> any any (msg:"{}"; {} sid:{};)\n'
ABLE = {
    "any write": ("modbus", "modbus:access write;"),
    "a function": ("modbus", "modbus:function 16;"),
    "a register": ("modbus", "modbus:access write holding, address <200;"),
    "a value": ("modbus", "modbus:access write holding, address <65000, value >0;"),
    "no such value": ("modbus", "modbus:access write holding, address <65000, value 64999;"),
    "a name": ("dns", 'dns.query; content:"bad.example"; nocase; endswith;'),
    "a long name": ("dns", "dns.query; bsize:>11;"),
    "an answer's name": ("dns", 'flow:to_client; dns.query; content:"bad";'),
    "another name": ("udp", 'dns.query; content:"never.example";'),
    "marks": ("dns", 'dns.query; content:"good.example"; xbits:set,asked,track ip_src; noalert;'),
    "asks marks": ("dns", 'dns.query; content:"bad.example"; xbits:isset,asked,track ip_src;'),
}
UNABLE = {
    "octets": ("tcp", 'content:"|00 00|"; flowbits:set,seen;', "octets of packets and streams"),
    "a path": ("http", 'http.uri; content:"/";', "what http carries"),
    "a name and what it was called": (
        "dns",
        'dns.query; content:"a"; tls.sni; content:"a";',
        "what tls carries",
    ),
    "asks for octets' marks": (
        "dns",
        'dns.query; content:"bad"; flowbits:isnotset,seen;',
        "marks or numbers that a rule sets which cannot be tried",
    ),
    "flags": ("tcp", "flags:S;", "headers or sizes of packets and streams"),
    "by TCP": ("tcp", 'dns.query; content:"bad";', "a name that was asked for by tcp alone"),
}


def test_a_store_says_the_same_as_its_capture(tmp_path):
    """Of all rules that can be held against both; what the others ask for is said."""
    env = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    run = partial(terminal.told, "signature", env=env)
    names = ("good.example", "BAD.example", "worse.bad.example", "bad.example", "caf\xe9.example")
    frames = [
        Packet(time=(1_600_000_000 + k) * 10**9, octets=asks(k, name)) for k, name in enumerate(names, 1)
    ]
    (tmp_path / "dns.pcap").write_bytes(pcap(frames))
    rules = tmp_path / "a.rules"
    words = {name: (head, options) for name, (head, options, *_) in (ABLE | UNABLE).items()}
    rules.write_text(
        "".join(
            HEAD.format(head, name, options, k) for k, (name, (head, options)) in enumerate(words.items(), 1)
        )
    )
    spoke = set()
    for capture in (CAPTURE, tmp_path / "dns.pcap"):
        store = tmp_path / f"store-{capture.name}"
        assert terminal.run("sensor", "replay", capture, "--out", store).code == 0
        told = {}
        for against in (capture, store):
            document = tried(run, rules, against)
            told[against] = {
                (one["message"], pair["client"], pair["server"])
                for one in document["would_speak"]
                for pair in one["most"]
                if one["message"] in ABLE
            }
        assert told[store] == told[capture]
        spoke |= {message for message, *_ in told[store]}
        (kept,) = document["stores"]
        assert kept["tried"] == len(ABLE)
        ids = {f"1:{k}": name for k, name in enumerate(words, 1)}
        assert {ids[one]: why["reason"] for why in kept["not_tried"] for one in why["rules"]} == {
            name: reason for name, (*_, reason) in UNABLE.items()
        }
    assert spoke == set(ABLE) - {"no such value", "an answer's name", "another name", "marks"}


def test_before_anything_is_in_force_all_rules_are_new(tmp_path):
    env = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    run = partial(terminal.told, "signature", env=env)
    (tmp_path / "a.rules").write_text(OLD + NEVER)
    document = tried(run, tmp_path / "a.rules", CAPTURE)
    assert (document["rules"], [one["message"] for one in document["would_speak"]]) == (2, ["old"])


def test_what_cannot_be_tried_is_said(packs):
    run, folder, _ = packs
    assert "there is no version 9" in terminal.one_sentence(run("try", 9, "--against", CAPTURE))
    assert run("try", folder / "gone", "--against", CAPTURE).code == 2
    assert run("stage").code == 2
    assert "there is no version 9" in terminal.one_sentence(run("stage", 9))
