"""What a person sees who draws zones."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from tests.cli import terminal
from tests.cli.test_zone_reach import SITE

from interlock.report.schema import check as check_schema

SHIFT, INCIDENT = "demo/normal-shift.pcapng", "demo/incident.pcap.gz"


def run(*arguments):
    return terminal.told("zone", "draw", *arguments)


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(SITE, "utf-8")
    return file


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proposed")
    assert terminal.told("zone", "propose", SHIFT, "--out", folder).code == 0
    return folder / "site.toml"


def words(path) -> list[str]:
    return [
        e.text or "" for e in ET.fromstring(path.read_text("utf-8")).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_a_policy_is_drawn(site, tmp_path):
    out = tmp_path / "map.svg"
    ended = run("--site", site, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{out}: 3 boxes, 2 arrows\n"
    assert {"office", "operations", "safety"} < set(words(out))


def test_what_is_denied_is_drawn_and_ends_with_one(proposed, tmp_path):
    out = tmp_path / "map.svg"
    ended = run(INCIDENT, "--site", proposed, "--out", out, "--json")
    assert ended.code == 1
    document = json.loads(ended.out)
    check_schema(document, "zone-map")
    denied = [arrow for arrow in document["arrows"] if arrow["denied"]]
    assert ("no zone", "network") in {(arrow["from"], arrow["to"]) for arrow in denied}
    assert any(text.endswith("(denied)") for text in words(out))


def test_two_policies_and_two_days_differ(site, proposed, tmp_path):
    other, out = tmp_path / "old.toml", tmp_path / "difference.svg"
    other.write_text(SITE.replace('verbs = ["read", "write"]', 'verbs = ["read"]'), "utf-8")
    ended = run("--site", site, "--before", other, "--out", out, "--json")
    assert ended.code == 0
    states = {e["text"]: e["state"] for arrow in json.loads(ended.out)["arrows"] for e in arrow["entries"]}
    assert states == {"rdp: unknown": "same", "modbus: read": "removed", "modbus: read write": "added"}
    ended = run(INCIDENT, "--day-before", SHIFT, "--site", proposed, "--out", out, "--json")
    assert ended.code == 1
    document = json.loads(ended.out)
    assert document["differs"]
    assert {entry["state"] for arrow in document["arrows"] for entry in arrow["entries"]} == {
        "same",
        "added",
        "removed",
    }


def test_what_cannot_be_drawn_is_said(site, tmp_path):
    out = tmp_path / "map.svg"
    ended = run("--site", site, "--out", out, "--before", site, "--day-before", SHIFT)
    assert ended.code == 2
    assert "name one of them" in ended.err
    ended = run("--site", site, "--out", out, "--day-before", SHIFT)
    assert "--day-before needs a day to compare it with" in ended.err
    site.write_text(SITE.replace('to = ["safety"]', 'to = ["safty"]'), "utf-8")
    ended = run("--site", site, "--out", out)
    assert (ended.code, out.exists()) == (2, False)
    assert "line 27" in ended.err or "line 2" in ended.err


def test_the_report_holds_the_map_where_the_site_has_zones(proposed, tmp_path):
    assert terminal.told("analyze", INCIDENT, "--site", proposed, "--out", tmp_path / "with").code == 0
    page = (tmp_path / "with" / "report.html").read_text("utf-8")
    assert '<section id="zones"' in page
    assert "(denied)" in page
    assert "what was seen and no conduit allows is red" in page
    over = '\n[[conduits]]\nname = "x"\nfrom = ["network"]\nto = ["network"]\nprotocols = ["snmp"]\nverbs = ["read"]\n'
    over += 'exception = true\nreason = "r"\nowner = "o"\nuntil = 2026-01-31\n'
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        proposed.read_text("utf-8") + over.partition("exception")[0].replace("snmp", "smnp"), "utf-8"
    )
    refused = terminal.told("analyze", INCIDENT, "--site", wrong, "--out", tmp_path / "refused")
    assert (refused.code, (tmp_path / "refused").exists()) == (2, False)
    wrong.write_text(
        proposed.read_text("utf-8") + over, "utf-8"
    )  # it has ended since: nobody is stopped by that
    assert terminal.told("analyze", INCIDENT, "--site", wrong, "--out", tmp_path / "wrong").code == 0
    page = (tmp_path / "wrong" / "report.html").read_text("utf-8")
    assert "finds mistakes in the policy" in page
    assert "(denied)" not in page.partition('id="zones"')[2].partition("</section>")[0]
    assert terminal.told("analyze", INCIDENT, "--out", tmp_path / "without").code == 0
    assert 'id="zones"' not in (tmp_path / "without" / "report.html").read_text("utf-8")
