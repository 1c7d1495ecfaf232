from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.records.site import (
    EngineeringStation,
    LabRange,
    MaintenanceWindow,
    Realm,
    SafetySystem,
    Site,
    WorkOrder,
    Zone,
    covers,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_NS = int(NOON.timestamp()) * 10**9


@pytest.mark.parametrize(
    ("member", "address", "inside"),
    [
        ("10.0.0.2", "10.0.0.2", True),
        ("10.0.0.2", "10.0.0.20", False),
        ("10.0.0.0/24", "10.0.0.255", True),
        ("10.0.0.0/24", "10.0.1.0", False),
        ("10.0.0.0/24", "10.0.0.9/3", True),
        ("00:1b:1b:00:00:02", "00:1B:1B:00:00:02", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("10.0.0.0/8", "00:1b:1b:00:00:02", False),
        ("10.0.0.0/8", "2001:db8::1", False),
    ],
)
def test_covers(member: str, address: str, inside: bool) -> None:
    assert covers((member,), address) is inside
    assert covers((), address) is False


@settings(deadline=None, max_examples=50)
@given(st.text(), st.text())
def test_covers_answers_for_any_words(member: str, address: str) -> None:
    assert covers((member,), address) in (True, False)


def test_the_narrowest_zone_wins_and_only_in_its_realm() -> None:
    plant = Zone(name="plant", members=("10.0.0.0/8",))
    cell = Zone(name="cell", members=("10.1.0.0/16", "10.2.0.7"))
    other = Zone(name="other", realm="b", members=("10.1.2.3",))
    site = Site(zones=(plant, cell, other))
    assert site.zone_of("default", "10.1.2.3") == cell
    assert site.zone_of("default", "10.2.0.7") == cell
    assert site.zone_of("default", "10.2.0.8") == plant
    assert site.zone_of("b", "10.1.2.3") == other
    assert site.zone_of("default", "192.168.0.1") is None


def test_an_engineering_station_may_be_limited_to_controllers() -> None:
    any_of = EngineeringStation(address="10.0.0.9", name="ENG-1")
    only = EngineeringStation(address="10.0.0.8", controllers=("10.0.5.0/24",))
    site = Site(engineering_stations=(any_of, only))
    assert site.engineering_station("default", "10.0.0.9", "10.0.0.2") == any_of
    assert site.engineering_station("default", "10.0.0.8", "10.0.5.2") == only
    assert site.engineering_station("default", "10.0.0.8", "10.0.0.2") is None
    assert site.engineering_station("b", "10.0.0.9") is None
    assert site.name_of("default", "10.0.0.9") == "ENG-1"
    assert site.name_of("default", "10.0.0.8") is None


@pytest.mark.parametrize("kind", [MaintenanceWindow, WorkOrder])
def test_maintenance_begins_with_its_start_and_ends_before_its_end(kind: type) -> None:
    more = {"id": "W1"} if kind is WorkOrder else {}
    entry = kind(start=NOON, end=NOON + timedelta(hours=1), machines=("10.0.0.0/24",), **more)
    field = "work_orders" if kind is WorkOrder else "maintenance_windows"
    site = Site(**{field: (entry,)})
    hour = 3600 * 10**9
    assert site.maintenance("default", "10.0.0.2", NOON_NS) == entry
    assert site.maintenance("default", "10.0.0.2", NOON_NS + hour - 1) == entry
    assert site.maintenance("default", "10.0.0.2", NOON_NS + hour) is None
    assert site.maintenance("default", "10.0.0.2", NOON_NS - 1) is None
    assert site.maintenance("default", "10.0.1.2", NOON_NS) is None
    assert site.maintenance("b", "10.0.0.2", NOON_NS) is None
    everywhere = dataclasses.replace(entry, machines=())
    assert Site(**{field: (everywhere,)}).maintenance("default", "10.0.1.2", NOON_NS) == everywhere


def test_what_the_plant_owns_is_said_in_many_places() -> None:
    site = Site(
        realms=(Realm(name="default", networks=("141.81.0.0/16",)),),
        zones=(Zone(name="z", members=("93.184.216.34",)),),
        safety_systems=(SafetySystem(address="8.8.8.8"),),
        lab_ranges=(LabRange(network="192.0.2.0/24"),),
    )
    assert [site.owns("default", a) for a in ("141.81.3.4", "93.184.216.34", "8.8.8.8", "8.8.4.4")] == [
        True,
        True,
        True,
        False,
    ]
    assert not site.owns("b", "141.81.3.4")
    assert site.in_lab("default", "192.0.2.9")
    assert not site.in_lab("default", "192.0.3.9")
    assert site.safety_system("default", "8.8.8.8")
    assert site.safety_system("default", "8.8.4.4") is None
    assert site.safety_system("b", "8.8.8.8") is None
    assert not site.in_lab("b", "192.0.2.9")


def test_an_empty_site_knows_nothing() -> None:
    site = Site()
    assert site.name_of("default", "10.0.0.1") is None
    assert site.zone_of("default", "10.0.0.1") is None
    assert site.maintenance("default", "10.0.0.1", 0) is None
    assert not site.owns("default", "10.0.0.1")
