"""A rule of one's own: it tells of the attack, and keeps silent over an ordinary day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.exercise import Exercise, Recording, Verdict

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]

_ATTACK: Final = "controller-stop"


def _check(desk: Desk, answer: str) -> Verdict:
    del answer  # what counts is the rule
    folder = desk.folder / "rules"
    if not folder.is_dir() or not any(folder.glob("*.yml")):
        return Verdict(False, f"There is no rule yet: write one to {folder}/stopped.yml.")
    fired, wrong = desk.fired(folder, desk.capture())
    if wrong:
        return Verdict(False, f"Something is wrong with a rule: {wrong[0]}")
    attack = set(desk.attack()["frames"])
    if not any(frames & attack for _, frames in fired):
        return Verdict(False, "The rule keeps silent over the attack in plant.pcap.")
    others = [title for title, frames in fired if not frames & attack]
    if others:
        return Verdict(
            False, f"It tells of the attack, but also of something else in plant.pcap: {others[0]}"
        )
    quiet, _ = desk.fired(folder, desk.capture("quiet"))
    if quiet:
        return Verdict(False, f"It tells of the attack, but cries over the ordinary day, too: {quiet[0][0]}")
    return Verdict(True, "Right: it tells of the attack, and keeps silent over the ordinary day.")


def _explain(desk: Desk) -> str:
    fired, _ = desk.fired(desk.folder / "rules", desk.capture())
    return (
        f"Your rule said: {fired[0][0]}\n"
        f"{desk.harm()}\n"
        "One rule speaks for every protocol: a stop is a stop, by S7, CIP or UMAS. Before you trust a rule, try "
        "it over what your own plant did: `interlock rule try` says how often a day it would have cried. Cases "
        "beside it (stopped.test.yml) show that it works without any capture; docs/rules.md says how."
    )


EXERCISE: Final = Exercise(
    number=9,
    title="Write a rule",
    minutes=12,
    task=(
        "In {desk}/plant.pcap somebody stops a controller. Write a rule in Sigma's format that says so, for any "
        "controller and any protocol,\n"
        "into {desk}/rules/stopped.yml. It must keep silent over an ordinary day with a change of shift, a backup "
        "and an ordered download,\n"
        "{desk}/quiet.pcap. docs/rules.md shows a first rule, line by line."
    ),
    question="Answer `done` once the rule lies there: it is run over both recordings.",
    commands=(
        "interlock decode {desk}/plant.pcap --table operations --format jsonl | grep -v '\"read\"' | tail",
        "interlock rule check {desk}/rules",
        "interlock rule try {desk}/plant.pcap --rules {desk}/rules --only",
        "interlock rule try {desk}/quiet.pcap --rules {desk}/rules --only",
    ),
    hints=(
        "The column `verb` says what an operation does, whatever the protocol: look for one that stops.",
        (
            "Below `detection` stands a search with a name, and the condition is that name: `halt:`, indented below it "
            "`verb: stop`, and beside it `condition: halt`."
        ),
        "A whole rule has title, logsource (category: ot_operation), detection, and level (high).",
    ),
    recordings=(
        Recording(name="plant", minutes=10, attacks=((_ATTACK, 6.0),)),
        Recording(
            name="quiet",
            minutes=20,
            events=(("shift-change", 3.0), ("monthly-backup", 6.0), ("work-order-download", 12.0)),
        ),
    ),
    check=_check,
    explain=_explain,
)
