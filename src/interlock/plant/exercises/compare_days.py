"""What is different today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in, numbers_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


def _new(desk: Desk) -> tuple[str, int]:
    """The machine that speaks on the second day only, and how many it spoke to."""
    today = desk.pairs("tuesday")
    (new,) = {speaker for speaker, _ in today} - {speaker for speaker, _ in desk.pairs("monday")}
    return new, len({target for speaker, target in today if speaker == new})


def _check(desk: Desk, answer: str) -> Verdict:
    new, others = _new(desk)
    found, counted = new in addresses_in(answer), others in numbers_in(answer)
    if found and counted and len(addresses_in(answer)) == 1:
        return Verdict(True, "Right.")
    if found:
        return Verdict(
            False, "The machine is right. It spoke to another number of machines: count its new relations."
        )
    return Verdict(
        False, "Another machine is new on the second day. Write address and number, as in: 10.77.1.99 7"
    )


def _explain(desk: Desk) -> str:
    truth = desk.attack("tuesday")
    return (
        f"{truth['title']} (ATT&CK for ICS {truth['technique']}). {desk.harm('tuesday')}\n"
        "Plants hardly change from day to day, so that `interlock diff` is short: a new machine, new "
        "relations, changed firmware\n"
        "stand out although no detector need know them. What is expected (a reboot, a new remote I/O) "
        "stands there, too: ask."
    )


EXERCISE: Final = Exercise(
    number=7,
    title="Compare two days",
    minutes=10,
    task=(
        "Two recordings of the same quarter of an hour on two days: {desk}/monday.pcap and "
        "{desk}/tuesday.pcap. Everything was as\n"
        "always, says the shift. Let Interlock say what was different on Tuesday."
    ),
    question="Which machine is new on Tuesday, and to how many others did it speak? As in: 10.77.1.99 7",
    commands=(
        "interlock analyze {desk}/monday.pcap --out {desk}/monday",
        "interlock analyze {desk}/tuesday.pcap --out {desk}/tuesday",
        "interlock diff {desk}/monday {desk}/tuesday",
    ),
    hints=(
        "Run all three, in this order; the last one prints new machines, new relations and new findings.",
        "Count the new relations in which the new machine stands on the left, each other machine once.",
    ),
    recordings=(
        Recording(name="monday", minutes=15),
        Recording(name="tuesday", minutes=15, attacks=(("identity-reads", 6.0),)),
    ),
    check=_check,
    explain=_explain,
)
