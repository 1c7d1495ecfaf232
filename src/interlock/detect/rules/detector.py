"""The detector `rules`: every rule in force, over each batch once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.columns import FEW
from interlock.detect.interface import Withheld
from interlock.detect.rules.fields import SOURCES, needs_of
from interlock.detect.rules.floods import few_cells, flood_of
from interlock.detect.rules.gate import Gate
from interlock.detect.rules.habit import Habit
from interlock.detect.rules.late import holds, never
from interlock.detect.rules.masters import Masters
from interlock.detect.rules.model import atoms
from interlock.detect.rules.sheet import Predicates, Sheet
from interlock.detect.rules.windows import MANY, Windows
from interlock.detect.rules.wording import NOTED, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.rules.model import Rule
    from interlock.detect.tally import Key, Tally

__all__ = ["Rules"]

_ANYTHING: Final = ("true",)
_BROKEN: Final = "broken-rule"
_UNANSWERED: Final = {
    "one-way": "the other direction is missing, so every request looks unanswered",
    "broadcast-only": "answers never reached the capture point",
    "gaps": "answers may be among the frames that are missing",
    "snapped": "frames were cut, and with them answers",
}
_COPIED: Final = {"duplicated": "frames that the capture point copied count several times"}
_DISTORTED: Final = {
    "gaps": "frames that are missing look like violations",
    "duplicated": "frames that the capture point copied look like violations",
    "snapped": "frames were cut, which looks like a violation",
}
_NO_LOSS: Final = frozenset(
    {"send-number-falls", "receive-number-falls", "number-before-its-turn", "acknowledged-before-sent"}
    | {"segment-rewritten", "segment-replayed", "reset-by-another", "answer-differs"}
)
"""Oddities that frames missing from a capture cannot make: what is lost lets numbers leap, never fall."""


class Rules(CauseDetector):
    """One finding per rule and, as the rule says, per client and server. Keys: rule's id, realm, words of `per`.

    A rule that cannot be evaluated rests and is told of; the others go on.
    """

    name: ClassVar[str] = "rules"
    early: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {table: needs_of(table) for table in SOURCES.values()}

    def __init__(self, rules: Sequence[Rule] = (), broken: Sequence[str] = ()) -> None:
        """rules: all in force, ids distinct. broken: sentences about those that are not."""
        super().__init__()
        used = {rule.table for rule in rules}
        # Of this one: a table that no rule asks for need not be handed to it.
        self.__dict__["needs"] = {table: columns for table, columns in Rules.needs.items() if table in used}
        self._given = (tuple(rules), tuple(broken))
        self._rules = {rule.id: rule for rule in rules}
        self._broken = list(broken)
        self._rested: set[str] = set()
        self._predicates = Predicates()
        plain = [rule for rule in rules if rule.correlation is None]
        self._tables = {t: tuple(r for r in plain if r.table == t) for t in SOURCES.values()}
        self._gates = {table: Gate(table, part) for table, part in self._tables.items()}
        self._barring = {rule.id: _barring(rule, self._rules) for rule in rules}
        self._habit, self._masters = Habit(), Masters()
        self._pupil: Rules | None = None
        self._windows = {r.id: Windows(r.correlation) for r in rules if r.correlation is not None}
        self._counted: dict[str, list[Rule]] = {}
        for rule in rules:
            for part in rule.correlation.rules if rule.correlation else ():
                self._counted.setdefault(part, []).append(rule)

    def anew(self) -> Self:
        """Give a fresh detector with the same rules."""
        return type(self)(*self._given)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return tuple(self._rules.values())

    def learn(self, batch: Batch, context: Context) -> None:
        """Take what rules tell of a batch for this plant's habit."""
        if self._pupil is None:  # counts apart: what was normal then is not part of what is counted now
            self._pupil = self.anew()
        if batch.table in self.needs and len(batch):
            self._habit.add(self._pupil.absorb(batch, context), self._rules)

    def learned(self) -> bytes:
        """Give the habit."""
        return self._habit.octets()

    def know(self, learned: bytes, /) -> None:
        """Go on from a habit. Raises SourceError where it is none."""
        self._habit = Habit.of(learned, self._wording)

    def _wording(self, name: str) -> str | None:
        rule = self._rules.get(name)
        return None if rule is None else rule.digest

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Find the rows that rules ask for, and count them."""
        if batch.table == "operations":
            self._masters.note(batch)
        places, hits = self._gates[batch.table].through(batch)
        if hits is None:
            return
        sheet = Sheet(hits, context, self._predicates, self._masters)
        for place in places:
            rule = self._tables[batch.table][place]
            if rule.id not in self._rested:
                yield from self._guarded(rule, hits, sheet, context)
        # Once all rules have counted: what one of them lets go as old may be what another one goes with.
        for name in self._windows:
            yield from self._ripe(self._rules[name])

    def _guarded(self, rule: Rule, hits: Batch, sheet: Sheet, context: Context) -> list[Key]:
        try:
            return list(self._fired(rule, hits, sheet, context))
        except Exception as error:  # noqa: BLE001 - plug-in isolation: one rule's fault stops no other
            self._rested.add(rule.id)
            told = f"{type(error).__name__}: {error}"[:300]
            self._broken.append(f"rule {rule.name} failed and rests, the others go on: {told}")
            return []

    def _fired(self, rule: Rule, hits: Batch, sheet: Sheet, context: Context) -> Iterator[Key]:
        mask = sheet.mask(rule.test)
        if hits.table == "operations" and not rule.early:
            mask = mask & ~hits.among("outcome", ("pending",))
        if not mask.any():
            return
        fired = hits if mask.all() else hits.take(mask)
        if rule.alone:
            yield from self._causes(rule, fired, context)
        for correlated in self._counted.get(rule.id, ()):
            yield from self._correlate(correlated, rule, fired)

    def _causes(self, rule: Rule, fired: Batch, context: Context) -> Iterator[Key]:
        outcome = "outcome" if fired.table == "operations" else "protocol"
        groups = fired.groups("source", "realm", outcome, *rule.per)
        for group, (source, realm, ended, *words) in groups:
            key = (rule.id, realm or "", *(word or "" for word in words))
            if rule.late != _ANYTHING and never(rule.late, rule.per, key, context):
                continue
            if ended == "pending" and fired.table == "operations":
                for tally, counted in self.asked.open(key, fired, groups.rows(group)):
                    tally.add_rows(source or "", fired, counted)
                    _note(tally, rule, fired, counted)
            else:
                self.tallies[key].add_group(source or "", groups, group)
                _note(self.tallies[key], rule, fired, groups.rows(group))
            yield key

    def _correlate(self, correlated: Rule, rule: Rule, fired: Batch) -> Iterator[Key]:
        """Count final rows by slot and group; what has come together becomes part of a cause."""
        windows, wanted = self._windows[correlated.id], correlated.correlation
        ended = fired if fired.table != "operations" else _ended(fired)
        if ended is None or wanted is None:
            return
        if windows.lean:
            given = ended, correlated.per, windows.slot_ns
            crowds = windows.flood(few_cells(*given)) if len(ended) <= FEW else windows.pour(flood_of(*given))
            for _ in crowds:
                yield from self._ripe(correlated)
            return
        per, mixed = correlated.per, _mixed(correlated)
        columns = ("source", "realm", *per, *mixed, *((wanted.field,) if wanted.field else ()))
        slots = ended.times_ns() // windows.slot_ns
        groups = ended.groups(*columns, bins=slots, named=f"slot of {windows.slot_ns}")
        ends = 2 + len(per)
        for group, words in sorted(groups, key=_slot_of):
            if wanted.field and words[-2] is None:
                continue
            if windows.crowded:
                yield from self._ripe(correlated)
            key = tuple([word or "" for word in words[1:ends]])
            slot = windows.slot(key, words[-1])
            if slot is not None:
                mix = words[ends : ends + len(mixed)]
                new = slot.add(words[0] or "", groups, group, mix)
                if wanted.kind != "event_count":
                    new = slot.note(words[-2] if wanted.field else rule.id, *groups.summary(group)[1:3])
                windows.counted(key, new)

    def _ripe(self, correlated: Rule) -> Iterator[Key]:
        for group, slot in self._windows[correlated.id].ripe():
            key = (correlated.id, *group)
            slot.take(self.tallies[key], _mixed(correlated))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what the rule says, where what only the inventory knows agrees."""
        rule = self._rules.get(key[0])
        if rule is None or not self.may(key, context):
            return None
        told = verdict(rule, key, tally, context)
        return Habit.told(told) if key in self._habit else told

    def may(self, key: Key, context: Context) -> bool:
        """Ask what only the inventory knows: most causes are those of machines to whom the rule doesn't apply."""
        rule = self._rules.get(key[0])
        return rule is not None and holds(rule.late, rule.per, key, context)

    def barring(self, key: Key) -> Mapping[str, str]:
        """Condition → why a source under it proves nothing of a cause."""
        return self._barring.get(key[0], {})

    @property
    def left_out(self) -> int:
        """How many times something did not fit."""
        return super().left_out + sum(windows.left_out for windows in self._windows.values())

    def withheld(self, context: Context) -> Iterable[Withheld]:
        """Rules that are not in force, and what did not fit."""
        said = super().withheld(context)
        broken = (
            Withheld(detector=self.name, source="", condition=_BROKEN, reason=r, count=1)
            for r in self._broken
        )
        return [*said, *broken]

    def own_state(self) -> Any:
        """Give what correlations remember, and by which wording of its rule each cause was counted."""
        digests = {rule.id: rule.digest for rule in self._rules.values()}
        windows = {name: windows.state() for name, windows in self._windows.items()}
        return [digests, windows, self._habit.state(), self._masters.state()]

    def restore_own(self, state: Any) -> None:
        """Take back what `own_state` gave; what was counted by another wording of a rule is dropped."""
        digests, windows, *more = state  # states of the first versions have fewer
        for habit in more[:1]:
            self._habit.restore(habit, self._wording)
        for masters in more[1:2]:
            self._masters.restore(masters)
        for key in list(self.tallies):
            if not self._same(key[0], digests):
                self.tallies.pop(key)
                self._said.pop(key, None)
        self.asked.drop_where(lambda key: not self._same(key[0], digests))
        self._early = {key: title for key, title in self._early.items() if self._same(key[0], digests)}
        for name, kept in windows.items():
            if name in self._windows and self._same(name, digests):
                self._windows[name].restore(kept)

    def _same(self, name: str, digests: Mapping[str, str]) -> bool:
        return self._wording(name) == digests.get(name, "")


def _barring(rule: Rule, rules: Mapping[str, Rule]) -> Mapping[str, str]:
    """What a rule cannot know of a source under some conditions."""
    wanted = rule.correlation
    counted = [rules[i] for i in wanted.rules if i in rules] if wanted else [rule]
    barring = dict(_DISTORTED) if rule.table == "oddities" else {}
    odd = {word for part in counted for leaf in atoms(part.test) if leaf[1] == "oddity" for word in leaf[2:]}
    if odd and odd <= _NO_LOSS:
        del barring["gaps"]
    if any("no-answer" in leaf[2:] for part in counted for leaf in atoms(part.test) if leaf[1] == "outcome"):
        barring.update(_UNANSWERED)
    if wanted is not None and wanted.kind == "event_count" and wanted.least < MANY:
        barring.update(_COPIED)
    return barring


def _mixed(rule: Rule) -> tuple[str, ...]:
    """Columns whose words a cause of a correlation remembers."""
    return tuple(column for column in NOTED[rule.table] if column not in rule.per)


def _slot_of(group: tuple[int, tuple[Any, ...]]) -> int:
    return int(group[1][-1])


def _ended(fired: Batch) -> Batch | None:
    pending = fired.among("outcome", ("pending",))
    if not pending.any():
        return fired
    return None if pending.all() else fired.take(~pending)


def _note(tally: Tally, rule: Rule, batch: Batch, rows: NDArray[np.int64]) -> None:
    for column in NOTED[batch.table]:
        if column not in rule.per:
            tally.note_rows(column, batch, rows)
