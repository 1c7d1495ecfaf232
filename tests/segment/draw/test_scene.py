"""What a map shows is what the policy says."""

from __future__ import annotations

from tests.segment.draw.plants import LATER, MACHINES, SITE, large, policy

from interlock.segment.check.verdicts import Violation
from interlock.segment.draw.difference import difference_of
from interlock.segment.draw.scene import ADDED, DENIED, MOST_BOXES, NOWHERE, REMOVED, SAME, scene_of


def violation(
    client: str, client_zone: str | None, server: str, server_zone: str | None, **said: object
) -> Violation:
    given = {
        "protocol": "modbus",
        "verb": "write",
        "reason": "verb",
        "conduit": None,
        "count": 3,
        "answered": 3,
    } | said
    return Violation(
        what="operation", source="a.pcap", realm="default", client=client, server=server, client_zone=client_zone,
        server_zone=server_zone, first=0, last=1, frames=(1,), **given,
    )  # fmt: skip


def arrows_of(scene):
    return {(arrow.client, arrow.server, arrow.denied): arrow for arrow in scene.arrows}


def test_each_conduit_in_force_is_an_arrow_and_none_besides():
    scene = scene_of(policy(), "default", ())
    assert set(arrows_of(scene)) == {
        ("operations", "boiler", False), ("operations", "filling", False), ("boiler", "burner", False),
        ("office", "operations", False), ("internet", "burner", False),
    }  # fmt: skip
    boxes = {box.key: box for box in scene.boxes}
    assert [entry.text for entry in boxes["burner"].within] == ["modbus: read"]
    assert (boxes["burner"].parent, boxes["burner"].level, boxes["burner"].sl_t) == ("boiler", "1", (2,) * 7)
    assert (boxes["internet"].level, boxes["office"].level, boxes["operations"].level) == (
        "outside",
        "4",
        "3",
    )
    panel = arrows_of(scene)["operations", "filling", False].entries[0]
    assert (panel.text, panel.acts) == ("s7comm: open read write; for DB1.DBB0..31", True)
    vendor = arrows_of(scene)["internet", "burner", False].entries[0]
    assert vendor.note == "exception, until 2027-05-31, start-up"
    assert not arrows_of(scene)["boiler", "burner", False].entries[0].acts


def test_known_machines_are_counted_by_role():
    scene = scene_of(policy(SITE, MACHINES), "default", MACHINES)
    filling = next(box for box in scene.boxes if box.key == "filling")
    assert (filling.machines, filling.roles) == (
        9,
        (("drive", 7, ("M3", "M4", "M5")), ("plc", 2, ("M1", "M2"))),
    )


def test_violations_are_arrows_of_their_own_also_from_machines_in_no_zone():
    told = (
        violation("10.1.3.1", "operations", "10.1.1.11", "trips"),
        violation("172.16.0.9", None, "10.1.1.1", "boiler", reason="no-zone"),
        violation("10.1.3.1", "operations", "10.1.1.11", "trips", verb="stop", count=1),
    )
    scene = scene_of(policy(), "default", (), told)
    denied = {key: arrow for key, arrow in arrows_of(scene).items() if key[2]}
    assert set(denied) == {("operations", "trips", True), (NOWHERE, "boiler", True)}
    assert [(e.text, e.many, e.state) for e in denied["operations", "trips", True].entries] == [
        ("modbus stop", 1, DENIED),
        ("modbus write", 3, DENIED),
    ]
    assert next(box for box in scene.boxes if box.key == NOWHERE).roles == ((None, 1, ("172.16.0.9",)),)


def test_a_large_site_is_folded_and_what_is_loud_stands_alone():
    site = large(500)
    loud = (violation("10.0.7.1", "cell 7", "192.168.1.1", "esd"),)
    scene = scene_of(policy(site), "default", (), loud)
    keys = {box.key for box in scene.boxes}
    assert len(keys) <= MOST_BOXES
    assert {"esd", "cell 7"} < keys
    folded = next(box for box in scene.boxes if box.zones > 1 and box.level == "1")
    assert (folded.zones, folded.name) == (499, "499 control zones")
    entries = sum(len(arrow.entries) for arrow in scene.arrows if not arrow.denied)
    assert entries == 500


def test_a_difference_says_what_came_and_what_went():
    scene = difference_of(scene_of(policy(), "default", ()), scene_of(policy(LATER), "default", ()))
    states = {box.key: box.state for box in scene.boxes}
    assert (states["laboratory"], states["filling"], states["boiler"]) == (ADDED, REMOVED, SAME)
    found = {key: arrow.state for key, arrow in arrows_of(scene).items()}
    assert found["laboratory", "boiler", False] == ADDED
    assert found["operations", "filling", False] == found["internet", "burner", False] == REMOVED
    assert found["office", "operations", False] == SAME
    changed = arrows_of(scene)["operations", "boiler", False]
    assert [(entry.text, entry.state) for entry in changed.entries] == [
        ("s7comm: open read", ADDED),
        ("s7comm: open read write; for DB1.DBB0..31", REMOVED),
    ]


def test_nothing_differs_from_itself():
    one = scene_of(policy(), "default", ())
    scene = difference_of(one, one)
    assert {box.state for box in scene.boxes} == {SAME}
    assert {entry.state for arrow in scene.arrows for entry in arrow.entries} == {SAME}
    assert not any(box.changes for box in scene.boxes)
