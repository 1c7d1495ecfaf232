"""What a person sees who has files of signatures."""

from __future__ import annotations

import gzip
import json
import lzma

import pytest
from tests.cli import terminal

from capture.writers import Packet, pcap
from decode.feed import CLIENT, Tcp
from detect.signatures.engine.over_wire import summed
from detect.signatures.sets import FOLDER, needs_sets
from interlock.report.schema import check as check_schema

RULE = 'alert tcp any any -> any any (msg:"SCADA here"; content:"a"; classtype:c; sid:{}; rev:1;)\n'


def run(*arguments, **how):
    ended = terminal.run("signature", "check", *arguments, **how)
    return ended._replace(out=ended.out.decode())


def test_rules_are_counted_by_class_origin_and_licence(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "LICENSE").write_text("The MIT License (MIT)\n")
    (tmp_path / "a" / "a.rules").write_text(
        RULE.format(1) + RULE.format(1) + "#" + RULE.format(2) + "# said\n"
    )
    (tmp_path / "b.rules.xz").write_bytes(
        lzma.compress(b"# Rules with sids 1 through 9 are under the GPLv2.\n" + RULE.format(3).encode())
    )
    (tmp_path / "c.rules.gz").write_bytes(gzip.compress(RULE.format(4).replace("content", "warp").encode()))
    (tmp_path / "readme.txt").write_text("Nothing of a rule in here.\n")
    ended = run(tmp_path, "--json")
    assert (ended.code, ended.err) == (1, "")
    document = json.loads(ended.out)
    check_schema(document, "signature-check")
    one = {"enabled": 1, "loaded": 1, "refused": 0, "switched_off": 0, "switched_off_refused": 0}
    assert document["by_licence"] == {
        "MIT": {**one, "switched_off": 1},
        "GPL-2.0": one,
        "not stated": {**one, "loaded": 0, "refused": 1},
    }
    assert set(document["by_origin"]) == {"a/a.rules", "b.rules.xz", "c.rules.gz"}
    assert (document["rules"], document["repeated"], document["loaded"], document["switched_off"]) == (
        5,
        1,
        2,
        1,
    )
    assert document["control_systems"]["loaded"] == 2
    (refusal,) = document["refusals"]
    assert (refusal["file"], refusal["line"], refusal["sid"], refusal["keyword"]) == (
        "c.rules.gz",
        1,
        4,
        "warp",
    )
    told = run(tmp_path)
    assert told.code == 1
    assert told.out.startswith("c.rules.gz:1: rule 4 is refused: warp: is not supported\n")
    assert "5 rules" in told.out.splitlines()[-1]


def test_all_that_is_switched_on_loads(tmp_path):
    (tmp_path / "a.rules").write_text(RULE.format(1) + "#" + RULE.format(2).replace("content", "warp"))
    ended = run(tmp_path / "a.rules")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "holds no rules"),
        (b"# nothing but words\n", "holds no rules"),
        (b"alert \0\1\2", "is no text"),
        (None, "is not there"),
    ],
)
def test_what_is_no_rule_file_is_said_in_one_sentence(tmp_path, octets, said):
    path = tmp_path / "a.rules"
    if octets is not None:
        path.write_bytes(octets)
    ended = run(path)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_text_that_is_no_rules_is_refused_line_by_line(tmp_path):
    (tmp_path / "a.rules").write_text("Dear reader,\n\x1b[31mhello\n")
    ended = run(tmp_path / "a.rules")
    assert ended.code == 1
    assert "a.rules:1: rule without sid is refused: action:" in ended.out
    assert "\x1b" not in ended.out


def test_a_packed_file_that_is_cut_short_is_said(tmp_path):
    (tmp_path / "a.rules.xz").write_bytes(lzma.compress(RULE.format(1).encode() * 50)[:-20])
    ended = run(tmp_path)
    assert ended.code == 2
    assert "cannot be unpacked" in ended.err


def test_a_packed_file_without_end_is_not_unpacked_to_the_end(tmp_path):
    with lzma.open(tmp_path / "a.rules.xz", "wb") as stream:
        for _ in range(130):
            stream.write(b"#" * 1024 * 1024)
    ended = run(tmp_path)
    assert ended.code == 2
    assert "has more than 128 MiB" in ended.err


def test_an_empty_folder_is_said(tmp_path):
    ended = run(tmp_path)
    assert ended.code == 2
    assert "holds no rules" in ended.err


@needs_sets
def test_the_public_sets_load():
    document = json.loads(run(FOLDER, "--json").out)
    check_schema(document, "signature-check")
    assert document["rules"] > 29_000
    assert document["loaded"] > 18_000
    assert document["loaded"] + document["refused"] == document["enabled"]
    assert len(document["refusals"]) == document["refused"] + document["switched_off_refused"]
    assert all(refusal["keyword"] and refusal["reason"] for refusal in document["refusals"])


@pytest.fixture
def rules_of_modbus(tmp_path):
    rules = tmp_path / "a.rules"
    rules.write_text(
        'alert tcp any any -> any 502 (msg:"a master asks"; content:"|00 00|"; offset:2; depth:2; sid:7;'
        " threshold:type limit,track by_src,count 1,seconds 60; priority:2;)\n"
        "alert icmp any any -> any any (warp:8; sid:8;)\n"
    )
    return rules


def test_what_hits_is_a_finding_with_its_frames(rules_of_modbus, tmp_path):
    capture = terminal.DEMO / "incident.pcap.gz"
    ended = terminal.run("analyze", capture, "--signatures", rules_of_modbus, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "rule 8 is refused: warp:" in ended.err
    found = json.loads((tmp_path / "out" / "findings.json").read_text())["findings"]
    ours = [one for one in found if one["detector"] == "signature"]
    assert ours
    for one in ours:
        assert one["title"].startswith("a master asks: ")
        assert one["severity"] == "medium"
        assert one["data"]["origin"] == "a.rules:1"
        assert one["evidence"][0]["frames"]
        assert "It looks for the octets 00 00 in what is sent." in one["explanation"]
    assert not any(one["detector"] == "signature" for one in without(tmp_path, capture))


def without(tmp_path, capture):
    assert terminal.run("analyze", capture, "--out", tmp_path / "none").code == 0
    return json.loads((tmp_path / "none" / "findings.json").read_text())["findings"]


def test_a_sensor_says_what_hits_too(rules_of_modbus, tmp_path):
    capture = terminal.DEMO / "incident.pcap.gz"
    ended = terminal.run(
        "sensor", "replay", capture, "--signatures", rules_of_modbus, "--out", tmp_path / "store"
    )
    assert ended.code == 0, ended.err
    assert b"a master asks: " in ended.out


def test_lists_say_which_rules_are_in_force(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.rules").write_text(RULE.format(1) + "#" + RULE.format(2) + RULE.format(3))
    (rules / "disable.conf").write_text("1\n# said\n44\n")
    more = tmp_path / "more.conf"
    more.write_text("group:a\n")
    document = json.loads(run(rules, "--enable", more, "--json").out)
    check_schema(document, "signature-check")
    assert (document["loaded"], document["switched_off"]) == (3, 0)
    document = json.loads(run(rules, "--json").out)
    assert (document["loaded"], document["switched_off"]) == (1, 2)
    assert document["notes"] == [f"{rules / 'disable.conf'}:3: no rule is 44; the line changes nothing"]
    assert f"{rules / 'disable.conf'}:3: no rule is 44" in run(rules).out
    more.write_text("1\n  nothing\n")
    ended = run(rules, "--drop", more)
    assert ended.code == 2
    assert f"{more}:2:3: 'nothing' names no rules" in terminal.one_sentence(ended)


def test_lists_of_the_configuration_hold_in_a_sensor(rules_of_modbus, tmp_path):
    (tmp_path / "disable.conf").write_text("7\n")
    (tmp_path / "enable.conf").write_text("7\n")
    config = tmp_path / "interlock.toml"
    capture = terminal.DEMO / "incident.pcap.gz"
    told = {}
    for kinds in (("disable",), ("disable", "enable")):
        lists = "".join(f'{kind} = ["{kind}.conf"]\n' for kind in kinds)
        config.write_text(
            f'[signatures]\nrules = ["{rules_of_modbus.name}"]\n{lists}[[outlet]]\nkind = "stdout"\n'
        )
        ended = terminal.run(
            "sensor", "replay", capture, "--config", config, "--out", tmp_path / "".join(kinds)
        )
        assert ended.code == 0, ended.err
        told[kinds] = b"a master asks: " in ended.out
    assert told == {("disable",): False, ("disable", "enable"): True}


def test_rules_of_which_none_loads_are_not_taken_for_protection(tmp_path):
    wrong = tmp_path / "wrong.rules"
    wrong.write_text("alert tcp any (sid:2;)\n")
    ended = terminal.run(
        "analyze", terminal.DEMO / "incident.pcap.gz", "--signatures", wrong, "--out", tmp_path / "out"
    )
    assert ended.code == 2
    assert f"{wrong}: none of its rules loads" in ended.err
    assert not (tmp_path / "out").exists()


SITE = """
[[zones]]
name = "line"
members = ["203.0.113.0/28", "10.0.0.0/8"]

[[zones]]
name = "office"
kind = "external"
members = ["10.99.0.0/16"]
"""


def test_zones_say_what_home_is(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.rules").write_text(
        'alert tcp $EXTERNAL_NET any -> $HOME_NET $HTTP_PORTS (msg:"m"; content:"a"; sid:1;)\n'
    )
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    document = json.loads(run(rules, "--site", site, "--json").out)
    check_schema(document, "signature-check")
    told = {one["name"]: one for one in document["variables"]}
    assert set(told) == {"EXTERNAL_NET", "HOME_NET", "HTTP_PORTS"}
    assert told["HOME_NET"]["source"] == f"{site}: zone line"
    assert "10.96.0.0/15" in told["HOME_NET"]["term"]
    assert "10.99.0.0/16" not in told["HOME_NET"]["term"]
    assert f"$HOME_NET is {told['HOME_NET']['term'][:40]}" in run(rules, "--site", site).out
    (rules / "variables.conf").write_text("HOME_NET = 192.0.2.0/24\n")
    document = json.loads(run(rules, "--site", site, "--json").out)
    (home,) = (one for one in document["variables"] if one["name"] == "HOME_NET")
    assert home == {"name": "HOME_NET", "term": "192.0.2.0/24", "source": f"{rules / 'variables.conf'}:1"}
    site.write_text("[[zones]]\nname = 3\n")
    ended = run(rules, "--site", site)
    assert ended.code == 2
    assert str(site) in terminal.one_sentence(ended)


def test_rules_are_judged_by_the_sites_zones(tmp_path):
    """In the demo all are in 192.168/16; a site that has them outside makes rules about outsiders speak."""
    capture = terminal.DEMO / "incident.pcap.gz"
    rules = tmp_path / "a.rules"
    rules.write_text(
        'alert tcp $EXTERNAL_NET any -> any 502 (msg:"an outsider"; content:"|00 00|"; offset:2; depth:2; sid:7;)\n'
    )
    site = tmp_path / "site.toml"
    config = tmp_path / "interlock.toml"
    config.write_text(
        f'[sensor]\nsite = "{site.name}"\n[signatures]\nrules = ["{rules.name}"]\n[[outlet]]\nkind = "stdout"\n'
    )
    said = {}
    for home in ("192.168.0.0/16", "192.0.2.0/24"):
        site.write_text(f'[[zones]]\nname = "all"\nmembers = ["{home}"]\n')
        out = tmp_path / home.partition("/")[0]
        ended = terminal.run("analyze", capture, "--signatures", rules, "--site", site, "--out", out)
        assert ended.code == 0, ended.err
        told = (out / "findings.json").read_text()
        ended = terminal.run("sensor", "replay", capture, "--config", config, "--out", out / "store")
        assert ended.code == 0, ended.err
        said[home] = "an outsider: " in told, b"an outsider: " in ended.out
    assert said == {"192.168.0.0/16": (False, False), "192.0.2.0/24": (True, True)}


@pytest.mark.parametrize(("midstream", "told"), [("own", True), ("no", False), ("yes", True)])
def test_findings_say_what_was_joined_in_the_middle(midstream, told, tmp_path):
    """The same octets over a connection from its beginning, and over one without."""
    rules, config = tmp_path / "a.rules", tmp_path / "interlock.toml"
    rules.write_text('alert tcp any any -> any 4000 (msg:"m"; flow:established; content:"needle"; sid:7;)\n')
    outlet = '[[outlet]]\nkind = "stdout"\n'
    config.write_text(f'[signatures]\nrules = ["{rules.name}"]\nmidstream = "{midstream}"\n{outlet}')
    for opened in (True, False):
        connection = Tcp(4000)
        if opened:
            connection.open()
        connection.segment(CLIENT, b"a needle")
        capture, out = tmp_path / f"{opened}.pcap", tmp_path / str(opened)
        capture.write_bytes(
            pcap([Packet(10**18 + 1000 * k, summed(frame)) for k, frame in enumerate(connection.frames)])
        )
        ended = terminal.run(
            "analyze", capture, "--signatures", rules, "--midstream", midstream, "--out", out
        )
        assert ended.code == 0, ended.err
        findings = json.loads((out / "findings.json").read_text())["findings"]
        found = [one for one in findings if one["detector"] == "signature"]
        if opened:
            assert [one["data"].get("midstream") for one in found] == [None]
        else:
            assert [one["data"].get("midstream") for one in found] == ["1"] * told
            assert "whose beginning nobody saw" in json.dumps(found) or not told
        ended = terminal.run("sensor", "replay", capture, "--config", config, "--out", out / "store")
        assert ended.code == 0, ended.err
        assert (b"m: " in ended.out) == (opened or told)
        ended = terminal.run(
            "signature", "try", rules, "--against", capture, "--midstream", midstream, "--json"
        )
        assert ended.code == 0, ended.err
        assert [one["sid"] for one in json.loads(ended.out)["would_speak"]] == [7] * (opened or told)


@pytest.mark.parametrize("opened", [True, False])
def test_a_capture_is_judged_as_suricata_does_where_nobody_says_otherwise(opened, tmp_path):
    """Segments of a connection without a beginning are no connection, and it is said; checksums are nobody's matter."""
    rules, capture, out = tmp_path / "a.rules", tmp_path / "a.pcap", tmp_path / "out"
    rules.write_text('alert tcp any any -> any 4000 (msg:"m"; flow:established; content:"needle"; sid:7;)\n')
    connection = Tcp(4000)
    if opened:
        connection.open()
    connection.segment(CLIENT, b"a needle")
    capture.write_bytes(pcap([Packet(10**18 + 1000 * k, frame) for k, frame in enumerate(connection.frames)]))
    ended = terminal.run("analyze", capture, "--signatures", rules, "--out", out)
    assert ended.code == 0, ended.err
    findings = json.loads((out / "findings.json").read_text())["findings"]
    found = [one for one in findings if one["detector"] == "signature"]
    assert [one["data"]["connections"] for one in found] == ["50000>4000/tcp"] * opened
    assert ("1 connection was open before the capture begins" in ended.err) is not opened


@pytest.mark.parametrize(
    ("checksums", "told"), [(None, False), ("auto", False), ("yes", False), ("no", True)]
)
def test_wrong_checksums_open_nothing(checksums, told, tmp_path):
    """As a machine captures itself: nothing is summed. Every command has the setting."""
    rules, config, capture = tmp_path / "a.rules", tmp_path / "interlock.toml", tmp_path / "a.pcap"
    rules.write_text('alert tcp any any -> any 4000 (msg:"m"; flow:established; content:"needle"; sid:7;)\n')
    said = f'checksums = "{checksums}"\n' if checksums else ""
    config.write_text(
        f'[signatures]\nrules = ["{rules.name}"]\nmidstream = "no"\n{said}[[outlet]]\nkind = "stdout"\n'
    )
    connection = Tcp(4000)
    connection.open()
    connection.segment(CLIENT, b"a needle")
    capture.write_bytes(pcap([Packet(10**18 + 1000 * k, frame) for k, frame in enumerate(connection.frames)]))
    options = ("--midstream", "no", *(("--checksums", checksums) if checksums else ()))
    out = tmp_path / "out"
    ended = terminal.run("analyze", capture, "--signatures", rules, *options, "--out", out)
    assert ended.code == 0, ended.err
    findings = json.loads((out / "findings.json").read_text())["findings"]
    assert any(one["detector"] == "signature" for one in findings) is told
    for given in (("--config", config), ("--signatures", rules, *options)):
        ended = terminal.run("sensor", "replay", capture, *given, "--out", tmp_path / given[0])
        assert ended.code == 0, ended.err
        if given[0] == "--config":
            assert (b"m: " in ended.out) is told
    ended = terminal.run("signature", "try", rules, "--against", capture, *options, "--json")
    assert [one["sid"] for one in json.loads(ended.out)["would_speak"]] == [7] * told


@pytest.mark.parametrize("option", ["--midstream", "--checksums"])
def test_midstream_without_signatures_is_said(option, tmp_path):
    ended = terminal.run("analyze", tmp_path / "a.pcap", option, "no", "--out", tmp_path / "out")
    assert ended.code == 2
    assert f"{option} is about signatures: name some with --signatures" in ended.err
