"""What was learned of a plant, as people read it in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.table import Table

from interlock.detect.learned.new_deed import NewDeed
from interlock.report.baseline import learned_sentences, relations_of
from interlock.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from interlock.detect.learned.learner import Learner
    from interlock.detect.learned.relation import Relation
    from interlock.report.baseline_difference import Difference

__all__ = ["print_baseline_difference", "print_learned", "sparkline"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_MOST_BARS: Final = 60


def print_learned(learners: Mapping[str, Learner], folder: str, part: str | None, console: Console) -> None:
    """Sentences, the picture of new things by hour, the table of relations, what was accepted."""
    for sentence in learned_sentences(learners, folder):
        console.print(printable(sentence), highlight=False, markup=False)
    _print_news(learners, console)
    table = Table(
        "client", "server", "protocol", "does", "objects", "news a day", "state", box=None, pad_edge=False
    )
    for relation in relations_of(learners, part):
        table.add_row(*_cells(relation))
    console.print(table)
    _print_accepted(learners, console)


def _cells(relation: Relation) -> tuple[str, ...]:
    said = relation.expectation
    most = "?" if math.isinf(said.at_most) else f"≤ {said.at_most:.1f}"
    does = ", ".join(relation.verbs)
    words = (relation.client, relation.server, relation.protocol, does, str(relation.objects), most)
    return (*(printable(word) for word in words), _state(relation))


def _state(relation: Relation) -> str:
    if relation.judged:
        return "converged, judged"
    return "converged" if relation.expectation.converged else "learning"


def _print_news(learners: Mapping[str, Learner], console: Console) -> None:
    hours = deeds.news_by_hour() if isinstance(deeds := learners.get("new-deed"), NewDeed) else ()
    if hours:
        shown = hours[-_MOST_BARS:]
        left = f" (the last {len(shown)} of {len(hours)} hours)" if len(shown) < len(hours) else ""
        console.print(
            f"new things by hour{left}: {sparkline(shown)}  {shown[0]} → {shown[-1]}", highlight=False
        )


def sparkline(counts: Sequence[int]) -> str:
    """A bar for each number, the highest as high as there is."""
    most = max(counts, default=0)
    return "".join(_BARS[math.ceil(n * (len(_BARS) - 1) / most) if most else 0] for n in counts)


def _print_accepted(learners: Mapping[str, Learner], console: Console) -> None:
    accepted = {what: why for learner in learners.values() for what, why in learner.accepted.items()}
    for _, why in sorted(accepted.items()):
        console.print(
            f"accepted: {printable(why[2])}: {printable(why[0])} ({printable(why[1])})",
            highlight=False,
            markup=False,
        )


def print_baseline_difference(difference: Difference, console: Console) -> None:
    """What is new and what is gone, one line each."""
    if not difference.new and not difference.gone:
        console.print("no difference: the same relations, verbs, functions, objects and users")
        return
    for sign, words in (("+", difference.new), ("-", difference.gone)):
        for line in words:
            console.print(f"{sign} {printable(line)}", highlight=False, markup=False, soft_wrap=True)
