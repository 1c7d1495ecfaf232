"""The plant does what its design grants, with every rare event; attacks are what it does not grant."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from tests.cli import terminal

from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.events.table import event
from interlock.plant.machines import BY_NAME
from interlock.plant.rights import RIGHTS, triples
from interlock.records.vocabulary import VERBS
from interlock.segment.model.groups import is_group, is_link

NAME_OF = {m.ip: name for name, m in BY_NAME.items()}
NAME_OF |= {m.mac: name for name, m in BY_NAME.items() if name != "outside"}
NAME_OF["28:63:36:5a:10:8d"] = "rio-boiler"  # the spare one


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Kinds of what was asked while every rare event happened, and in an attack from a machine that has no rights."""
    folder = tmp_path_factory.mktemp("rights")
    planned = [word for k, name in enumerate(EVENTS) for word in ("--event", f"{name}@{1 + 2 * k}")]
    kinds = {}
    for what, options in (("right", planned), ("wrong", ["--attack", "controller-stop@1"])):
        capture, minutes = folder / f"{what}.pcap", 20 if what == "right" else 2
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
    return kinds


def granted(client, server, protocol, verb):
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
    assert [kind for kind in sorted(asked["right"]) if not granted(*kind)] == []


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
    assert not any(granted(*kind) for kind in laptop)


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
