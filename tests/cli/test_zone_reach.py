"""What a person sees who asks what a taken machine could touch."""

from __future__ import annotations

import json

import pytest
from tests.cli import terminal

from interlock.report.schema import check as check_schema

SITE = """
[[zones]]
name = "office"
kind = "business"
members = ["192.168.0.0/24"]
sl_t = 1
[[zones]]
name = "operations"
members = ["10.0.1.1", "10.0.1.2"]
sl_t = 2
[[zones]]
name = "safety"
kind = "safety"
members = ["10.0.9.1"]
sl_t = 3
[[safety_systems]]
address = "10.0.9.1"
name = "ESD"
[[conduits]]
name = "terminal"
from = ["office"]
to = ["operations"]
protocols = ["rdp"]
verbs = ["unknown"]
[[conduits]]
name = "trip"
from = ["operations"]
to = ["safety"]
protocols = ["modbus"]
verbs = ["read", "write"]
clients = ["10.0.1.2"]
"""


def run(*arguments):
    return terminal.told("zone", "reach", *arguments)


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(SITE, "utf-8")
    return file


def test_the_way_is_told_hop_by_hop_and_where_to_cut(site):
    ended = run("office", "ESD", "--site", site)
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[:5] == [
        "any machine of 192.168.0.0/24 (office): could take 3 and touch 0 more machines; in a flat network all 3",
        (
            "zone office, of 1: who has any of them could take 3 and touch 0 machines of other zones;"
            " in a flat network all 3"
        ),
        (
            "ESD (safety) is taken: through conduit terminal (unknown, rdp) to 10.0.1.2,"
            " then through conduit trip (write) to ESD"
        ),
        "ESD: 3 machines could take it, 0 more could touch it",
        "  every way passes conduit terminal, conduit trip",
    ]
    assert lines[5].startswith("  cut: conduit t")
    assert lines[5].endswith("or narrow who may; 1 machines then no longer come to ESD")


def test_reading_takes_nothing(site):
    site.write_text(SITE.replace('verbs = ["read", "write"]', 'verbs = ["read"]'))
    ended = run("--site", site)
    assert ended.code == 0
    assert "ESD: 0 machines could take it, 3 more could touch it" in ended.out
    assert run("office", "10.0.9.1", "--site", site).code == 1
    assert run("10.0.9.1", "office", "--site", site).out.splitlines()[2] == "no way leads there"


def test_json(site):
    ended = run("--site", site, "--jewel", "10.0.1.1", "--json")
    assert ended.code == 1
    document = json.loads(ended.out)
    check_schema(document, "zone-reach")
    assert [each["name"] for each in document["precious"]] == ["ESD", "safety", "10.0.1.1"]
    assert {row["zone"]: row["taken"] for row in document["radius"]}["office"] == 3
    assert {row["before"] for row in document["radius"]} == {3}
    assert [(row["zone"], *list(row.values())[1:]) for row in document["zones"]] == [
        ("office", 1, 3, 3, 0), ("operations", 2, 2, 1, 0), ("safety", 1, 3, 0, 0),
    ]  # fmt: skip
    way = next(
        w for w in document["ways"] if w["from"] == ["any machine of 192.168.0.0/24"] and w["to"] == ["ESD"]
    )
    assert [(hop["by"], hop["words"]) for hop in way["hops"]] == [
        ("terminal", ["unknown", "rdp"]),
        ("trip", ["write"]),
    ]


def test_misuse_is_told(site):
    ended = run("moon", "--site", site)
    assert (ended.code, ended.out) == (2, "")
    assert terminal.one_sentence(ended).endswith("name an address, a machine or a zone of the site file")


def test_what_was_seen_stands_beside_what_is_allowed(tmp_path):
    shift = terminal.DEMO / "normal-shift.pcapng"
    assert terminal.told("zone", "propose", shift, "--out", tmp_path / "draft").code == 0
    assert terminal.told("analyze", shift, "--out", tmp_path / "seen").code == 0
    words = ("--site", tmp_path / "draft" / "site.toml", "--assets", tmp_path / "seen", "--observed")
    ended = run(*words, "--json")
    assert ended.code in {0, 1}, ended.err
    document = json.loads(ended.out)
    check_schema(document, "zone-reach")
    rows = [(row, each) for row in document["radius"] for each in row["observed"]]
    assert len(rows) == sum(len(row["machines"]) for row in document["radius"])
    assert any(each["taken"] for _, each in rows)
    for row, each in rows:  # the policy was proposed from the same traffic: nothing seen lies beyond it
        assert each["taken"] <= row["taken"]
        assert each["taken"] + each["touched"] <= row["taken"] + row["touched"]
    assert "; seen to ask " in run(*words).out
    assert "seen to ask" not in run(*words[:-1]).out
    misused = run("--site", words[1], "--observed")
    assert misused.code == 2
    assert "name --assets FOLDER" in misused.err
