"""From a finding to the frame that proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in, numbers_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


_ATTACK: Final = "controller-stop"


def _stopping(desk: Desk) -> set[int]:
    """Numbers of the attack's frames that carry the stop, or its confirmation."""
    told = set(desk.attack()["frames"])
    asked = [n for n, frame in desk.frames() if n in told and b"P_PROGRAM" in frame]
    return {n for first in asked for n in told if first <= n <= first + 8 and n >= first}


def _check(desk: Desk, answer: str) -> Verdict:
    truth = desk.attack()
    attacker, victim = desk.address_of(truth["attacker"]), desk.address_of(truth["victims"][0])
    who, frames = addresses_in(answer), {int(n) for n in numbers_in(answer)}
    if who == [attacker, victim] and frames & _stopping(desk):
        return Verdict(True, "Right: who, whom, and the frame that proves it.")
    if who == [victim, attacker]:
        return Verdict(
            False, "Those two, but the other way round: first who did it, then whom it was done to."
        )
    if who != [attacker, victim]:
        return Verdict(False, "The two addresses are not right: first who stopped, then who was stopped.")
    if frames & set(truth["frames"]):
        return Verdict(
            False, "The addresses are right. That frame belongs to the attack, but is not the one that stops."
        )
    return Verdict(
        False, "The addresses are right. The frame is another one: look at `proof` under the finding."
    )


def _explain(desk: Desk) -> str:
    truth = desk.attack()
    first, last = truth["frames"][0], truth["frames"][-1]
    return (
        f"{truth['title']} (ATT&CK for ICS {truth['technique']}).\n"
        f"Frames {first} to {last} are its {len(truth['frames'])} frames; the stop itself is frame "
        f"{min(_stopping(desk))}. {desk.harm()}\n"
        "One message without a password was enough. A finding always names its frames, so that whoever "
        "doubts it can look at them."
    )


EXERCISE: Final = Exercise(
    number=3,
    title="See an attack",
    minutes=10,
    task=(
        "Something happened during {desk}/plant.pcap: a controller that should always run was stopped. "
        "Operators say that nobody\n"
        "touched it. Find out who did, and the frame that proves it. (A frame is one message on the wire; "
        "they are counted from 1.)"
    ),
    question=(
        "Who stopped which controller, and in which frame? Answer with two addresses (who, whom) and a "
        "frame number,\n"
        "as in: 10.77.1.98 10.77.1.99 1234"
    ),
    commands=(
        "interlock analyze {desk}/plant.pcap --out {desk}/picture",
        "interlock decode {desk}/plant.pcap --format csv | grep ,stop,",
        "tshark -r {desk}/plant.pcap -Y frame.number==1234       (if you have Wireshark; any frame)",
    ),
    hints=(
        "Look for a finding about a controller that was stopped in WHAT IS WRONG, AND WHAT TO DO FIRST.",
        "Its line says who stopped whom; the line `proof` below it says in which frame.",
        (
            "The second command prints the stop as one row: columns frame, client (who) and server (whom) are "
            "what is asked for."
        ),
    ),
    recordings=(Recording(name="plant", minutes=14, attacks=((_ATTACK, 7.3),)),),
    check=_check,
    explain=_explain,
)
