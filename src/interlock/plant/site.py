"""The practice plant's site file: what its people know and wires cannot tell."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.filling import FILLER_TAGS
from interlock.plant.actors.hall import HALL_OBJECTS
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES
from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_MEASURED
from interlock.plant.actors.water import WATER
from interlock.plant.actors.well import WELL_ANALOGS
from interlock.plant.events.table import event
from interlock.plant.machines import BY_NAME
from interlock.plant.process.tags import BY_NAME as TAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ZONES", "site_text"]

ZONES: Final = (
    ("water", "1", ("plc-water", "drive-pump", "rtu-well"), "raw water, well and buffer tank"),
    ("boiler", "1", ("plc-boiler", "rio-boiler"), "steam"),
    ("safety", "1", ("safety-boiler",), "the boiler's safety controller"),
    ("filling", "1", ("plc-filler", "plc-pasteuriser"), "pasteuriser, filler and conveyor"),
    ("supply", "1", ("hvac-hall", "rtu-feeder"), "air of the hall, and power"),
    ("operations", "3", ("hmi", "historian", "engineering"), "panel, historian, engineering station"),
)
"""Name, Purdue level, machines, what it is."""

_LEVELS: Final = {"safety": 3, "operations": 2}
_BEFORE: Final = timedelta(minutes=10)
_AFTER: Final = timedelta(minutes=50)
_BACNET: Final = {0: "analog-input", 1: "analog-output", 2: "analog-value"}


def site_text(ordered: Sequence[tuple[str, datetime]] = ()) -> str:
    """The whole file. ordered: events that somebody ordered, each with when it begins (UTC)."""
    parts = [
        "# The practice plant. `interlock analyze CAPTURE --site FILE` reads this file.",
        '[site]\nname = "practice plant"',
        _table(
            "realms", name="default", networks=["10.77.1.0/24"], description="the one network of the plant"
        ),
        *_zones(),
        _table("engineering_stations", address=_ip("engineering"), name="engineering", owner="automation"),
        _table("safety_systems", address=_ip("safety-boiler"), name="safety-boiler", sil=2),
        *_orders(ordered),
        *_tags(),
    ]
    return "\n\n".join(parts) + "\n"


def _ip(machine: str) -> str:
    return BY_NAME[machine].ip


def _table(section: str, **entries: object) -> str:
    return "\n".join((f"[[{section}]]", *(f"{key} = {_value(value)}" for key, value in entries.items())))


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _zones() -> Iterator[str]:
    for name, purdue, machines, text in ZONES:
        members = [_ip(m) for m in machines] + [BY_NAME[m].mac for m in machines if m == "rio-boiler"]
        level = [_LEVELS.get(name, 1)] * 7
        yield _table("zones", name=name, members=members, sl_t=level, purdue_level=purdue, description=text)


def _orders(ordered: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    for number, (name, begins) in enumerate(ordered, 1):
        about = event(name)
        yield _table(
            "work_orders",
            id=f"WO-{begins:%Y%m%d}-{number}",
            start=begins - _BEFORE,
            end=begins + _AFTER,
            title=about.title,
            stations=[_ip(about.by)],
            machines=[_ip(m) for m in about.machines],
            owner="automation",
        )


def _tags() -> Iterator[str]:
    for point in WATER:
        if point.table in ("input", "holding"):
            yield _tag(point.tag, "plc-water", f"{point.table}:{point.address}", "1", point.scale)
    for real in BOILER_REALS:
        yield _tag(real.tag, "plc-boiler", f"DB{real.block}.DBD{real.octet}", "0.2")
    for name, tag in FILLER_TAGS.items():
        if tag in TAGS:
            yield _tag(tag, "plc-filler", name)
    for name, tag in PASTEURISER_NODES.items():
        yield _tag(tag, "plc-pasteuriser", f"ns=2;s={name}")
    for measured in FEEDER_MEASURED:
        yield _tag(measured.tag, "rtu-feeder", f"ioa:{measured.address}", str(FEEDER_ADDRESS))
    for analog in WELL_ANALOGS:
        yield _tag(analog.tag, "rtu-well", f"analog-input:{analog.index}", "10")
    for each in HALL_OBJECTS:
        yield _tag(each.tag, "hvac-hall", f"{_BACNET[each.type]}:{each.instance}")


def _tag(name: str, machine: str, where: str, device: str | None = None, scale: float = 1.0) -> str:
    """scale: steps of a register for one unit; limits are in the register's own steps, as the unit says."""
    about = TAGS[name]
    entries: dict[str, object] = {"name": name, "server": _ip(machine), "object": where}
    if device is not None:
        entries["device"] = device
    if about.unit:
        entries["unit"] = about.unit if scale == 1.0 else f"{about.unit}/{scale:g}"
    limits = (about.safe_low, about.safe_high) if about.kind == "measured" else (about.low, about.high)
    for key, limit in zip(("low", "high"), limits, strict=True):
        if math.isfinite(limit):
            entries[key] = round(limit * scale, 6)
    return _table("tags", **entries, description=about.text)
