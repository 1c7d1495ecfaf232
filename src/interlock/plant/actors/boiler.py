"""The boiler: its controller steers the remote I/O over PROFINET; the panel reads the controller over S7."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Link, Until, Wait
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import profinet
from interlock.plant.protocols.profinet_cm import PORT, Agreement, ControllerEnd, DeviceEnd, Module, Party
from interlock.plant.protocols.s7comm import Cpu, Real, connect, read_reals, setup

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.process.tags import State

__all__ = [
    "AGREEMENT",
    "BOILER_INPUTS",
    "BOILER_REALS",
    "REMOTE_IO",
    "boiler_cpu",
    "drive_remote_io",
    "poll_boiler",
    "run_remote_io",
    "take_inputs",
    "take_outputs",
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
GOOD: Final = b"\x80\x80\x80"
"""Status of every submodule, provider's and consumer's, behind the data of a frame."""

_TICKS: Final = round(CYCLE_S / 31.25e-6)
_WATCHDOG: Final = 3
"""Cycles that may be missed (the relation's watchdog factor)."""

_AGAIN_S: Final = 2.0
_PARAMETERS: Final = bytes((0, 3, 0, 16))
"""Record 1 of the analog inputs: 4 to 20 mA, smoothed over 16 ms."""

REMOTE_IO: Final = Party(
    "rio-boiler", 0x002A, 0x0501, BY_NAME["rio-boiler"].end.mac, "6ES7 155-6PRACTICE", "S PRACTICE-R0013"
)
AGREEMENT: Final = Agreement(
    (
        Module(0, 0x00000001, at=13),
        Module(1, 0x00000101, inputs=12),
        Module(2, 0x00000201, outputs=8),
    ),
    INPUT_FRAME,
    OUTPUT_FRAME,
    round(CYCLE_S * 1000),
)

BOILER_INPUTS: Final = ("boiler.pressure", "boiler.level", "boiler.temperature")
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


def run_remote_io(image: State, end: DeviceEnd) -> Script:
    """The remote I/O: while a relation stands it tells what it measures, every cycle; once, that it is ready."""
    link, counter = Link("rio-boiler", "plc-boiler", PORT, "udp"), 0
    while True:
        yield Until(CYCLE_S, 0.1)
        counter += _TICKS
        if not end.target:
            continue
        if end.prepared:
            yield Ask(link, end.application_ready())
        data = struct.pack("!3f", *(image.get(t, 0.0) for t in BOILER_INPUTS))
        yield _cycle("rio-boiler", end.target, INPUT_FRAME, data, counter)
        end.missed += 1
        if end.missed > _WATCHDOG:
            end.drop()
            image.update(dict.fromkeys(_OUTPUTS, 0.0))  # nobody says any more what is wanted: everything off


def drive_remote_io(image: State, end: ControllerEnd) -> Script:
    """The controller: finds the remote I/O, agrees with it, then tells what it wants moved, every cycle.

    Where the remote I/O falls silent it begins again.
    """
    link, counter, xid = Link("plc-boiler", "rio-boiler", PORT, "udp"), 0, 0x5A100000
    while True:
        xid += 1
        yield Cast(
            "plc-boiler", profinet.IDENTIFY_GROUP, profinet.ETHERTYPE, profinet.find(xid, "rio-boiler")
        )
        yield Wait(0.4)
        answers = yield Ask(link, end.connect())
        if not answers:
            yield Wait(_AGAIN_S)
            continue
        end.connected(answers[0])
        yield Ask(link, end.identify())
        yield Ask(link, end.write(1, 1, _PARAMETERS))
        yield Ask(link, end.end_of_parameters())
        while end.missed <= _WATCHDOG:
            yield Until(CYCLE_S, 0.11)
            counter += _TICKS
            data = struct.pack("!2f", *(image[t] for t in _OUTPUTS))
            yield _cycle("plc-boiler", end.target, OUTPUT_FRAME, data, counter)
            end.missed += 1
        yield Wait(_AGAIN_S)


def _cycle(machine: str, target: bytes, frame_id: int, data: bytes, counter: int) -> Cast:
    payload = profinet.cyclic(frame_id, data + GOOD, counter)
    return Cast(machine, target, profinet.ETHERTYPE, payload, priority=6)


def take_inputs(image: State, end: ControllerEnd) -> Callable[[bytes], None]:
    """The controller's side: cyclic inputs into its image."""
    return _taken(image, INPUT_FRAME, BOILER_INPUTS, end)


def take_outputs(image: State, end: DeviceEnd) -> Callable[[bytes], None]:
    """The remote I/O's side: cyclic outputs into its image."""
    return _taken(image, OUTPUT_FRAME, _OUTPUTS, end)


def _taken(
    image: State, frame_id: int, tags: tuple[str, ...], end: ControllerEnd | DeviceEnd
) -> Callable[[bytes], None]:
    def take(payload: bytes) -> None:
        data = profinet.data_of(payload, frame_id)
        if data is not None and end.target:
            end.missed = 0
            image.update(zip(tags, struct.unpack_from(f"!{len(tags)}f", data), strict=True))

    return take
