"""What an attack moved in the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import numbers_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


_TAG: Final = "boiler.pressure_setpoint"
_WITHIN: Final = 0.06


def _most(desk: Desk) -> float:
    return float(next(moved["most"] for moved in desk.attack()["moved"] if moved["tag"] == _TAG))


def _check(desk: Desk, answer: str) -> Verdict:
    name = answer.upper().replace(" ", "")
    named = "DB1.DBD12" in name
    numbers = numbers_in(answer.upper().replace("DB1.DBD12", " "))
    reached = any(abs(number - _most(desk)) <= _WITHIN for number in numbers)
    if named and reached:
        return Verdict(True, "Right: that value, that far.")
    if named:
        return Verdict(
            False, "The value is right. It went to another end: look at the last one that was written."
        )
    if reached:
        return Verdict(False, "The end is right. The value has another name: what stands in column `object`?")
    return Verdict(False, "Not yet. Write the object and the highest value, as in: DB9.DBD99 12.3")


def _explain(desk: Desk) -> str:
    truth = desk.attack()
    moved = "\n".join(
        f"  {m['tag']}: {m['before']:g} before, then {m['least']:g} to {m['most']:g}" for m in truth["moved"]
    )
    return (
        f"{truth['title']} (ATT&CK for ICS {truth['technique']}).\n{moved}\n{desk.harm()}\n"
        "No step was larger than 0.1 bar, and each came from a machine that may write: only the sum is "
        "wrong. Interlock's detectors\n"
        "of today say nothing of it; the values are all there, in the table `values`."
    )


EXERCISE: Final = Exercise(
    number=6,
    title="Find what an attack moved in the process",
    minutes=12,
    task=(
        "During {desk}/plant.pcap somebody wrote to the boiler's controller (10.77.1.12) again and again, a "
        "little at a time. Every\n"
        "value that crosses the wire stands in a table: direction says whether it was read, reported or written.\n"
        "In the boiler's data block DB1 stand: DBD0 pressure (bar), DBD4 level (%), DBD8 temperature, DBD12 "
        "set point of the pressure."
    ),
    question="Which object was written, and what was the highest value? As in: DB9.DBD99 12.3",
    commands=("interlock decode {desk}/plant.pcap --table values --format csv | grep written | grep s7comm",),
    hints=(
        "Every line is one write: the time stands third, and behind `written` the number that was written.",
        "The object stands before `written`; its name has the form DBn.DBDm.",
        "The last line has the highest value.",
    ),
    recordings=(Recording(name="plant", minutes=20, attacks=(("setpoint-creep", 4.0),)),),
    check=_check,
    explain=_explain,
)
