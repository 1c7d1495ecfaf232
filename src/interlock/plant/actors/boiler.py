"""The boiler: its controller steers the remote I/O over PROFINET; the panel reads the controller over S7."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Link, Until
from interlock.plant.protocols import profinet
from interlock.plant.protocols.s7comm import Cpu, Real, connect, read_reals, setup

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.process.tags import State

__all__ = [
    "BOILER_REALS",
    "boiler_cpu",
    "drive_outputs",
    "poll_boiler",
    "take_inputs",
    "take_outputs",
    "tell_inputs",
]

BOILER_REALS: Final = tuple(
    Real(tag, 1, 4 * k)
    for k, tag in enumerate(
        (
            "boiler.pressure",
            "boiler.level",
            "boiler.temperature",
            "boiler.pressure_setpoint",
            "boiler.burner",
            "boiler.feed",
        )
    )
)
CYCLE_S: Final = 0.512
INPUT_FRAME: Final = 0x8001
OUTPUT_FRAME: Final = 0x8002
_GOOD: Final = b"\x80"
"""Provider status of a submodule."""

_INPUTS: Final = ("boiler.pressure", "boiler.level", "boiler.temperature")
_OUTPUTS: Final = ("boiler.burner", "boiler.feed")


def boiler_cpu() -> Cpu:
    """Who the boiler's controller says it is, and what it is programmed with."""
    program = bytes((k * 37 + 11) & 0xFF for k in range(640))
    return Cpu(
        order_number="6ES7 315-2EH14-0AB0",
        serial="S C-PRACTICE0012",
        name="plc-boiler",
        firmware=(3, 2, 6),
        blocks={"_0800001P": program, "_0A00001P": bytes(24)},
    )


def poll_boiler(client: str = "hmi") -> Script:
    """The panel: all values of the data block, once a second."""
    link, reference = Link(client, "plc-boiler", 102), 1
    yield Ask(link, connect())
    yield Ask(link, setup(reference))
    while True:
        yield Until(1.0, 0.2)
        reference += 1
        yield Ask(link, read_reals(reference, BOILER_REALS))


def tell_inputs(image: State, target: bytes) -> Script:
    """The remote I/O: what it measures, every cycle. target: the controller's hardware address."""
    yield from _told(
        "rio-boiler", target, INPUT_FRAME, lambda: struct.pack("!3f", *(image.get(t, 0.0) for t in _INPUTS))
    )


def drive_outputs(image: State, target: bytes) -> Script:
    """The controller: what it wants moved, every cycle. target: the remote I/O's hardware address."""
    yield from _told(
        "plc-boiler", target, OUTPUT_FRAME, lambda: struct.pack("!2f", *(image[t] for t in _OUTPUTS))
    )


def _told(machine: str, target: bytes, frame_id: int, data: Callable[[], bytes]) -> Script:
    counter = 0
    while True:
        yield Until(CYCLE_S, 0.1 if frame_id == INPUT_FRAME else 0.11)
        counter += round(CYCLE_S / 31.25e-6)
        yield Cast(
            machine,
            target,
            profinet.ETHERTYPE,
            profinet.cyclic(frame_id, data() + _GOOD, counter),
            priority=6,
        )


def take_inputs(image: State) -> Callable[[bytes], None]:
    """The controller's side: cyclic inputs into its image."""
    return _taken(image, INPUT_FRAME, _INPUTS)


def take_outputs(image: State) -> Callable[[bytes], None]:
    """The remote I/O's side: cyclic outputs into its image."""
    return _taken(image, OUTPUT_FRAME, _OUTPUTS)


def _taken(image: State, frame_id: int, tags: tuple[str, ...]) -> Callable[[bytes], None]:
    def take(payload: bytes) -> None:
        data = profinet.data_of(payload, frame_id)
        if data is not None:
            image.update(zip(tags, struct.unpack_from(f"!{len(tags)}f", data), strict=True))

    return take
