"""The practice plant's site file: what its people know and wires cannot tell."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_INPUTS, BOILER_REALS
from interlock.plant.actors.filling import FILLER_TAGS
from interlock.plant.actors.hall import HALL_OBJECTS
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES
from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES
from interlock.plant.actors.water import DRIVE, WATER
from interlock.plant.actors.well import WELL_ANALOGS, WELL_BINARIES
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
_STEP: Final = 0.25
"""Share of its span by which a set point may be moved at once."""
_RATES: Final = {"boiler.pressure": 1.0, "boiler.temperature": 10.0}
"""Units a second: what steam in this drum can do at most."""
_DRIVES: Final = {
    "buffer.level_setpoint": "buffer.level",
    "boiler.pressure_setpoint": "boiler.pressure",
    "pasteuriser.temperature_setpoint": "pasteuriser.temperature",
    "filler.speed_setpoint": "filler.speed",
    "hall.temperature_setpoint": "hall.temperature",
}
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
        *_conditions(),
    ]
    return "\n\n".join(parts) + "\n"


def _ip(machine: str) -> str:
    return BY_NAME[machine].ip


def _addresses(machine: str) -> list[str]:
    """By which a person names it: a device without IP traffic by its hardware address, too."""
    return [_ip(machine), *([BY_NAME[machine].mac] if machine == "rio-boiler" else [])]


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
        kind = {"kind": "safety"} if name == "safety" else {}
        yield _table(
            "zones", name=name, members=members, sl_t=level, purdue_level=purdue, description=text, **kind
        )


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
            machines=[address for m in about.machines for address in _addresses(m)],
            owner="automation",
        )


def _tags() -> Iterator[str]:
    yield from _water_tags()
    yield from _boiler_tags()
    for name, tag in FILLER_TAGS.items():
        if tag in TAGS:
            yield _tag(tag, "plc-filler", name)
    for name, tag in PASTEURISER_NODES.items():
        yield _tag(tag, "plc-pasteuriser", f"ns=2;s={name}")
    yield from _feeder_tags()
    for binary in WELL_BINARIES:
        yield _tag(binary.tag, "rtu-well", f"binary-output:{binary.index}", "10")
    for analog in WELL_ANALOGS:
        yield _tag(analog.tag, "rtu-well", f"analog-input:{analog.index}", "10")
    for each in HALL_OBJECTS:
        yield _tag(each.tag, "hvac-hall", f"{_BACNET[each.type]}:{each.instance}")


def _water_tags() -> Iterator[str]:
    for point in WATER:
        if point.table in ("input", "holding"):
            yield _tag(point.tag, "plc-water", f"{point.table}:{point.address}", "1", point.scale)
    for point in DRIVE:
        if point.table == "holding":
            place, name = f"{point.table}:{point.address}", f"{point.tag}.drive"
            yield _tag(point.tag, "drive-pump", place, "1", point.scale, called=name)
    yield _tag("raw.inlet", "plc-water", "coil:0", "1")


def _boiler_tags() -> Iterator[str]:
    for real in BOILER_REALS:
        yield _tag(real.tag, "plc-boiler", f"DB{real.block}.DBD{real.octet}", "0.2")
    for number, tag in enumerate(BOILER_INPUTS):
        yield _tag(
            tag, "rio-boiler", "input:1/0x0001", called=f"{tag}.io", by_mac=True,
            type="float32", octet=4 * number, rate_per_s=_RATES.get(tag),
        )  # fmt: skip


def _feeder_tags() -> Iterator[str]:
    device = str(FEEDER_ADDRESS)
    for measured in FEEDER_MEASURED:
        yield _tag(measured.tag, "rtu-feeder", f"ioa:{measured.address}", device)
    for switch in FEEDER_SWITCHES:
        yield _tag(switch.tag, "rtu-feeder", f"ioa:{switch.address}", device)
        told = "command to the breaker: to open it stops the whole plant, only ever under a work order"
        where, name = f"ioa:{switch.command}", f"{switch.tag}_command"
        yield _tag(switch.tag, "rtu-feeder", where, device, called=name, low=1, high=None, description=told)
    goose = "RTUFEEDERCTRL/LLN0$breaker[0]"
    yield _tag("power.breaker", "rtu-feeder", goose, called="power.breaker.goose", by_mac=True)


def _conditions() -> Iterator[str]:
    yield _table(
        "interlocks", name="fuel off above the trip", when="boiler.pressure > 10.5", then="boiler.burner < 1",
        within_s=30.0, harm="the drum bursts once its relief valve fails too",
    )  # fmt: skip
    yield _table(
        "interlocks", name="nothing filled that is too cold", when="filler.speed > 60", within_s=120.0,
        then="pasteuriser.temperature > 68", harm="product that is not pasteurised reaches people",
    )  # fmt: skip
    yield _table(
        "relations", name="one pressure, told twice", holds="abs(boiler.pressure.io - boiler.pressure) < 0.5",
        within_s=10.0, description="the remote I/O measures it, the controller tells it on",
    )  # fmt: skip
    yield _table(
        "relations", name="the breaker, told twice", holds="'power.breaker.goose' == power.breaker",
        within_s=10.0, description="by GOOSE to protection, by IEC 104 to the panel",
    )  # fmt: skip


def _tag(
    name: str,
    machine: str,
    where: str,
    device: str | None = None,
    scale: float = 1.0,
    *,
    called: str | None = None,
    **more: object,
) -> str:
    """scale: steps of a register for one unit; limits are in the register's own steps, as the unit says.

    called: what the site file calls it, where the same value lies elsewhere too. more: further entries.
    """
    about = TAGS[name]
    server = BY_NAME[machine].mac if more.pop("by_mac", False) else _ip(machine)
    entries: dict[str, object] = {"name": called or name, "server": server, "object": where}
    if device is not None:
        entries["device"] = device
    if about.unit:
        entries["unit"] = about.unit if scale == 1.0 else f"{about.unit}/{scale:g}"
    limits = (about.safe_low, about.safe_high) if about.kind == "measured" else (about.low, about.high)
    for key, limit in zip(("low", "high"), limits, strict=True):
        if math.isfinite(limit):
            entries[key] = round(limit * scale, 6)
    if about.kind == "setpoint":
        entries["step"] = round(_STEP * (about.high - about.low) * scale, 6)
    if about.kind == "setpoint" and called is None and name in _DRIVES:
        entries["drives"] = _DRIVES[name]
    every = {**entries, "description": about.text, **more}
    return _table("tags", **{key: value for key, value in every.items() if value is not None})
