"""What rules cost, as people see it."""

from __future__ import annotations

import json

from tests.cli import terminal

from interlock.report.schema import check as check_schema

CAPTURE = terminal.DEMO / "incident.pcap.gz"
RULES = (
    'alert tcp any any -> any 502 (msg:"a master asks"; content:"|00 00|"; offset:2; depth:2; sid:7; rev:3;)\n'
    'alert tcp any any -> any 502 (msg:"almost"; content:"|00 00|"; offset:2; depth:2; pcre:"/never this/"; sid:8;)\n'
    'alert tcp any any -> any any (msg:"not near"; content:"nothing of the sort"; sid:9;)\n'
)


def test_what_an_analyze_counted(tmp_path):
    rules = tmp_path / "a.rules"
    rules.write_text(RULES)
    out = tmp_path / "out"
    assert terminal.run("analyze", CAPTURE, "--signatures", rules, "--out", out).code == 0
    document = json.loads(terminal.run("signature", "top", out, "--json").out)
    check_schema(document, "signature-top")
    found = {one["message"]: one for one in document["rules"]}
    assert (document["in_force"], document["looked_at"], document["trial"]) == (3, 2, None)
    findings = json.loads((out / "findings.json").read_text())["findings"]
    said = sum(one["count"] for one in findings if one["detector"] == "signature")
    assert (found["a master asks"]["hits"], found["a master asks"]["rev"]) == (said, 3)
    almost = found["almost"]
    assert almost["looked"] == almost["near"] > 0 == almost["hits"]
    assert document["cpu_ns"] == sum(one["cpu_ns"] for one in document["rules"]) > 0
    text = terminal.told("signature", "top", out, "--most", 1).out
    assert len(text.splitlines()) == 3
    assert "3 rules in force, 2 of them looked at something" in text

    assert terminal.run("analyze", CAPTURE, "--out", out).code == 0
    assert "signatures.json: is not there" in terminal.one_sentence(terminal.run("signature", "top", out))
    for text in ("", "{}", '{"schema": "interlock/signature-top/1"}', "[1]"):
        (out / "signatures.json").write_text(text)
        assert "cannot be read as what rules cost" in terminal.one_sentence(
            terminal.run("signature", "top", out)
        )
