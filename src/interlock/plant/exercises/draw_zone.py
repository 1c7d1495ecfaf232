"""What crosses the border of a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict
from interlock.plant.site import ZONES
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]

_INSIDE: Final = ("plc-boiler", "rio-boiler")
_SITE: Final = """# Draw a zone: machines that need the same protection and trust each other.

# [[zones]]
# name = "boiler"
# members = ["...", "..."]
"""


def _crossing(desk: Desk) -> set[str]:
    """Addresses outside that exchange something with machines inside."""
    inside = {desk.address_of(machine) for machine in _INSIDE}
    return {b for a, b in desk.pairs() if a in inside and b not in inside} | {
        a for a, b in desk.pairs() if b in inside and a not in inside
    }


def _check(desk: Desk, answer: str) -> Verdict:
    site = load_site(desk.site.read_text("utf-8"), file=str(desk.site))
    zones = {machine: site.zone_of("default", desk.address_of(machine)) for machine in _INSIDE}
    if None in zones.values() or len({z.name for z in zones.values() if z}) != 1:
        return Verdict(
            False, f"In {desk.site} there is no zone yet that both boiler machines are members of."
        )
    zone = next(z for z in zones.values() if z)
    others = {
        desk.address_of(m)
        for name, _, machines, _ in ZONES
        for m in machines
        if name not in {"boiler", "safety"}
    }
    if any(site.zone_of("default", other) == zone for other in others):
        return Verdict(
            False, f"Zone {zone.name} holds machines that are not the boiler's: list single addresses."
        )
    found, crossing = set(addresses_in(answer)), _crossing(desk)
    if found == crossing:
        return Verdict(True, "Right: those are all that cross the border.")
    if found - crossing:
        return Verdict(False, "At least one that you name does not speak with a machine inside.")
    return Verdict(False, f"{len(found)} of {len(crossing)} that cross the border; look again.")


def _explain(desk: Desk) -> str:
    listed = ", ".join(sorted(map(desk.named, _crossing(desk))))
    return (
        f"Across the border speak: {listed}.\n"
        "The panel must; the engineering station may when work is ordered; a service laptop should not "
        "without being let in for it.\n"
        "IEC 62443 calls what may cross a conduit. Interlock today puts machines into zones (their zone "
        "stands in the report and\n"
        "assets.json); it does not yet list what crosses by itself: you have read it off who speaks to whom."
    )


EXERCISE: Final = Exercise(
    number=5,
    title="Draw a zone, and see what crosses it",
    minutes=12,
    task=(
        "Boiler controller (10.77.1.12) and its remote I/O (10.77.1.13) shall become a zone of their own. "
        "Before anybody builds a\n"
        "firewall there, one must know what crosses its border. Write the zone into {desk}/site.toml (there "
        "is a place for it),\n"
        "then find out who outside speaks with a machine inside, in {desk}/plant.pcap."
    ),
    question="Which addresses outside the zone exchange messages with machines inside? All of them, in any order.",
    commands=(
        "interlock analyze {desk}/plant.pcap --site {desk}/site.toml --out {desk}/picture",
        'interlock decode {desk}/plant.pcap --table flows --format csv | grep -E "10.77.1.1(2|3),"',
    ),
    hints=(
        'Take the # away: [[zones]], name = "boiler", members = ["10.77.1.12", "10.77.1.13"].',
        (
            "WHO DOES WHAT TO WHOM lists pairs; `and N more pairs in the report` means that report.html has the "
            "rest: open it."
        ),
        "The second command prints every conversation of the two: client and server stand next to each other.",
        "Rare ones count, too: somebody who asked for a few seconds only has crossed the border.",
    ),
    recordings=(
        Recording(
            name="plant", minutes=14, attacks=(("identity-reads", 9.0),), events=(("monthly-backup", 4.0),)
        ),
    ),
    site=_SITE,
    check=_check,
    explain=_explain,
)
