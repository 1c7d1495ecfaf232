"""The plant's page fits the terminal, tells what is wrong first, and needs no colours for it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from interlock.cli.living import _tables
from interlock.plant.living.page import page
from interlock.plant.process.tags import TAGS


def told(*harmed: str, attack: bool = False, silent: str = "", stopped: str = "") -> dict:
    services = [
        {"machine": f"plc-{k}", "protocol": "Modbus/TCP", "answers": "no" if f"plc-{k}" == silent else "yes", "why": "",
         "address": f"10.77.1.{k}", "moved_to": 502, "server": "pymodbus"}
        for k in range(24)
    ]  # fmt: skip
    values = [
        {"tag": t.name, "unit": t.unit, "value": t.first, "low": t.low, "high": t.high, "text": t.text,
         "harmed": t.name in harmed}
        for t in TAGS
    ]  # fmt: skip
    attacks = [
        {"name": "setpoint-creep", "title": "The panel raises the set point of the boiler", "running": True,
         "moved": [{"tag": "boiler.pressure_setpoint", "before": 7.0, "least": 7.0, "most": 11.9}]}
    ]  # fmt: skip
    return {
        "run": "abcdef", "mirror": "ilp-mirror", "up_s": 184.2, "day_s": 21724.2, "values": values,
        "services": services, "controllers": [{"name": "plc-3", "running": stopped != "plc-3"}],
        "attacks": attacks if attack else [], "processes": 6, "memory_kib": 170_000,
    }  # fmt: skip


def drawn(what, width: int) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=24, force_terminal=False, no_color=True)
    for part in what:
        console.print(part)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 36), (99, 24), (78, 24), (62, 24)])
@pytest.mark.parametrize("bad", [False, True])
def test_a_page_fits_its_terminal(width, height, bad) -> None:
    status = (
        told("boiler.pressure", "buffer.level", attack=True, silent="plc-7", stopped="plc-3")
        if bad
        else told()
    )
    lines = drawn([page(status, width, height)], width)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 24)])
def test_what_is_wrong_stands_first_and_needs_no_colour(width, height) -> None:
    status = told("boiler.pressure", attack=True, silent="plc-7", stopped="plc-3")
    lines = drawn([page(status, width, height)], width)
    assert "ALARM" in lines[1]
    whole = "\n".join(lines)
    assert whole.index("ALARM") < whole.index("ATTACK setpoint-creep") < whole.index("well.level")
    assert "STOPPED" in whole
    assert "NO ANSWER" in whole or "✗ plc-7" in whole
    if width >= 80:
        (pressure,) = [line for line in lines if "boiler.pressure " in line and "bar !" in line]
        assert "█" in pressure
        assert "░" in pressure


def test_a_quiet_plant_says_so() -> None:
    whole = "\n".join(drawn([page(told(), 80, 24)], 80))
    assert "no alarms" in whole
    assert "no attack yet" in whole
    assert "24 of 24 services asked lately, all answer" in whole


@pytest.mark.parametrize("width", [120, 80, 60])
def test_a_status_keeps_names_addresses_and_numbers_whole(width) -> None:
    lines = drawn(_tables(told("boiler.pressure", attack=True), width), width)
    whole = "\n".join(lines)
    for tag in TAGS:
        assert tag.name in whole
    assert "10.77.1.23:502" in whole
    assert any("boiler.pressure " in line and "HARMED" in line for line in lines)
    assert max(map(len, lines)) <= width
    assert len([line for line in lines if line.startswith("plc-")]) == 24
