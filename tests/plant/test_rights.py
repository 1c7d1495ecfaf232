"""The plant does what its design grants, with every rare event; attacks are what it does not grant.

A proposal is measured by it: scripts/zones.py does so with whole days, this with an hour.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import pyarrow.parquet as pq
import pytest
from tests.cli import terminal

from interlock.bootstrap.zoning import build_policy
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.events.table import event
from interlock.plant.machines import BY_NAME
from interlock.plant.rights import RIGHTS, triples
from interlock.records.conduit import Conduit
from interlock.records.site_text import load_site
from interlock.records.vocabulary import VERBS
from interlock.segment.check.granted import granted
from interlock.segment.model.groups import is_group, is_link
from interlock.segment.model.places import nobody

NAME_OF = {m.ip: name for name, m in BY_NAME.items()}
NAME_OF |= {m.mac: name for name, m in BY_NAME.items() if name != "outside"}
NAME_OF["28:63:36:5a:10:8d"] = "rio-boiler"  # the spare one


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Kinds of what was asked while every rare event happened, and in an attack from a machine that has no rights."""
    folder = tmp_path_factory.mktemp("rights")
    planned = [word for k, name in enumerate(EVENTS) for word in ("--event", f"{name}@{1 + 2 * k}")]
    kinds = {}
    for what, options, minutes in (
        ("right", planned, 20), ("wrong", ["--attack", "controller-stop@1"], 2), ("usual", [], 60),
    ):  # fmt: skip
        capture = folder / f"{what}.pcap"
        made = terminal.told(
            "plant", "record", "--minutes", minutes, "--seed", "4", "--out", capture, *options
        )
        assert made.code == 0, made.err
        assert terminal.told("analyze", capture, "--out", folder / what).code in {0, 1}
        columns = ["client", "server", "protocol", "verb"]
        table = pq.read_table(folder / what / "operations.parquet", columns=columns)
        kinds[what] = {tuple(row.values()) for row in table.to_pylist()}
    truth = json.loads((folder / "right.pcap.truth.json").read_text("utf-8"))
    assert {each["name"] for each in truth["events"]} == set(EVENTS)
    return {**kinds, "folder": folder}


def is_right(client, server, protocol, verb):
    if is_link(protocol, None, server):
        return True
    if is_group(client):  # who answers a call to all
        return any(r.server == "everybody" and r.protocol == protocol for r in RIGHTS)
    one = NAME_OF.get(client)
    other = "everybody" if is_group(server) else NAME_OF.get(server)
    ends = {
        (one, other),
        (other, one) if verb == "program-write" else (one, other),
    }  # a controller fetches what it loads
    return any((r.client, r.server) in ends and r.protocol == protocol and verb in r.verbs for r in RIGHTS)


def test_whatever_the_plant_does_it_may(asked):
    assert [kind for kind in sorted(asked["right"]) if not is_right(*kind)] == []


def test_a_right_is_used_unless_it_waits_for_an_emergency(asked):
    """What nobody uses in a day with every event is the operator's to use, or ends a session in good order."""
    used = {(NAME_OF.get(c), NAME_OF.get(s), p, v) for c, s, p, v in asked["right"]}
    idle = {
        (r.client, r.server, verb)
        for r in RIGHTS
        for verb in r.verbs
        if r.server != "everybody" and (r.client, r.server, r.protocol, verb) not in used and verb != "close"
    }
    assert idle <= {
        ("hmi", "rtu-feeder", "select"), ("hmi", "rtu-feeder", "operate"), ("hmi", "hvac-hall", "write"),
        ("hmi", "rtu-well", "select"), ("hmi", "rtu-well", "operate"),
    }  # fmt: skip


def test_an_attacker_without_rights_does_what_is_not_granted(asked):
    laptop = {kind for kind in asked["wrong"] if NAME_OF.get(kind[0]) == "vendor-laptop" and kind[2] != "arp"}
    assert laptop
    assert not any(is_right(*kind) for kind in laptop)


ANSWERS = """
[[answers]]
id = "values:10.77.1.30"
yes = true
servers = ["10.77.1.10", "10.77.1.12", "10.77.1.14", "10.77.1.17", "10.77.1.18", "10.77.1.19"]

[[answers]]
id = "backup:10.77.1.32"
yes = true
servers = ["10.77.1.11", "10.77.1.12", "10.77.1.14"]

[[answers]]
id = "backup:10.77.1.32"
yes = true
servers = ["10.77.1.10"]
protocols = ["ftp", "ftp-data"]
verbs = ["unknown"]

[[answers]]
id = "program:10.77.1.32"
yes = true
servers = ["10.77.1.12"]

[[answers]]
id = "scan"
yes = true
clients = ["10.77.1.31"]
servers = ["10.77.1.0/25", "10.77.1.1", "10.77.1.16"]
protocols = ["http", "modbus", "s7comm", "enip"]
"""


def ratio(site):
    """How many times the plant's own rights between zones a site file grants, and which of them it does not."""
    policy = build_policy(site, date(2026, 11, 28), nobody)
    machines = [machine.ip for machine in BY_NAME.values()]
    zone = {machine: policy.places.of("default", machine).name for machine in machines}
    true = {(c, s, v) for c, s, v in triples() if zone[c] != zone[s]}
    given = granted(policy, "default", machines)
    return len(given) / len(true), true - given


def test_a_proposal_with_answers_grants_at_most_half_more_than_is_right(asked, tmp_path):
    folder = asked["folder"]
    (tmp_path / "answers.toml").write_text(ANSWERS, "utf-8")
    made = terminal.told("zone", "propose", folder / "usual", "--site", folder / "usual.pcap.site.toml",
                         "--answers", tmp_path / "answers.toml", "--out", tmp_path / "out")  # fmt: skip
    assert made.code == 0, made.err
    site = load_site((tmp_path / "out" / "site.toml").read_text("utf-8"))
    times, lacking = ratio(site)
    assert 1.0 <= times <= 1.5
    assert lacking == set()
    zones = tuple(zone.name for zone in site.zones)
    every = Conduit(name="all", from_=zones, to=zones, protocols=("modbus",), verbs=("*",))
    assert ratio(dataclasses.replace(site, conduits=(every,)))[0] > 50
    checked = terminal.told(
        "zone", "check", folder / "right", "--site", tmp_path / "out" / "site.toml", "--json"
    )
    denied = json.loads(checked.out)["rows"]
    assert [row["sentence"] for row in denied] == []


def test_rights_name_machines_verbs_and_events_that_there_are():
    for right in RIGHTS:
        assert right.client in BY_NAME
        assert right.server in BY_NAME or right.server == "everybody"
        assert set(right.verbs) <= set(VERBS)
        if right.event is not None:
            about = event(right.event)
            assert right.client == about.by
            assert right.server == "everybody" or right.server in about.machines
    assert {right.event for right in RIGHTS} - {None} == {
        "asset-scan", "monthly-backup", "replaced-io", "work-order-download",
    }  # fmt: skip
    assert len(set(triples())) < 80
