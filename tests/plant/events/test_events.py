"""Rare events: each happens as it says, is named in the truth, and leaves a plant that runs as before."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.attacks.table import scenario
from interlock.plant.draws import Draws
from interlock.plant.events import failover, replaced_io, table
from interlock.plant.machines import BY_NAME
from interlock.plant.site import ZONES, site_text
from interlock.plant.twin.recording import BEGIN_S, Twin, ordered
from interlock.records.site_text import load_site

LENGTHS = {"asset-scan": 4.0, "hmi-reboot": 6.0, "replaced-io": 6.0, "transmitter-calibration": 8.0}


def recorded(minutes, events=(), seed=1):
    target = io.BytesIO()
    twin = Twin(target, seed)
    for name, minute in events:
        twin.befall(name, minute)
    for _ in twin.run(minutes):
        pass
    return twin, seen(target.getvalue())


def seen(octets):
    at, frames = 24, []
    while at < len(octets):
        seconds, nanos, size = (
            int.from_bytes(octets[at + 4 * k : at + 4 * k + 4], "little") for k in range(3)
        )
        frames.append((seconds + nanos / 1e9 - BEGIN_S, octets[at + 16 : at + 16 + size]))
        at += 16 + size
    return frames


def pairs(frames, begin, end):
    """Who spoke to whom by address, how often, in a stretch of seconds."""
    return Counter(f[26:34] for when, f in frames if begin <= when < end and f[12:14] == b"\x08\x00")


@pytest.mark.parametrize("name", table.NAMES)
def test_an_event_is_told_and_the_plant_goes_on_as_before(name) -> None:
    length = 2.0 + LENGTHS.get(name, 3.0)
    twin, frames = recorded(length, ((name, 1.0),))
    (occasion,) = twin.occasions
    truth = occasion.truth()
    assert truth["complete"], "the recording is long enough"
    assert not twin.cases
    if name != "transmitter-calibration":  # a calibrator speaks to nobody
        assert truth["frames"]
    about = table.event(name)
    assert {about.by, *about.machines} <= set(BY_NAME)
    before, after = pairs(frames, 20.0, 55.0), pairs(frames, length * 60 - 35.0, length * 60)
    assert set(before) <= set(after), "whoever spoke speaks again"
    for pair, count in before.items():
        assert after[pair] == pytest.approx(count, rel=0.25, abs=8)
    assert twin.process.harmed() == {}


def test_the_table_names_every_file() -> None:
    files = {p.stem.replace("_", "-") for p in Path(table.__file__).parent.glob("*.py")}
    assert files - {"--init--", "event", "table"} == set(table.NAMES)
    assert all(table.event(name).name == name for name in table.NAMES)
    with pytest.raises(KeyError):
        table.event("nothing")
    assert not set(table.NAMES) & set(ATTACKS)
    assert not {table.event(n).title for n in table.NAMES} & {scenario(n).title for n in ATTACKS}


def test_a_standby_takes_over_the_address() -> None:
    _, frames = recorded(3.0, (("failover", 1.0),))
    water = BY_NAME["plc-water"].end
    macs = [(when, f[6:12]) for when, f in frames if f[12:14] == b"\x08\x00" and f[26:30] == water.ip]
    assert {mac for when, mac in macs if when < 60} == {water.mac}
    assert {mac for when, mac in macs if when > 62} == {failover.STANDBY}
    assert not [when for when, f in frames if when > 64 and f[:6] == water.mac]


def test_a_replaced_remote_io_is_named_and_asked_who_it_is() -> None:
    _, frames = recorded(6.0, (("replaced-io", 1.0),))
    spare = [(when, f) for when, f in frames if f[6:12] == replaced_io.SPARE]
    assert any(replaced_io.SERIAL.encode() in f for _, f in spare)
    cyclic = [when for when, f in spare if f[12:14] == b"\x81\x00"]
    assert len(cyclic) > 200
    named = next(when for when, f in frames if b"rio-boiler" in f and f[:6] == replaced_io.SPARE)
    assert named < cyclic[0]


def test_events_by_chance_are_as_many_as_a_year_has() -> None:
    year = Counter(name for name, _ in table.rhythm(Draws(5), 525_600.0))
    for name in table.NAMES:
        expected = table.event(name).a_year
        assert abs(year[name] - expected) <= 4 * expected**0.5 + 1
    assert list(table.rhythm(Draws(5), 60.0)) == list(table.rhythm(Draws(5), 60.0))


def test_the_site_file_is_valid_and_names_ordered_work() -> None:
    planned = ordered((("work-order-download", 90.0), ("hmi-reboot", 10.0), ("monthly-backup", 5.0)))
    assert [name for name, _ in planned] == ["monthly-backup", "work-order-download"]
    site = load_site(site_text(planned))
    assert {z.name for z in site.zones} == {name for name, *_ in ZONES}
    assert all(site.zone_of("default", BY_NAME[m].ip) for _, _, machines, _ in ZONES for m in machines)
    boiler, engineering = BY_NAME["plc-boiler"].ip, BY_NAME["engineering"].ip
    assert site.engineering_station("default", engineering, boiler)
    assert site.safety_system("default", BY_NAME["safety-boiler"].ip).sil == 2
    during = (BEGIN_S + 91 * 60) * 10**9
    assert site.maintenance("default", boiler, during).id == "WO-20260903-2"
    assert site.maintenance("default", boiler, during + 4 * 3600 * 10**9) is None
    tags = {t.name: t for t in site.tags}
    assert (tags["boiler.pressure"].object, tags["boiler.pressure"].high) == ("DB1.DBD0", 10.0)
    assert (tags["buffer.level"].unit, tags["buffer.level"].high) == ("m/1000", 2350.0)
    assert load_site(site_text()).work_orders == ()
    assert planned[0][1] == datetime.fromtimestamp(BEGIN_S + 300, UTC)
