"""The confusion matrix: rows are what flows speak, columns what was said of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.confusion.judging import Judged

__all__ = ["GOAL", "Matrix"]

GOAL = 0.98


@dataclass(slots=True)
class Row:
    """Flows of one protocol by verdict; said: how often which wrong name was given."""

    verdicts: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    captures: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.verdicts.total()


class Matrix:
    """ours: names that decoders may give; what else flows speak is right only as `unknown`."""

    def __init__(self, ours: frozenset[str]) -> None:
        self._ours = ours
        self.rows: defaultdict[str, Row] = defaultdict(Row)
        self.turns: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.missed: list[Judged] = []
        self.untold: Counter[tuple[str, str, str | None]] = Counter()

    def add(self, judged: Iterable[Judged]) -> None:
        for flow in judged:
            if flow.verdict is None or flow.truth is None:
                self.untold[flow.capture, flow.port, flow.said] += 1
                continue
            row = self.rows[flow.truth]
            row.verdicts[flow.verdict] += 1
            row.captures.add(flow.capture)
            self.turns[flow.turn][flow.verdict] += 1
            if flow.verdict != "right":
                row.said[flow.said or "unknown"] += 1
                self.missed.append(flow)

    def totals(self) -> Counter[str]:
        return sum((row.verdicts for row in self.rows.values()), Counter())

    def share(self, verdict: str = "right") -> float:
        totals = self.totals()
        return totals[verdict] / totals.total() if totals else 0.0

    @property
    def good(self) -> bool:
        return self.share() >= GOAL

    def lines(self) -> Iterator[str]:
        """The matrix, then its rounds, then every flow that is not right."""
        head = f"{'captures':>9}{'flows':>8}{'right':>8}{'unknown':>9}{'wrong':>7}{'share':>9}"
        yield f"{'it speaks':<18}{head}  said instead"
        for name, row in sorted(self.rows.items()):
            yield self._line(name + ("" if name in self._ours else " *"), row)
        yield self._line("all", self._all())
        yield "* no decoder: right is `unknown`"
        for turn, verdicts in self.turns.items():
            counted = ", ".join(f"{verdicts[word]} {word}" for word in ("right", "unknown", "wrong"))
            yield f"ports {turn}: {counted}; {100 * verdicts['right'] / verdicts.total():.2f} % right"
        yield from self._missed()
        yield from self._untold()

    def _all(self) -> Row:
        whole = Row(verdicts=self.totals())
        for row in self.rows.values():
            whole.captures |= row.captures
        return whole

    @staticmethod
    def _line(name: str, row: Row) -> str:
        right, unknown, wrong = (row.verdicts[word] for word in ("right", "unknown", "wrong"))
        instead = ", ".join(f"{word} {count}" for word, count in row.said.most_common())
        return (
            f"{name:<18}{len(row.captures):>9}{row.total:>8}{right:>8}{unknown:>9}{wrong:>7}"
            f"{100 * right / max(1, row.total):>8.2f}%  {instead}"
        ).rstrip()

    def _missed(self) -> Iterator[str]:
        """Wrong ones first; flows of one capture and port that are missed alike stand in one line."""
        found: defaultdict[tuple[str, str, str, str], list[Judged]] = defaultdict(list)
        for flow in self.missed:
            found[flow.verdict or "", flow.capture, flow.port, flow.truth or ""].append(flow)
        for (verdict, capture, port, truth), flows in sorted(found.items(), reverse=True):
            said = Counter(f"{flow.said} ({flow.basis})" for flow in flows)
            frames = sorted({flow.frame for flow in flows})
            shown = ", ".join(map(str, frames[:8])) + (
                f" and {len(frames) - 8} more" if len(frames) > 8 else ""
            )
            words = ", ".join(f"{word} {count}" for word, count in said.most_common())
            yield f"{verdict}: {capture} ({port}), frame {shown}: {truth}, said {words}"

    def _untold(self) -> Iterator[str]:
        for (capture, port, said), count in sorted(self.untold.items(), key=str):
            yield f"not counted, nobody says what it is: {capture} ({port}): said {said} {count} times"
