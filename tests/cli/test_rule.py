"""What a person sees who writes rules."""

from __future__ import annotations

import json
import re

import pytest
from tests.cli import terminal
from tests.cli.terminal import DEMO

INCIDENT = DEMO / "incident.pcap.gz"
GUIDE = (DEMO.parent / "docs" / "rules.md").read_text("utf-8")


def run(*arguments, **how):
    """As a terminal runs it, with its output as text."""
    ended = terminal.run(*arguments, **how)
    return ended._replace(out=ended.out.decode())


def told() -> tuple[str, str]:
    """The rule and the cases of the walk-through, as the document prints them."""
    blocks = re.findall(r"^   ```yaml\n(.*?)^   ```", GUIDE, re.MULTILINE | re.DOTALL)
    rule, cases = (re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks)
    return rule, cases


@pytest.fixture
def folder(tmp_path):
    rule, cases = told()
    (tmp_path / "pump-stopped.yml").write_text(rule, "utf-8")
    (tmp_path / "pump-stopped.test.yml").write_text(cases, "utf-8")
    return tmp_path


def test_the_walk_through_works_as_it_is_printed(folder):
    checked, tried = run("rule", "check", folder), run("rule", "test", folder)
    assert (checked.code, checked.err) == (0, "")
    assert "1 rule of" in checked.out
    assert "0 problems" in checked.out
    assert (tried.code, tried.out) == (0, "2 cases of 1 rule: 0 failed\n")
    listed = run("rule", "list", "--rules", folder)
    assert "pump-stopped" in listed.out
    explained = run("rule", "explain", "pump-stopped", "--rules", folder)
    assert "not client is 10.0.0.30" in explained.out
    assert "Start the pump at its local panel." in explained.out


def test_correlations_of_the_document_are_right(tmp_path):
    block = next(b for b in re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
    (tmp_path / "guessing.yml").write_text(block, "utf-8")
    assert run("rule", "check", tmp_path).code == 0


def test_a_wrong_rule_is_told_with_its_place_and_the_others_are_in_force(folder):
    (folder / "wrong.yml").write_text(told()[0].replace("verb:", "verbs:").replace("c001", "c002"), "utf-8")
    ended = run("rule", "check", folder)
    assert ended.code == 1
    assert re.search(
        r"wrong\.yml:\d+:5: 'verbs' is no field of ot_operation; did you mean 'verb'\?", ended.out
    )
    assert "1 rule of" in ended.out
    document = json.loads(run("rule", "check", folder, "--json").out)
    assert document["in_force"] == ["pump-stopped"]
    assert document["problems"][0]["line"] > 1
    out = folder / "out"
    analyzed = run("analyze", INCIDENT, "--rules", folder, "--out", out)
    assert analyzed.code == 0
    assert "wrong.yml" in analyzed.err
    assert "the other rules stay in force" in analyzed.err
    assert "wrong.yml" in (out / "summary.json").read_text("utf-8")


def test_a_file_that_is_no_text_or_not_there_keeps_no_other_out(folder):
    (folder / "other.yml").write_bytes("title: Für alle\n".encode("latin-1"))
    (folder / "other.test.yml").write_bytes(b"rule: \xff\n")
    (folder / "gone.yml").symlink_to(folder / "nowhere")
    ended = run("rule", "check", folder)
    assert ended.code == 1
    assert f"{folder}/gone.yml:1:1: cannot be read (no such file or directory)" in ended.out + ended.err
    assert f"{folder}/other.yml:1:9: expected UTF-8; found the octet 0xFC" in ended.out + ended.err
    assert "1 rule of" in ended.out
    tried = run("rule", "test", folder)
    assert "other.test.yml:1:7: expected UTF-8; found the octet 0xFF" in tried.out + tried.err
    assert "2 cases of 1 rule: 0 failed" in tried.out
    assert "pump-stopped" in run("rule", "list", "--rules", folder).out
    analysed = run("analyze", INCIDENT, "--rules", folder, "--out", folder / "out")
    assert analysed.code == 0
    assert "other.yml:1:9: expected UTF-8" in analysed.err


def test_a_case_that_fails_is_told(folder):
    cases = told()[1].replace("10.0.0.66", "10.0.0.30")
    (folder / "pump-stopped.test.yml").write_text(cases, "utf-8")
    ended = run("rule", "test", folder)
    assert ended.code == 1
    assert "a laptop switches the pump: expected the rule to fire, and it kept silent" in ended.out


def test_the_pack_is_listed_tested_and_explained():
    listed = json.loads(run("rule", "list", "--json").out)["rules"]
    assert len([rule for rule in listed if rule["alone"]]) >= 60
    ended = run("rule", "test")
    assert (ended.code, ended.out.split(": ")[1]) == (0, "0 failed\n")
    explained = json.loads(run("rule", "explain", "users-tried-out", "--json").out)
    assert "within 1800 s" in explained["looks_for"]
    wrong = run("rule", "explain", "users-tired-out")
    assert wrong.code == 2
    assert "did you mean 'users-tried-out'?" in wrong.err


def test_fields_are_told():
    assert "client_named_engineering" in run("rule", "fields").out
    known = json.loads(run("rule", "fields", "--json").out)["log_sources"]
    assert set(known) == {"ot_operation", "ot_flow", "ot_oddity", "ot_value"}


def test_rules_are_tried_over_a_capture(folder):
    rule = told()[0].replace("      server: 10.0.0.2\n", "").replace("      object: coil:4\n", "")
    (folder / "pump-stopped.yml").write_text(re.sub(r"\n    (server|object): .*", "", rule), "utf-8")
    ended = run("rule", "try", INCIDENT, "--rules", folder, "--only", "--json")
    assert ended.code == 0
    document = json.loads(ended.out)
    assert document["schema"] == "interlock/rule-try/1"
    assert {one["rule"] for one in document["rules"]} <= {"pump-stopped"}
    assert run("rule", "try", INCIDENT, "--rules", folder).code == 0


def test_a_folder_that_is_not_there_ends_with_2(tmp_path):
    for words in (("rule", "check", "nowhere"), ("analyze", INCIDENT, "--rules", "nowhere", "--out", "o")):
        ended = run(*words, cwd=tmp_path)
        assert ended.code == 2
        assert "nowhere: is no folder" in ended.err


def test_a_file_that_is_no_rule_is_not_taken_for_an_empty_folder(tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("title: notes\n", "utf-8")
    ended = run("analyze", INCIDENT, "--out", tmp_path / "out", "--rules", other)
    assert ended.code == 2
    assert "is neither a folder nor a rule" in terminal.one_sentence(ended)


def test_a_rule_of_the_pack_is_replaced_or_switched_off(tmp_path):
    listed = json.loads(run("rule", "list", "--json").out)["rules"]
    taken = next(rule for rule in listed if rule["name"] == "program-deleted")
    rule = re.sub(r"^id: .*$", f"id: {taken['id']}", told()[0], flags=re.MULTILINE)
    (tmp_path / "a.yml").write_text(rule, "utf-8")
    names = {r["name"] for r in json.loads(run("rule", "list", "--rules", tmp_path, "--json").out)["rules"]}
    assert "pump-stopped" in names
    assert "program-deleted" not in names
    (tmp_path / "a.yml").write_text(rule.replace("status: test", "status: unsupported"), "utf-8")
    off = run("rule", "list", "--rules", tmp_path, "--json")
    assert "is not in force" in off.err
    assert not {"pump-stopped", "program-deleted"} & {r["name"] for r in json.loads(off.out)["rules"]}
