"""What new rules would have said, before they may speak."""

from __future__ import annotations

import json
import os
from functools import partial

import pytest
from tests.cli import terminal

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
    assert terminal.run("analyze", CAPTURE, "--signatures", rules, "--out", out, env=env).code == 0
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
    assert any(
        "keeps no octets: 3 rules that ask for octets were not tried" in note for note in document["notes"]
    )


def test_what_cannot_be_tried_is_said(packs):
    run, folder, _ = packs
    assert "there is no version 9" in terminal.one_sentence(run("try", 9, "--against", CAPTURE))
    assert run("try", folder / "gone", "--against", CAPTURE).code == 2
    assert run("stage").code == 2
    assert "there is no version 9" in terminal.one_sentence(run("stage", 9))
