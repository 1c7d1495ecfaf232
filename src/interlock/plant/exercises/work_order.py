"""The same message, ordered and not ordered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.exercise import Exercise, Recording, Verdict
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]

_SITE: Final = """# What the plant's people know. Write the work order at the end; everything else stays.

[[engineering_stations]]
address = "10.77.1.32"
name = "engineering"

# [[work_orders]]
# id = "..."
# start = 2026-09-03T00:00:00Z
# end = 2026-09-03T00:00:00Z
# stations = ["..."]
# machines = ["..."]
"""


def _check(desk: Desk, answer: str) -> Verdict:
    begun = datetime.fromisoformat(desk.attack()["begin"][:19])
    minutes = {begun.strftime("%H:%M"), begun.strftime("%H:%M").lstrip("0")}
    if not minutes & set(answer.replace(",", " ").replace("Z", " ").split()):
        return Verdict(False, "At another time. Write hours and minutes in UTC, as in: 05:59")
    orders = load_site(desk.site.read_text("utf-8"), file=str(desk.site)).work_orders
    if not orders:
        return Verdict(False, f"The time is right; but there is no work order in {desk.site} yet.")
    at = int(begun.timestamp())
    if any(int(o.start.timestamp()) <= at < int(o.end.timestamp()) for o in orders):
        return Verdict(
            False, "The time is right; but your work order covers it: compare its end with the paper's."
        )
    return Verdict(True, "Right: that one nobody ordered.")


def _explain(desk: Desk) -> str:
    truth = desk.attack()
    return (
        f"{desk.event_title('work-order-download')}: that was ordered. {truth['title']}: that was not, at "
        f"{truth['begin'][11:16]} UTC.\n"
        "On the wire both are the same, from the same station to the same controller; only what people "
        "wrote down tells them apart.\n"
        "What Interlock does today: an unnamed client's program write is critical; named under "
        "engineering_stations it is medium;\n"
        "one step less where ALL of it lies within a work order. One finding counts all writes between the "
        "two machines, so that\n"
        "one write outside keeps it where it is: it stayed medium, while the ordered reading of the program "
        "fell to info."
    )


EXERCISE: Final = Exercise(
    number=4,
    title="Tell an engineer's work order from an attack",
    minutes=15,
    task=(
        "The program of the boiler's controller (10.77.1.12) was changed twice in {desk}/plant.pcap, both "
        "times from the engineering\n"
        "station (10.77.1.32). One change was ordered; the paper says:\n\n"
        "    Work order WO-4711. Engineer at 10.77.1.32 loads a changed block into 10.77.1.12,\n"
        "    3 September 2026, 05:00 to 05:10 UTC.\n\n"
        "Write it into {desk}/site.toml (there is a place for it), and see how findings change with and "
        "without --site."
    ),
    question="At what time (UTC, hours and minutes) was the program written WITHOUT an order? As in: 05:59",
    commands=(
        "interlock analyze {desk}/plant.pcap --out {desk}/before",
        "interlock analyze {desk}/plant.pcap --site {desk}/site.toml --out {desk}/after",
        "interlock diff {desk}/before {desk}/after",
        "interlock decode {desk}/plant.pcap --format csv | grep program-write",
    ),
    hints=(
        (
            "Take the # away from the six lines at the end of site.toml and fill them in: stations and machines "
            "are lists of addresses."
        ),
        "start = 2026-09-03T05:00:00Z and end = 2026-09-03T05:10:00Z. Z means UTC.",
        (
            "The last command prints every write of a program with its time (fourth column): which lie "
            "outside start and end?"
        ),
    ),
    recordings=(
        Recording(
            name="plant",
            minutes=18,
            attacks=(("program-download", 13.6),),
            events=(("work-order-download", 3.0),),
        ),
    ),
    site=_SITE,
    check=_check,
    explain=_explain,
)
