"""The process: it holds together for hours, and what is done to it has physical consequences."""

from __future__ import annotations

import math

import pytest

from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.process.tags import BY_NAME, TAGS
from interlock.plant.process.whole import STEP_S, Process

HOUR = 3600.0
NETWORK = (
    ("plc-water", "drive-pump", ("pump.speed_setpoint",)),
    ("rio-boiler", "plc-boiler", ("boiler.pressure", "boiler.level", "boiler.temperature")),
    ("plc-boiler", "rio-boiler", ("boiler.burner", "boiler.feed")),
)


def live(hours, *, each=lambda _process, _controllers: None, seed=1, filling=True):
    """The process with its controllers, their network replaced by copying; `each` is called once a second."""
    process = Process(Draws(seed).gauss, 6 * HOUR)
    controllers = {name: controller(name) for name in CONTROLLERS}
    controllers["plc-filler"].image["filler.start"] = float(filling)
    for step in range(round(hours * HOUR / STEP_S)):
        process.step()
        if step % 5 == 0:
            for source, target, tags in NETWORK:
                for tag in tags:
                    value = controllers[source].image.get(tag, process.state[tag])
                    controllers[target].image[tag] = value
            each(process, controllers)
            for one in controllers.values():
                one.scan(process, 1.0)
    return process, controllers


def test_nothing_is_harmed_in_two_hours_of_filling() -> None:
    harmed = {}
    process, _ = live(
        2, each=lambda p, _c: harmed.update({k: v for k, v in p.harmed().items() if p.elapsed_s > 600})
    )
    assert harmed == {}
    state = process.state
    assert state["filler.bottles"] == pytest.approx(2 * 60 * 180, rel=0.05)
    assert state["boiler.pressure"] == pytest.approx(7.0, abs=0.5)
    assert state["pasteuriser.temperature"] == pytest.approx(76.0, abs=1.5)
    assert state["buffer.level"] == pytest.approx(1.5, abs=0.2)


def test_every_tag_stays_a_number_within_its_span() -> None:
    def within(process, _controllers) -> None:
        for tag in TAGS:
            assert math.isfinite(process.state[tag.name])
        said = {}
        process.measure([tag.name for tag in TAGS], said)
        assert all(tag.low <= said[tag.name] <= tag.high for tag in TAGS)

    live(0.2, each=within)


def test_equal_seeds_give_equal_processes() -> None:
    one, other, third = (live(0.1, seed=seed)[0].state for seed in (5, 5, 6))
    assert one == other
    assert one != third


def test_a_raised_set_point_trips_the_safety_controller() -> None:
    def raised(_process, controllers) -> None:
        controllers["plc-boiler"].image["boiler.pressure_setpoint"] = 11.5

    process, controllers = live(1, each=raised)
    assert controllers["safety-boiler"].image["safety.tripped"] == 1.0
    assert process.state["boiler.permit"] == 0.0
    assert process.state["boiler.pressure"] < 10.0


def test_without_the_safety_controller_the_relief_valve_blows() -> None:
    blew = []

    def raised(process, controllers) -> None:
        controllers["plc-boiler"].image["boiler.pressure_setpoint"] = 12.0
        controllers["safety-boiler"].image["safety.pressure_limit"] = 99.0
        blew.append(process.state["boiler.relief"])
        if process.harmed():
            assert process.harmed().keys() <= {"boiler.pressure", "pasteuriser.temperature"}

    live(1, each=raised)
    assert max(blew) == 1.0


def test_a_stopped_controller_holds_its_outputs() -> None:
    process, controllers = live(0.3)
    before = process.state["raw.inlet"]
    controllers["plc-water"].running = False
    controllers["plc-water"].image["raw.inlet"] = 1.0 - before
    controllers["plc-water"].scan(process, 1.0)
    assert process.state["raw.inlet"] == before


def test_a_full_speed_pump_overfills_the_buffer_tank() -> None:
    def faster(_process, controllers) -> None:
        controllers["drive-pump"].image["pump.speed_setpoint"] = 100.0

    process, _ = live(0.5, each=faster)
    assert "buffer.level" in process.harmed()


def test_without_power_everything_stands() -> None:
    def opened(_process, controllers) -> None:
        controllers["rtu-feeder"].image["power.breaker"] = 0.0

    process, _ = live(0.2, each=opened)
    assert process.state["filler.speed"] < 0.1
    assert process.state["power.load"] == 0.0


def test_an_actuator_stays_within_its_span() -> None:
    process = Process(Draws(1).gauss)
    process.set("boiler.burner", 900.0)
    assert process.state["boiler.burner"] == BY_NAME["boiler.burner"].high
    process.set("boiler.burner", math.nan)
    assert process.state["boiler.burner"] == BY_NAME["boiler.burner"].low
    with pytest.raises(KeyError):
        process.set("boiler.nothing", 1.0)
