"""Who is there: the first question in every plant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in, numbers_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


def _speakers(desk: Desk) -> dict[str, int]:
    """Addresses that sent something → to how many others."""
    partners: dict[str, set[str]] = {}
    for source, target in desk.pairs():
        if not target.endswith(".255"):
            partners.setdefault(source, set()).add(target)
        else:
            partners.setdefault(source, set())
    return {address: len(others) for address, others in partners.items()}


def _busiest(desk: Desk) -> str:
    speakers = _speakers(desk)
    return max(speakers, key=lambda address: speakers[address])


def _check(desk: Desk, answer: str) -> Verdict:
    numbers, addresses = numbers_in(answer), addresses_in(answer)
    counted = len(_speakers(desk)) in numbers
    found = addresses == [_busiest(desk)]
    if counted and found:
        return Verdict(
            True, "Right: that is how many there are, and that is the one that speaks to most of them."
        )
    if counted:
        return Verdict(
            False, "The number is right. The address that speaks to the most others is another one."
        )
    if found:
        return Verdict(False, "The address is right. The number of machines with an address is another one.")
    return Verdict(False, "Neither the number nor the address is right; write both, as in: 7 10.77.1.99")


def _explain(desk: Desk) -> str:
    listed = "\n".join(
        f"  {desk.named(a)}: {n} others" for a, n in sorted(_speakers(desk).items(), key=lambda e: -e[1])
    )
    return (
        "Whoever spoke in the recording, and to how many others:\n" + listed + "\n"
        "The one that speaks to nearly everybody is the operators' panel (HMI): whoever has it has the "
        "plant. A machine that\n"
        "kept silent is not in the list: safety controllers and engineering stations often are only there "
        "when needed.\n\n"
        "Roles that Interlock prints are concluded from behaviour, and may be wrong: compare them with this list."
    )


EXERCISE: Final = Exercise(
    number=1,
    title="Find the machines",
    minutes=8,
    task=(
        "A switch in a small bottling plant copied everything that passed it into a file: "
        "{desk}/plant.pcap. Nobody has\n"
        "a list of what is connected. Let Interlock make one; it sends nothing to any machine, it only "
        "reads the file.\n"
        "A machine that asks many others is a master (a panel, a server); one that is only asked is a "
        "controller or device."
    ),
    question=(
        "How many machines with an address (10.77.1.something) speak in the recording, and which address "
        "speaks to the most\n"
        "others? Answer with a number and an address, as in: 7 10.77.1.99"
    ),
    commands=("interlock analyze {desk}/plant.pcap --out {desk}/picture",),
    hints=(
        (
            "Run the command and read WHAT IS HERE and MACHINES, RISKIEST FIRST: every line with an address is "
            "one machine."
        ),
        (
            "For the second half read WHO DOES WHAT TO WHOM: left of the arrow stands who asks. Which address "
            "stands there most often?"
        ),
        "{desk}/picture/report.html, opened in a browser, has the same with a map of who speaks to whom.",
    ),
    recordings=(Recording(name="plant", minutes=10),),
    check=_check,
    explain=_explain,
)
