"""Which machine lets everybody in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


def _weak(desk: Desk) -> set[str]:
    """Addresses that opened a secure channel without security: their answers to it name the policy None."""
    pairs = {
        frame[26:30]
        for _, frame in desk.frames()
        if frame[12:14] == b"\x08\x00" and frame[54:57] == b"OPN" and b"SecurityPolicy#None" in frame
    }
    servers = {
        frame[26:30] for _, frame in desk.frames() if frame[12:14] == b"\x08\x00" and frame[54:57] == b"ACK"
    }
    return {".".join(map(str, address)) for address in pairs & servers}


def _check(desk: Desk, answer: str) -> Verdict:
    weak, found = _weak(desk), set(addresses_in(answer))
    if found == weak:
        return Verdict(True, "Right.")
    if found > weak:
        return Verdict(False, "It is among those that you name; only one is meant.")
    if not found:
        return Verdict(False, "Write an address, as in: 10.77.1.99")
    return Verdict(False, "Not this one. It is the machine that LETS somebody in, not the one that comes.")


def _explain(desk: Desk) -> str:
    (weak,) = _weak(desk)
    return (
        f"{desk.named(weak)} opens OPC UA sessions with security policy None: nothing is signed, nothing is "
        f"encrypted.\n"
        "Panel and historian use the Basic256Sha256 that it offers, signed and encrypted. The service laptop came "
        "without, with a\n"
        "user's name and password in clear, and wrote a set point. So the weakness is a setting, not an old "
        "device: see that every\n"
        "client has a certificate, then switch None off, in a maintenance window."
    )


EXERCISE: Final = Exercise(
    number=2,
    title="Find the weak one",
    minutes=6,
    task=(
        "The same plant, another ten minutes: {desk}/plant.pcap. One of its controllers speaks a protocol "
        "that can prove who asks\n"
        "and hide what is said. Its usual clients do both; but somebody came who did neither, and it let him in."
    ),
    question="Which address lets clients in without any security? Answer with the address.",
    commands=("interlock analyze {desk}/plant.pcap --out {desk}/picture",),
    hints=(
        "Read WHAT IS WRONG, AND WHAT TO DO FIRST: findings stand there, gravest first.",
        "The gravest one names a machine and its address in the same line.",
    ),
    recordings=(Recording(name="plant", minutes=10, attacks=(("opcua-downgrade", 4.0),)),),
    check=_check,
    explain=_explain,
)
