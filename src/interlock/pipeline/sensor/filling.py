"""How full the budgets of memory are, and what was aged out of them, added up over the deaths of processes."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

from interlock.records.budget import Budget
from interlock.records.figures import BudgetFigures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Filling"]


class Filling:
    """budget: what is in force."""

    def __init__(self) -> None:
        self.budget = Budget()
        self._used: dict[str, dict[str, float]] = {}
        self._last: dict[tuple[str, str], int] = {}
        self._aged: Counter[str] = Counter()

    def told(self, who: str, fill: Mapping[str, Sequence[float]], *, lasting: bool = False) -> dict[str, int]:
        """What a process says of its own; of each budget how many were aged out since it said so last.

        lasting: its counts outlive it, so that the first that it says are no news. Else they begin at 0 with it.
        """
        fresh: dict[str, int] = {}
        for name, (used, aged) in fill.items():
            self._used.setdefault(name, {})[who] = used
            begin = aged if lasting else 0
            before = self._last.get((who, name), begin)
            more = int(aged - before if aged >= before else aged)
            self._last[who, name] = int(aged)
            if more:
                fresh[name] = more
        self._aged.update(fresh)
        return fresh

    def figures(self) -> tuple[BudgetFigures, ...]:
        """Every budget that somebody has told of, in declared order."""
        return tuple(
            BudgetFigures(
                name=field.name,
                used=max(self._used[field.name].values()),
                budget=getattr(self.budget, field.name),
                aged_out=self._aged[field.name],
            )
            for field in fields(Budget)
            if field.name in self._used
        )
