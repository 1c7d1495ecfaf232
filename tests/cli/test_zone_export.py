"""What a person sees who writes a policy for a firewall."""

from __future__ import annotations

import json

import pytest
from tests.cli import terminal

from interlock.report.schema import check as check_schema

SITE = """
[[zones]]
name = "operations"
members = ["10.77.1.30"]
sl_t = 2

[[zones]]
name = "boiler"
members = ["10.77.4.0/24"]
sl_t = 2

[[conduits]]
name = "panel\\nto boiler"
from = ["operations"]
to = ["boiler"]
protocols = ["s7comm"]
verbs = ["read"]
"""


def run(*arguments):
    return terminal.told("zone", "export", *arguments)


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(SITE, "utf-8")
    return file


def test_the_text_goes_out_and_what_it_cannot_say_is_told(site, tmp_path):
    ended = run("--to", "nftables", "--site", site, "--on", "2026-11-28")
    assert ended.code == 0
    assert "tcp dport 102 counter accept comment" in ended.out
    assert (
        "interlock: wider: panel to boiler: the policy allows s7comm for read alone; a packet filter lets pass whatever"
        " is spoken at tcp/102. It needs an enforcer that knows s7comm" in ended.err.splitlines()
    )
    kept = run("--to", "nftables", "--site", site, "--out", tmp_path / "rules.nft", "--on", "2026-11-28")
    assert (kept.code, kept.out, kept.err) == (0, "", ended.err)
    assert (tmp_path / "rules.nft").read_text("utf-8") == ended.out


def test_json_and_more_ports(site):
    ended = run("--to", "csv", "--site", site, "--json", "--port", "s7comm=tcp/1102-1103")
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(ended.out)
    check_schema(document, "zone-export")
    assert (document["target"], document["realm"], document["lacks"]) == ("csv", "default", [])
    assert ",tcp,102 1102-1103,s7comm,read," in document["text"]


def test_strict_writes_nothing_that_is_wider_than_the_policy(site, tmp_path):
    out = tmp_path / "rules.nft"
    ended = run("--to", "nftables", "--site", site, "--strict", "--out", out)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1].endswith("--strict refuses what lets more pass than the policy")
    assert not out.exists()
    told = run("--to", "nftables", "--site", site, "--strict", "--json")
    document = json.loads(told.out)
    check_schema(document, "zone-export")
    assert (told.code, document["text"]) == (1, None)
    assert run("--to", "csv", "--site", site, "--strict", "--out", out).code == 0


def test_targets_are_listed(site):
    names = [line.split()[0] for line in run("--list").out.splitlines()]
    assert {"nftables", "cisco-ios", "csv"} <= set(names)
    assert names == sorted(names)


def test_misuse_is_told(site, tmp_path):
    for arguments, says in (
        (("--site", site), "name a target by --to"),
        (("--to", "abacus", "--site", site), "no firewall is called 'abacus' here; name one of"),
        (
            ("--to", "csv", "--site", site, "--realm", "moon"),
            "no zone is of the realm moon; name one of default",
        ),
        (("--to", "csv", "--site", site, "--port", "s7comm=102"), "write it as modbus=tcp/5020"),
        (("--to", "csv", "--site", site, "--port", "x=tcp/1"), "no decoder knows the protocol 'x'"),
        (("--to", "csv", "--site", site, "--store", "a", "--assets", "b"), "name one of them"),
    ):
        ended = run(*arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert says in ended.err
    site.write_text(
        SITE.replace(
            "[[conduits]]", '[[zones]]\nname = "x"\nselector = \'role = "plc"\'\nsl_t = 1\n[[conduits]]'
        )
    )
    ended = run("--to", "csv", "--site", site)
    assert ended.code == 2
    assert terminal.one_sentence(ended).endswith("--assets FOLDER (of `interlock analyze`) or --store DIR")
    site.write_text(SITE.replace("sl_t = 2", "", 1))
    ended = run("--to", "csv", "--site", site, "--out", tmp_path / "no.csv")
    assert (ended.code, (tmp_path / "no.csv").exists()) == (2, False)
    assert "zone operations has no SL-T" in ended.err
