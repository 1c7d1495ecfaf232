"""What a person sees who draws zones and conduits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli import terminal

from interlock.records.site_text import load_site
from interlock.report.schema import check as check_schema

run = terminal.told


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Two minutes of the practice plant in which a laptop programs a controller, and its site file."""
    folder = tmp_path_factory.mktemp("zone")
    made = run("plant", "record", "--minutes", "2", "--seed", "5", "--out", folder / "plant.pcap",
               "--attack", "controller-stop@1")  # fmt: skip
    assert made.code == 0, made.err
    return folder


CONDUITS = """
[[zones]]
name = "network"
members = ["10.77.1.1"]
sl_t = 1

[[conduits]]
name = "panel to cells"
from = ["operations"]
to = ["water", "boiler", "filling", "supply"]
protocols = ["modbus", "s7comm", "enip", "cip", "opcua", "bacnet", "iec104", "dnp3"]
verbs = ["open", "close", "read", "write", "discover", "diagnose", "report", "select", "operate", "unknown"]
reason = "the operators' panel and the historian"

[[conduits]]
name = "who is there"
from = ["operations", "supply"]
to = ["operations", "supply"]
protocols = ["bacnet"]
verbs = ["discover", "report"]
groups = ["broadcast"]

[[conduits]]
name = "switch figures"
from = ["operations"]
to = ["network"]
protocols = ["snmp"]
verbs = ["read"]
"""


@pytest.fixture
def policy(plant, tmp_path):
    file = tmp_path / "site.toml"
    file.write_text((plant / "plant.pcap.site.toml").read_text("utf-8") + CONDUITS, "utf-8")
    return file


def test_what_the_plant_does_is_allowed_and_what_the_laptop_does_is_told_with_frames(plant, policy):
    ended = run("zone", "check", plant / "plant.pcap", "--site", policy, "--json")
    assert (ended.code, ended.err) == (1, "")
    document = json.loads(ended.out)
    check_schema(document, "zone-check")
    laptop = [row for row in document["rows"] if row["client"] == "10.77.1.40"]
    assert laptop == document["rows"]
    assert document["violations"] == len(laptop) > 0
    stops = [row for row in laptop if row["verb"] == "stop"]
    assert stops
    assert all(row["frames"] and row["reason"] == "no-zone" and row["protocol"] == "s7comm" for row in stops)
    truth = json.loads((plant / "plant.pcap.truth.json").read_text("utf-8"))
    assert truth["attacks"]
    assert 0 < document["cut_share"] < 0.01
    answers = {each["id"]: each["answer"] for each in document["requirements"]}
    assert answers["SR 5.2"] == answers["ZCR 3.1"] == "not-met"
    assert {each["name"] for each in document["conduits"] if each["operations"]} == {
        "panel to cells", "who is there", "switch figures",
    }  # fmt: skip


def test_text_says_the_same(plant, policy):
    ended = run("zone", "check", plant / "plant.pcap", "--site", policy)
    assert ended.code == 1
    assert "10.77.1.40 asked 10.77.1.12 by s7comm for stop" in ended.out
    assert "but 10.77.1.40 is in no zone (" in ended.out
    assert "in no zone: 10.77.1.40: no zone has it as a member" in ended.out
    assert ended.out.splitlines()[-1].endswith("would be cut")


def test_analyze_and_the_sensor_tell_what_no_conduit_allows(plant, policy, tmp_path):
    """The same policy as `zone check`, as one detector among the others; silent where no conduit is declared."""
    told = {}
    for name, site in (("with", policy), ("without", plant / "plant.pcap.site.toml")):
        assert run("analyze", plant / "plant.pcap", "--site", site, "--out", tmp_path / name).code == 0
        found = json.loads((tmp_path / name / "findings.json").read_text("utf-8"))["findings"]
        told[name] = [f for f in found if f["detector"] == "conduit-violation"]
    assert told["without"] == []
    assert {f["machines"][0] for f in told["with"]} == {"10.77.1.40"}
    stop = next(f for f in told["with"] if "stop" in f["title"])
    assert stop["severity"] == "high"
    assert "T0858" in stop["techniques"]
    replayed = run("sensor", "replay", plant / "plant.pcap", "--site", policy, "--out", tmp_path / "store")
    assert replayed.code == 0
    assert "which no conduit allows" in replayed.out
    assert "10.77.1.40" in replayed.out


def test_the_sensor_waits_for_machines_that_are_known_by_their_mac_alone_at_first(plant, policy, tmp_path):
    """GOOSE and PROFINET begin before anybody knows whose MAC that is; replayed fast, minutes pass in a moment."""
    quiet = tmp_path / "quiet.pcap"
    assert run("plant", "record", "--minutes", "8", "--seed", "6", "--out", quiet).code == 0
    assert run("zone", "check", quiet, "--site", policy).code == 0
    replayed = run("sensor", "replay", quiet, "--site", policy, "--out", tmp_path / "store")
    assert replayed.code == 0
    assert "which no conduit allows" not in replayed.out


def test_a_folder_of_records_and_a_store_are_judged_like_the_capture(plant, policy, tmp_path):
    whole = json.loads(run("zone", "check", plant / "plant.pcap", "--site", policy, "--json").out)
    assert run("analyze", plant / "plant.pcap", "--out", tmp_path / "out").code == 0
    folder = json.loads(run("zone", "check", tmp_path / "out", "--site", policy, "--json").out)
    assert folder == whole
    assert run("sensor", "replay", plant / "plant.pcap", "--out", tmp_path / "store").code == 0
    store = json.loads(run("zone", "check", "--store", tmp_path / "store", "--site", policy, "--json").out)
    for key in ("operations", "cut_operations", "violations"):
        assert store[key] == whole[key], key

    def kinds(document):
        return {
            (r["what"], r["client"], r["server"], r["protocol"], r["verb"], r["count"])
            for r in document["rows"]
        }

    assert kinds(store) == kinds(whole)


def test_a_policy_without_mistakes_and_traffic_without_violations_end_with_0(plant, policy):
    policy.write_text(
        policy.read_text("utf-8")
        + '[[zones]]\nname = "laptops"\nkind = "temporary"\nmembers = ["10.77.1.40"]\nsl_t = 1\n'
        + '[[conduits]]\nname = "service"\nfrom = ["laptops"]\nto = ["boiler"]\nprotocols = ["s7comm"]\nverbs = ["*"]\n'
        + 'exception = true\nreason = "repair"\nowner = "J. Doe"\nuntil = 2099-12-31\n'
    )
    right = run("zone", "check", "--site", policy)
    assert (right.code, right.err) == (0, "")
    assert right.out == f"{policy}: right; 8 zones, 4 conduits\n"
    ended = run("zone", "check", plant / "plant.pcap", "--site", policy)
    assert ended.code == 0, ended.out
    later = run("zone", "check", plant / "plant.pcap", "--site", policy, "--on", "2100-01-01")
    assert later.code == 2
    assert "exception service ended on 2099-12-31; say a later day, or remove it" in later.err


def test_every_mistake_is_told_at_once_and_nothing_is_judged(plant, policy):
    text = policy.read_text("utf-8").replace('protocols = ["snmp"]', 'protocols = ["snnp"]')
    policy.write_text(text.replace('members = ["10.77.1.1"]\nsl_t = 1', 'members = ["10.77.1.10"]'))
    ended = run("zone", "check", plant / "plant.pcap", "--site", policy, "--json")
    assert (ended.code, ended.out) == (2, "")
    lines = ended.err.splitlines()
    number = policy.read_text("utf-8").splitlines().index('name = "network"') + 1
    assert lines[0] == (
        f"interlock: {policy}, line {number - 1}, column 1: zone network has no SL-T, and none of its parents has; "
        "say `sl_t = 2`, or an array of seven for FR 1 to FR 7"
    )
    assert f"line {number + 1}, column 12: 10.77.1.10 is a member of water already" in lines[1]
    assert "column 14: no decoder knows the protocol 'snnp'; did you mean 'snmp'?" in lines[2]
    assert len(lines) == 3


def test_an_asset_that_was_never_seen_is_told_before_anything_is_judged(plant, policy):
    stranger = "00000000-0000-4000-8000-000000000000"
    policy.write_text(
        policy.read_text("utf-8") + f'[[zones]]\nname = "x"\nsl_t = 1\nassets = ["{stranger}"]\n'
    )
    assert run("zone", "check", "--site", policy).code == 0
    ended = run("zone", "check", plant / "plant.pcap", "--site", policy)
    assert (ended.code, ended.out) == (2, "")
    assert f"no machine that was seen has the id {stranger}" in ended.err


def test_misuse_is_told(plant, policy, tmp_path):
    for arguments, says in (
        ((plant / "plant.pcap",), "Missing option '--site'"),
        ((plant / "plant.pcap", "--site", policy, "--store", tmp_path), "or a --store"),
        ((plant / "plant.pcap", "--site", policy, "--days", "2"), "--days is of a --store"),
        (("--site", policy, "--on", "tomorrow"), "write it as 2026-12-31"),
        (("--site", tmp_path / "none.toml"), "name a file that is there"),
    ):
        ended = run("zone", "check", *arguments)
        assert ended.code == 2, arguments
        assert says in ended.err
    none = run("zone", "check", "--store", tmp_path, "--site", policy)
    assert none.code == 3
    assert "is no store" in none.err
    missing = run("zone", "check", tmp_path / "none.pcap", "--site", policy)
    assert (missing.code, missing.out) == (3, "")


ANSWERS = """
[[answers]]
id = "values:10.77.1.30"
yes = true

[[answers]]
id = "scan"
yes = false
"""


def test_a_proposal_is_written_beside_the_site_file_and_allows_what_was_seen(plant, tmp_path):
    quiet = tmp_path / "quiet.pcap"
    assert run("plant", "record", "--minutes", "2", "--seed", "6", "--out", quiet).code == 0
    site, out = plant / "plant.pcap.site.toml", tmp_path / "out"
    before = site.read_text("utf-8")
    ended = run("zone", "propose", quiet, "--site", site, "--out", out, "--json")
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(ended.out)
    check_schema(document, "zone-proposal")
    assert document["zones"] == ["network"]
    assert document["denied"] == []
    assert any("less than a month was seen" in text for text in document["coverage"]["missing"])
    assert {q["id"] for q in document["questions"]} == {
        "values:10.77.1.30", "backup:10.77.1.32", "program:10.77.1.32", "command:10.77.1.32",
        "firmware:10.77.1.32", "scan", "standby", "hears:goose",
    }  # fmt: skip
    assert site.read_text("utf-8") == before
    text = (out / "site.toml").read_text("utf-8")
    assert text.startswith(before.rstrip()[:200])
    assert run("zone", "check", quiet, "--site", out / "site.toml").code == 0
    caught = run("zone", "check", plant / "plant.pcap", "--site", out / "site.toml", "--json")
    assert caught.code == 1
    assert {row["client"] for row in json.loads(caught.out)["rows"]} == {"10.77.1.40"}
    (out / "answers.toml").write_text(ANSWERS)
    again = run(
        "zone", "propose", quiet, "--site", out / "site.toml", "--out", out, "--answers", out / "answers.toml"
    )
    assert again.code == 0
    assert "6 questions open" in again.out
    assert (out / "answers.toml").read_text("utf-8") == ANSWERS
    assert '"write"' in (out / "site.toml").read_text("utf-8")
    last = run(
        "zone", "propose", quiet, "--site", out / "site.toml", "--out", out, "--answers", out / "answers.toml"
    )
    assert "proposed: 0 zones and 0 conduits" in last.out


def test_without_a_site_file_every_machine_gets_a_zone(plant, tmp_path):
    ended = run("zone", "propose", plant / "plant.pcap", "--out", tmp_path, "--json")
    document = json.loads(ended.out)
    assert "operations" in document["zones"]
    assert any(name.startswith("cell ") for name in document["zones"])
    checked = json.loads(
        run("zone", "check", plant / "plant.pcap", "--site", tmp_path / "site.toml", "--json").out
    )
    assert {row["verb"] for row in checked["rows"]} <= {
        "stop",
        None,
    }  # what the laptop ordered is asked about


def test_wrong_answers_and_wrong_policies_leave_nothing_behind(plant, tmp_path):
    answers = tmp_path / "answers.toml"
    answers.write_text("[[answers]]\nid = 'scna'\nyes = true\n")
    arguments = ("zone", "propose", plant / "plant.pcap", "--out", tmp_path / "out")
    ended = run(*arguments, "--answers", answers)
    assert ended.code == 2
    assert f"{answers}, line 2, column 6" in ended.err
    assert "did you mean 'scan'?" in ended.err
    site = tmp_path / "site.toml"
    site.write_text('[[zones]]\nname = "x"\n')
    ended = run(*arguments, "--site", site)
    assert (ended.code, ended.out) == (2, "")
    assert "zone x has no SL-T" in ended.err
    assert not (tmp_path / "out").exists()


def test_replay_says_what_is_cut_and_its_exit_code_is_a_test(plant, policy, tmp_path):
    assert run("analyze", plant / "plant.pcap", "--out", tmp_path / "out").code == 0
    ended = run("zone", "replay", policy, "--against", tmp_path / "out", "--json")
    assert (ended.code, ended.err) == (1, "")
    document = json.loads(ended.out)
    check_schema(document, "zone-replay")
    assert document["state"] == "cuts"
    assert document["verdict"].startswith(f"cuts {document['cut_operations']:,} operations")
    assert document["loops_seen"] >= 1
    assert document["loops"] == []
    assert any("stop" in each["title"] for each in document["stopped"])
    text = run("zone", "replay", policy, "--against", plant / "plant.pcap")
    assert text.code == 1
    assert text.out.splitlines()[-1] == document["verdict"]
    assert "attacks were not looked for" in text.out


def test_replay_of_quiet_traffic_is_not_enough_or_clean_and_never_safe(policy, tmp_path):
    quiet = tmp_path / "quiet.pcap"
    assert run("plant", "record", "--minutes", "1", "--seed", "8", "--out", quiet).code == 0
    few = run("zone", "replay", policy, "--against", quiet)
    assert few.code == 4
    assert few.out.splitlines()[-1].startswith("not enough seen: 1 minute of at least 7 days")
    clean = run("zone", "replay", policy, quiet, "--enough", "0")
    assert (clean.code, clean.err) == (0, "")
    assert clean.out.splitlines()[-1] == "cuts nothing seen in 1 minute"
    policy.write_text(policy.read_text("utf-8").replace('"read", "write"', '"write"', 1))
    cut = run("zone", "replay", policy, quiet, "--enough", "0")
    assert cut.code == 1
    assert "without its master: 10.77.1.12 is no more asked by 10.77.1.30 (s7comm)" in cut.out
    wrong = run("zone", "replay", quiet, "--against", quiet)
    assert wrong.code == 2


DEMO = Path(__file__).resolve().parents[2] / "demo"


def test_the_demo_shift_proposes_and_its_incident_cuts_nobody_who_did_what_the_shift_does(tmp_path):
    """The incident was joined in the middle: the units of its S7 and CIP sessions are not known, and no others."""
    ended = run("zone", "propose", DEMO / "normal-shift.pcapng", "--out", tmp_path)
    assert ended.code == 0
    assert "seen: 1 minute in 1 stretch\n" in ended.out
    assert "zone cell 192.168.10.11: 1 machine (its role is plc)" in ended.out
    made = run("zone", "replay", tmp_path / "site.toml", "--against", DEMO / "incident.pcap.gz", "--json")
    document = json.loads(made.out)
    check_schema(document, "zone-replay")
    # Those who misbehave: the unknown machine (by any address), the second panel, and the controller that phones home.
    wrong = {"192.168.10.66", "dc:a6:32:0e:10:66", "192.168.20.30"}
    for row in document["cut"]:
        beacon = row["client"] == "192.168.10.12" and row["protocol"] in {"dns", "tls"}
        assert beacon or {row["client"], row["server"]} & wrong, row["sentence"]
    assert document["machines_without_master"] == document["loops"] == document["not_seen"] == []
    # The same with the units that only a person would write: passed by doubt, and said.
    text = (tmp_path / "site.toml").read_text("utf-8")
    way = text.index('protocols = ["cip"]\nverbs = ["read"]')
    (tmp_path / "narrow.toml").write_text(text[:way] + 'units = ["1,0"]\n' + text[way:])
    narrow = run("zone", "replay", tmp_path / "narrow.toml", "--against", DEMO / "incident.pcap.gz", "--json")
    told = json.loads(narrow.out)
    check_schema(told, "zone-replay")
    assert told["machines_without_master"] == []
    assert [(row["what"], row["client"], row["server"], row["count"]) for row in told["not_seen"]] == [
        ("unit", "192.168.10.50", "192.168.10.13", 70)
    ]
    assert told["cut_operations"] == document["cut_operations"]
    other = (tmp_path / "narrow.toml").read_text("utf-8")
    (tmp_path / "other.toml").write_text(other.replace('units = ["1,0"]', 'units = ["1,7"]'))
    seen = run("zone", "replay", tmp_path / "other.toml", "--against", DEMO / "normal-shift.pcapng", "--json")
    assert {row["reason"] for row in json.loads(seen.out)["cut"] if row["protocol"] == "cip"} == {"unit"}


@pytest.mark.parametrize("capture", ["normal-shift.pcapng", "engineering.pcap", "incident.pcap.gz"])
def test_what_is_proposed_from_a_capture_is_a_policy_that_every_command_takes(capture, tmp_path):
    """And it is of machines that spoke: an intruder asks for every address of the cell."""
    assert run("zone", "propose", DEMO / capture, "--out", tmp_path).code == 0
    site = tmp_path / "site.toml"
    assert len([m for zone in load_site(site.read_text("utf-8")).zones for m in zone.members]) < 30
    assert run("zone", "check", "--site", site).code == 0
    assert run("zone", "replay", site, "--against", DEMO / capture, "--enough", "0").code in {0, 1}
    for way in (("export", "--to", "nftables"), ("draw",)):
        assert run("zone", *way, "--site", site, "--out", tmp_path / way[0]).code in {0, 1}


def test_what_is_always_refused_is_asked_about_and_allowed_by_its_answer(tmp_path):
    ended = run("zone", "propose", DEMO / "normal-shift.pcapng", "--out", tmp_path / "one")
    (line,) = [line for line in ended.out.splitlines() if line.startswith("stays denied: ")]
    assert line.endswith("; it was refused each time (1): its question asks whether it is needed")
    name = "refused:192.168.10.60/192.168.10.50/http"
    (tmp_path / "answers.toml").write_text(f'[[answers]]\nid = "{name}"\nyes = true\n')
    two = run("zone", "propose", DEMO / "normal-shift.pcapng", "--answers", tmp_path / "answers.toml", "--out",
              tmp_path / "two", "--json")  # fmt: skip
    assert json.loads(two.out)["denied"] == []
    assert name in (tmp_path / "one" / "questions.toml").read_text("utf-8")


def test_replay_says_when_the_watchdog_of_a_machine_without_its_master_trips(plant, policy):
    """The remote I/O in a zone of its own, without a conduit: its relation names three cycles of 512 ms."""
    text = policy.read_text("utf-8").replace('"10.77.1.13", "28:63:36:5a:10:0d"', "")
    text += '[[zones]]\nname = "field"\nmembers = ["10.77.1.13", "28:63:36:5a:10:0d"]\nsl_t = 1\n'
    policy.write_text(text.replace('["10.77.1.12", ]', '["10.77.1.12"]'), "utf-8")
    ended = run("zone", "replay", policy, "--against", plant / "plant.pcap", "--json")
    assert ended.code == 1, ended.err
    document = json.loads(ended.out)
    check_schema(document, "zone-replay")
    lost = {row["server"]: row["watchdog_s"] for row in document["machines_without_master"]}
    assert lost["28:63:36:5a:10:0d"] == pytest.approx(1.536)
    told = run("zone", "replay", policy, "--against", plant / "plant.pcap").out
    lost_by = "without its master: 28:63:36:5a:10:0d is no more asked by 28:63:36:5a:10:0c (profinet-rt)"
    assert f"{lost_by}; its watchdog trips after 1.54 s" in told


def test_what_hands_take_away_stays_away(tmp_path):
    shift = DEMO / "normal-shift.pcapng"
    assert run("zone", "propose", shift, "--out", tmp_path).code == 0
    text = (tmp_path / "site.toml").read_text("utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(
        text.replace('verbs = ["write"]\nobjects = ["coil:', 'verbs = ["discover"]\nobjects = ["coil:'),
        "utf-8",
    )
    assert mine.read_text("utf-8") != text
    again = run("zone", "propose", shift, "--site", mine, "--out", tmp_path, "--json")
    document = json.loads(again.out)
    check_schema(document, "zone-proposal")
    assert document["conduits"] == []
    (taken,) = [row for row in document["denied"] if row["taken_away"]]
    assert (taken["protocol"], taken["verb"]) == ("modbus", "write")
    told = run("zone", "propose", shift, "--site", mine, "--out", tmp_path).out
    assert "; it was proposed before, and taken away by hand" in told
    (tmp_path / "proposed.toml").write_text("[[conduits]]\nname = 3\n", "utf-8")
    wrong = run("zone", "propose", shift, "--site", mine, "--out", tmp_path)
    assert wrong.code == 2
    assert "proposed.toml, line 1" in wrong.err


def test_a_file_without_zones_is_said_to_deny_everything(tmp_path):
    for arguments in (["check", "--site", "/dev/null"], ["replay", "/dev/null", DEMO / "engineering.pcap"]):
        ended = run("zone", *arguments)
        assert "/dev/null has no zones: every machine is in none, and everything is denied" in ended.err
