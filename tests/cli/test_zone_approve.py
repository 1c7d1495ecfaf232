"""What a person sees who approves zones and conduits, and who looks later."""

from __future__ import annotations

import json

import pytest
from tests.cli import terminal

from interlock.report.schema import check as check_schema

run = terminal.told

SITE = """
[[zones]]
name = "panels"
members = ["10.77.1.30", "10.77.1.31", "10.77.1.32"]
sl_t = 2
owner = "automation"

[[zones]]
name = "floor"
members = ["10.77.1.0/24"]
sl_t = 1
owner = "automation"

[[conduits]]
name = "all"
from = ["panels"]
to = ["floor"]
protocols = ["modbus", "s7comm"]
verbs = ["*"]
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A quiet minute and a half, and one in which the engineering station loads a program."""
    folder = tmp_path_factory.mktemp("approve")
    for name, extra in (("quiet", ()), ("work", ("--event", "work-order-download@0.3"))):
        made = run(
            "plant", "record", "--minutes", "2", "--seed", "5", "--out", folder / f"{name}.pcap", *extra
        )
        assert made.code == 0, made.err
        assert run("analyze", folder / f"{name}.pcap", "--out", folder / name).code == 0
    return folder


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site file, and two approvers of whom one must sign."""
    monkeypatch.setenv("INTERLOCK_APPROVERS", str(tmp_path / "approvers.json"))
    for name in ("anna", "bo"):
        assert run("approver", "new-key", tmp_path / name, "--no-passphrase").code == 0
        assert run("approver", "add", name, "--key", tmp_path / f"{name}.pub").code == 0
    file = tmp_path / "site.toml"
    file.write_text(SITE, "utf-8")
    return file


def checked(site, *traffic):
    ended = run("zone", "check", *traffic, "--site", site, "--json")
    assert ended.code in {0, 1}, ended.err
    document = json.loads(ended.out)
    check_schema(document, "zone-check")
    (answer,) = (each for each in document["requirements"] if each["id"] == "ZCR 7")
    return document["approval"], answer["answer"], answer["sentence"]


def approve(site, who, *traffic):
    return run("zone", "approve", *traffic, "--site", site, "--key", site.with_name(who), "--yes")


def test_nothing_is_approved_until_somebody_does(plant, site):
    approval, answer, sentence = checked(site, plant / "quiet")
    assert (approval, answer) == (None, "unknown")
    assert "`interlock zone approve` records one" in sentence


def test_what_changes_since_an_approval_is_told(plant, site):
    made = approve(site, "anna", plant / "quiet")
    assert (made.code, made.err) == (0, "")
    assert "2 zones, 1 conduit, " in made.out
    approval, answer, sentence = checked(site, plant / "quiet")
    assert answer == "met", sentence
    assert (approval["changes"], approval["new"], approval["gone"]) == ([], [], [])
    assert approval["approvers"] == ["anna"]
    # Other traffic: the engineering station comes, with what the policy allows.
    later, answer, _ = checked(site, plant / "work")
    assert answer == "met"
    new = {(row["client"], row["protocol"], row["verb"], row["allowed"]) for row in later["new"]}
    assert ("10.77.1.32", "s7comm", "program-write", True) in new
    assert all(
        row["client"] in {"10.77.1.32", "10.77.1.12"} or row["server"] == "10.77.1.32" for row in later["new"]
    )
    told = run("zone", "check", plant / "work", "--site", site)
    assert "new since then (allowed): 10.77.1.32 asked 10.77.1.12 by s7comm for program-write" in told.out
    assert approve(site, "anna", plant / "work").code == 0
    back, _, _ = checked(site, plant / "quiet")
    assert {row["verb"] for row in back["gone"]} >= {"program-write", "program-read", "identify"}
    # Another policy: what it was is known, and it is approved no more.
    site.write_text(SITE.replace('verbs = ["*"]', 'verbs = ["read"]').replace('name = "floor"', 'name = "ground"')
                    .replace('to = ["floor"]', 'to = ["ground"]'))  # fmt: skip
    changed, answer, sentence = checked(site, plant / "quiet")
    assert answer == "not-met"
    assert sentence.startswith("3 zones and conduits changed since the approval of ")
    assert {(c["what"], c["name"], c["how"], tuple(c["fields"])) for c in changed["changes"]} == {
        ("zone", "floor", "gone", ()), ("zone", "ground", "new", ()), ("conduit", "all", "changed", ("to", "verbs")),
    }  # fmt: skip
    alone = run("zone", "check", "--site", site)
    assert alone.code == 0
    assert "changed since then: conduit all changed (to, verbs)" in alone.out


def test_two_must_sign_where_two_must(plant, site):
    assert run("approver", "require", "2").code == 0
    assert approve(site, "anna", plant / "quiet").code == 0
    _, answer, sentence = checked(site, plant / "quiet")
    assert (answer, sentence) == ("not-met", "1 of 2 approvers have signed the recorded approval.")
    second = approve(site, "bo")
    assert "as approved before, on " in second.out
    approval, answer, _ = checked(site, plant / "quiet")
    assert (answer, approval["approvers"], approval["new"]) == ("met", ["anna", "bo"], [])
    # So does the same traffic, named again.
    assert approve(site, "anna", plant / "quiet").err == ""
    assert checked(site, plant / "quiet")[0]["approvers"] == ["anna", "bo"]
    # A new record is nobody's who signed the one before.
    replaced = approve(site, "bo", plant / "work")
    assert replaced.code == 0
    assert "replaces what anna and bo approved on " in replaced.err
    assert checked(site, plant / "work")[0]["approvers"] == ["bo"]


def test_a_record_that_was_changed_by_hand_is_signed_by_nobody(plant, site):
    assert approve(site, "anna", plant / "quiet").code == 0
    record = site.with_name("site.toml.zones.json")
    told = json.loads(record.read_text("utf-8"))
    told["conduits"]["all"]["verbs"] = ["read"]
    record.write_text(json.dumps(told), "utf-8")
    approval, answer, _ = checked(site, plant / "quiet")
    assert (answer, approval["enough"]) == ("not-met", False)
    assert "the signature of anna does not hold" in approval["problems"][0]
    record.write_text("{}", "utf-8")
    broken = run("zone", "check", "--site", site)
    assert broken.code == 3
    assert "site.toml.zones.json: is no approval of zones and conduits" in broken.err
    assert approve(site, "anna").code == 0
    assert "approved on " in run("zone", "check", "--site", site).out


def test_a_wrong_policy_is_signed_by_nobody(site):
    site.write_text(SITE.replace("sl_t = 2", ""), "utf-8")
    ended = approve(site, "anna")
    assert (ended.code, ended.out) == (2, "")
    assert not site.with_name("site.toml.zones.json").exists()
