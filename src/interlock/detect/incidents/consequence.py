"""What could happen physically: five ranks, by the technique that a finding names first and whom it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.site import covers
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.interface import Context
    from interlock.records.finding import Finding

__all__ = [
    "DISCOVERY",
    "LOSS",
    "PROGRAM",
    "RANKS",
    "SAFETY",
    "Consequence",
    "calls",
    "consequence_of",
    "meant",
    "of_many",
    "physically",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """rank: 1 is the gravest. could: a sentence about `{where}`."""

    rank: int
    name: str
    could: str


SAFETY: Final = Consequence(
    rank=1,
    name="safety system",
    could="The safety system at {where} may not stop the process when it has to: people can be hurt, and "
    "machines destroyed.",
)
CONTROL: Final = Consequence(
    rank=2,
    name="control of the process",
    could="Whoever did this decides what {where} does, or what is believed of it: the process can be driven "
    "beyond its limits.",
)
PROGRAM: Final = Consequence(
    rank=3,
    name="program or firmware",
    could="From now on {where} does what its new program says, also after the attacker has gone, and nobody "
    "sees that it differs.",
)
LOSS: Final = Consequence(
    rank=4,
    name="loss of control or view",
    could="{where} may stand still, restart or no longer answer: what it controls runs on or stops without "
    "anybody steering it.",
)
DISCOVERY: Final = Consequence(
    rank=5,
    name="discovery",
    could="Nothing moves yet; somebody learns what it takes to move it. Old controllers have stopped when "
    "merely asked.",
)
RANKS: Final = (SAFETY, CONTROL, PROGRAM, LOSS, DISCOVERY)

_BY_TECHNIQUE: Final = {
    **dict.fromkeys(("T0880", "T0837"), SAFETY),
    **dict.fromkeys(
        ("T0806", "T0830", "T0831", "T0832", "T0835", "T0836", "T0838", "T0848", "T0855", "T0856"), CONTROL
    ),
    **dict.fromkeys(("T0800", "T0821", "T0839", "T0843", "T0851", "T0857", "T0873", "T0889"), PROGRAM),
    **dict.fromkeys(
        ("T0803", "T0804", "T0805", "T0809", "T0813", "T0814", "T0815", "T0816", "T0826", "T0827", "T0828", "T0829",
         "T0858", "T0878", "T0879", "T0881", "T0892"),
        LOSS,
    ),
}  # fmt: skip
"""The technique named first says what was done; those behind it what else it may be."""

_CALLS: Final = {"alert": SEVERITIES.index("low"), "change": SEVERITIES.index("high")}
_IN_VAIN: Final = frozenset({"refused", "no-answer"})
_MOST_TAGS: Final = 4


def calls(finding: Finding) -> bool:
    """Whether somebody would be called for it: an alert, at least low; a change, at least high; nobody accepted it.

    Such a finding begins an incident. Weaknesses and exposures stand there for years, and begin none.
    """
    least = _CALLS.get(finding.kind)
    return least is not None and SEVERITIES.index(finding.severity) >= least and finding.accepted is None


def consequence_of(finding: Finding, context: Context) -> Consequence:
    """The gravest thing that this could come to."""
    if _came_to_nothing(finding):
        return DISCOVERY
    done = meant(finding.techniques)
    return SAFETY if done.rank < DISCOVERY.rank and _reaches_safety(finding, context) else done


def meant(techniques: Sequence[str]) -> Consequence:
    """What it comes to where it succeeds; techniques: what was done first."""
    return _BY_TECHNIQUE.get(techniques[0], DISCOVERY) if techniques else DISCOVERY


def _came_to_nothing(finding: Finding) -> bool:
    """Whether it was all asked for in vain: a command that was refused moved nothing, whatever it would have moved."""
    outcomes = {word for kind, words in finding.data if kind == "outcome" for word in words.split(", ")}
    return bool(outcomes) and outcomes <= _IN_VAIN


def _reaches_safety(finding: Finding, context: Context) -> bool:
    reached = finding.machines[1:] or finding.machines
    return any(
        context.site.safety_system(finding.realm, machine) is not None
        or context.role(finding.realm, machine) == "safety-controller"
        for machine in reached
    )


def physically(consequence: Consequence, realm: str, machines: tuple[str, ...], context: Context) -> str:
    """The sentence about these machines, with what the site file says that they measure and move."""
    named = [context.name(realm, machine) for machine in machines[:3]]
    more = f" and {len(machines) - 3} more" if len(machines) > 3 else ""
    where = (", ".join(named) or "the plant") + more
    tags = [tag.name for machine in machines for tag in context.site.tags if covers((tag.server,), machine)]
    holds = f" The site file knows {', '.join(tags[:_MOST_TAGS])} there." if tags else ""
    return consequence.could.format(where=where) + (holds if consequence is not DISCOVERY else "")


def of_many(address: str) -> bool:
    """Group addresses are no machines: whoever speaks to one does not reach another one by it."""
    octets = address.split(":")
    if len(octets) == 6 and len(octets[0]) == 2:
        return bool(int(octets[0], 16) & 1) if octets[0].isalnum() else False
    first = address.partition(".")[0]
    return (
        address.endswith(".255")
        or (first.isdigit() and 224 <= int(first) <= 239)
        or address.startswith("ff0")
    )
