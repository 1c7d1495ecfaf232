"""The programs of the plant's controllers, one class each, and what each is wired to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.control.controller import Controller
from interlock.plant.control.loops import PiLoop, two_point

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.process.tags import State

__all__ = ["CONTROLLERS", "controller", "strange_firmware"]


class Water:
    """Raw water tank and buffer tank: the valve by two points, the pump's speed by a loop over the network."""

    inputs = ("raw.level", "buffer.level", "pump.flow")
    outputs = ("raw.inlet", "buffer.level_setpoint")
    settings: Final = {
        "buffer.level_setpoint": 1.5, "raw.inlet": 1.0, "pump.speed_setpoint": 40.0, "pump.speed": 40.0,
        "pump.current": 9.0,
    }  # fmt: skip

    def __init__(self) -> None:
        self._level = PiLoop(gain=60.0, integral_s=400.0, output=40.0)

    def __call__(self, image: State, dt_s: float) -> None:
        """The pump's speed is told to its drive by whoever carries messages, not by a wire."""
        image["raw.inlet"] = two_point(image["raw.level"], 2.2, 2.6, image["raw.inlet"])
        speed = self._level.step(image["buffer.level_setpoint"], image["buffer.level"], dt_s)
        image["pump.speed_setpoint"] = speed if image["raw.level"] > 0.3 else 0.0


class Drive:
    """The pump's drive: turns as it is asked to, and stops itself where the motor takes too much."""

    inputs = ("pump.speed", "pump.current")
    outputs = ("pump.speed_setpoint",)
    settings: Final = {"pump.speed_setpoint": 40.0, "drive.fault": 0.0}

    def __call__(self, image: State, _dt_s: float) -> None:
        """A fault stays until it is reset."""
        if image["pump.current"] > 40.0:
            image["drive.fault"] = 1.0
        if image["drive.fault"]:
            image["pump.speed_setpoint"] = 0.0


class Well:
    """The remote station of the well: does what it is commanded, and protects its pump from running dry."""

    inputs = ("well.level", "well.flow")
    outputs = ("well.pump",)
    settings: Final = {"well.pump": 1.0}

    def __call__(self, image: State, _dt_s: float) -> None:
        """See the class."""
        if image["well.level"] < 0.5:
            image["well.pump"] = 0.0


class Boiler:
    """Steam pressure by the burner, water by the feed pump; valves and transmitters hang on the remote I/O."""

    inputs = ()
    outputs = ("boiler.pressure_setpoint",)
    settings: Final = {
        "boiler.pressure_setpoint": 7.0, "boiler.burner": 30.0, "boiler.feed": 0.0, "boiler.pressure": 7.0,
        "boiler.level": 60.0, "boiler.temperature": 170.0,
    }  # fmt: skip

    def __init__(self) -> None:
        self._pressure = PiLoop(gain=18.0, integral_s=60.0, output=30.0)

    def __call__(self, image: State, dt_s: float) -> None:
        """Inputs come from the remote I/O, outputs go there, both over the network."""
        asked = self._pressure.step(image["boiler.pressure_setpoint"], image["boiler.pressure"], dt_s)
        image["boiler.burner"] = asked if image["boiler.level"] > 28.0 else 0.0
        image["boiler.feed"] = two_point(image["boiler.level"], 57.0, 63.0, image["boiler.feed"])


class RemoteIo:
    """Inputs and outputs of the boiler: no program of its own."""

    inputs = ("boiler.pressure", "boiler.level", "boiler.temperature")
    outputs = ("boiler.burner", "boiler.feed")
    settings: Final = {"boiler.burner": 30.0, "boiler.feed": 0.0}

    def __call__(self, image: State, _dt_s: float) -> None:
        """Outputs stay as the last cyclic message set them."""


class Pasteuriser:
    """Product temperature by the steam valve."""

    inputs = ("pasteuriser.temperature",)
    outputs = ("pasteuriser.steam", "pasteuriser.temperature_setpoint")
    settings: Final = {"pasteuriser.temperature_setpoint": 76.0, "pasteuriser.steam": 35.0}

    def __init__(self) -> None:
        self._temperature = PiLoop(gain=4.0, integral_s=30.0, output=35.0)

    def __call__(self, image: State, dt_s: float) -> None:
        """See the class."""
        asked, measured = image["pasteuriser.temperature_setpoint"], image["pasteuriser.temperature"]
        image["pasteuriser.steam"] = self._temperature.step(asked, measured, dt_s)


class Filler:
    """Filler and conveyor: run while they are told to, product is warm enough and the buffer tank isn't empty."""

    inputs = ("filler.speed", "filler.volume", "filler.bottles", "filler.rejects", "conveyor.speed")
    outputs = ("filler.run", "filler.speed_setpoint")
    settings: Final = {"filler.start": 0.0, "filler.run": 0.0, "filler.speed_setpoint": 180.0}

    def __call__(self, image: State, _dt_s: float) -> None:
        """`filler.start` is what the operator asks for."""
        image["filler.run"] = image["filler.start"]


class Safety:
    """The boiler's safety controller: takes the burner's permit away, and gives it back only when reset."""

    inputs = ("boiler.pressure", "boiler.level")
    outputs = ("boiler.permit",)
    settings: Final = {
        "safety.pressure_limit": 9.5, "safety.level_limit": 22.0, "safety.tripped": 0.0, "safety.reset": 0.0,
        "boiler.permit": 1.0,
    }  # fmt: skip

    def __call__(self, image: State, _dt_s: float) -> None:
        """A reset counts only while nothing is wrong."""
        wrong = image["boiler.pressure"] > image["safety.pressure_limit"]
        wrong = wrong or image["boiler.level"] < image["safety.level_limit"]
        if wrong:
            image["safety.tripped"] = 1.0
        elif image["safety.reset"]:
            image["safety.tripped"] = 0.0
        image["safety.reset"] = 0.0
        image["boiler.permit"] = 0.0 if image["safety.tripped"] else 1.0


class Hall:
    """Air handling of the hall."""

    inputs = ("hall.temperature",)
    outputs = ("hall.fan", "hall.temperature_setpoint")
    settings: Final = {"hall.temperature_setpoint": 21.0, "hall.fan": 30.0}

    def __init__(self) -> None:
        self._temperature = PiLoop(gain=-12.0, integral_s=900.0, output=30.0, low=15.0)

    def __call__(self, image: State, dt_s: float) -> None:
        """A fan cools: the loop's gain is negative."""
        asked, measured = image["hall.temperature_setpoint"], image["hall.temperature"]
        image["hall.fan"] = self._temperature.step(asked, measured, dt_s)


class Feeder:
    """The feeder's bay controller: its breaker does what it is commanded; overcurrent opens it."""

    inputs = ("power.voltage", "power.current", "power.load")
    outputs = ("power.breaker",)
    settings: Final = {"power.breaker": 1.0, "feeder.current_limit": 60.0}

    def __call__(self, image: State, _dt_s: float) -> None:
        """See the class."""
        if image["power.current"] > image["feeder.current_limit"]:
            image["power.breaker"] = 0.0


CONTROLLERS: Final[dict[str, Callable[[], Callable[[State, float], None]]]] = {
    "plc-water": Water,
    "drive-pump": Drive,
    "rtu-well": Well,
    "plc-boiler": Boiler,
    "rio-boiler": RemoteIo,
    "plc-pasteuriser": Pasteuriser,
    "plc-filler": Filler,
    "safety-boiler": Safety,
    "hvac-hall": Hall,
    "rtu-feeder": Feeder,
}
"""Machine → its program."""


def strange_firmware(image: State, _dt_s: float) -> None:
    """What an attacker's firmware does in the pump's drive: full speed, whatever is asked."""
    image["pump.speed_setpoint"] = 100.0


def controller(machine: str) -> Controller:
    """The controller of a machine as it is when the plant starts. Raises KeyError where it has none."""
    program = CONTROLLERS[machine]()
    kind = type(program)
    inputs, outputs, settings = kind.inputs, kind.outputs, kind.settings  # type: ignore[attr-defined]
    return Controller(inputs=inputs, outputs=outputs, program=program, image=dict(settings))
