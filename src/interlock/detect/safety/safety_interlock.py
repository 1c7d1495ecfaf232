"""Interlocks and relations of the site file that do not hold: `A implies B within 2 s`, in capture time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.gate import Deed
from interlock.detect.safety.limits import measure
from interlock.detect.safety.series import NEEDS, Series, Tags
from interlock.detect.safety.trend import Trend, drawn
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.condition import parse_condition
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.condition import Condition
    from interlock.records.site import Site, Tag

__all__ = ["SafetyInterlock"]

WITHIN_S: Final = 2.0
_SECOND: Final = 10**9
_OLD: Final = 5
_OLD_NS: Final = 10 * _SECOND
"""A value is no longer known when it is older than so many of the tag's longest gaps, and than ten seconds."""


class _Rule:
    """One of the site file's, ready to be asked. when: None where it always has to hold."""

    def __init__(self, name: str, when: str | None, then: str, within_s: float | None, says: str) -> None:
        self.name, self.says = name, says
        self.when: Condition | None = None if when is None else parse_condition(when)
        self.then = parse_condition(then)
        self.text = then if when is None else f"{when} implies {then}"
        self.within_ns = int((WITHIN_S if within_s is None else within_s) * _SECOND)
        self.tags = self.then.tags | (self.when.tags if self.when is not None else frozenset())
        self.relation = when is None


def _rules(site: Site) -> dict[str, _Rule]:
    locks = (
        _Rule(i.name, i.when, i.then, i.within_s, i.harm or i.description or "") for i in site.interlocks
    )
    relations = (_Rule(r.name, None, r.holds, r.within_s, r.description or "") for r in site.relations)
    return {rule.name: rule for rule in (*locks, *relations)}


class SafetyInterlock(CauseDetector):
    """One finding per interlock or relation."""

    name: ClassVar[str] = "safety-interlock"
    table: ClassVar[str] = "values"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"values": NEEDS}
    withheld_by: ClassVar[Mapping[str, str]] = {
        "clock-step": "the capture's clock jumped, so nothing can be told about what followed within what time",
    }

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[
            str, list[Any]
        ] = {}  # tag → [value, when, time since the one before, longest of those]
        self._now = 0
        self._open: dict[str, list[Any]] = {}  # rule → [since when it does not hold, whether that was told]
        self._trends: dict[str, Trend] = {}
        self._kept: dict[Key, list[Any]] = {}  # values then, trend to there
        self._ready: tuple[Site, dict[str, _Rule], dict[str, list[_Rule]]] | None = None

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Go through the values of all tags that any rule names, in time order."""
        site = context.site
        if not site.interlocks and not site.relations:
            return
        if self._ready is None or self._ready[0] is not site:
            rules = _rules(site)
            of_tag: dict[str, list[_Rule]] = {}
            for rule in rules.values():
                for tag in rule.tags:
                    of_tag.setdefault(tag, []).append(rule)
            self._ready = site, rules, of_tag
        of_tag = self._ready[2]
        told = [s for s in Tags.of(site).series(batch) if s.tag.name in of_tag]
        if told:
            yield from self._through(told, of_tag)

    def _through(self, told: list[Series], of_tag: dict[str, list[_Rule]]) -> Iterator[Key]:
        times = np.concatenate([s.times for s in told])
        whose = np.repeat(np.arange(len(told)), [len(s.times) for s in told])
        within = np.concatenate([np.arange(len(s.times)) for s in told])
        order = np.argsort(times, kind="stable")
        rows = zip(times[order].tolist(), whose[order].tolist(), within[order].tolist(), strict=True)
        for now, number, row in rows:
            series = told[number]
            if series.doubted[row]:
                continue
            name, value = series.tag.name, float(series.values[row])
            before = self._known.get(name)
            gap = 0 if before is None else now - before[1]
            self._known[name] = [value, now, gap, gap if before is None else max(gap, before[3])]
            self._now = now
            self._trends.setdefault(name, Trend()).add(
                series.times[row : row + 1], series.values[row : row + 1]
            )
            for rule in of_tag[name]:
                if self._broken(rule, now):
                    yield self._count(rule, series, row)

    def _look(self, tag: str) -> float | None:
        """Give a tag's value, None where it was not seen, or is no longer told: what was is not what is."""
        known = self._known.get(tag)
        gone = known is None or self._now - known[1] > max(_OLD_NS, _OLD * known[3])
        return None if known is None or gone else float(known[0])

    def _broken(self, rule: _Rule, now: int) -> bool:
        """Whether it has not held for longer than it may, and that was not told yet."""
        asked = True if rule.when is None else rule.when.holds(self._look)
        if asked is not True or rule.then.holds(self._look) is not False:
            self._open.pop(rule.name, None)
            return False
        since, told = self._open.setdefault(rule.name, [now, False])
        # A tag that has not been told since is waited for as long as it was ever silent: it may have followed unseen.
        silent = (self._known[tag] for tag in rule.tags if tag in self._known and self._known[tag][1] < since)
        patience = rule.within_ns + max((known[3] for known in silent), default=0)
        if told or now - since <= patience:
            return False
        self._open[rule.name][1] = True
        return True

    def _count(self, rule: _Rule, series: Series, row: int) -> Key:
        key: Key = (series.realm, rule.name)
        self.tallies[key].add(
            series.source, int(series.times[row]), int(series.times[row]), series.frames[row : row + 1], 1
        )
        if key not in self._kept:
            values = {tag: self._look(tag) for tag in sorted(rule.tags)}
            first = min(rule.then.tags)
            self._kept[key] = [values, first, self._trends[first].points()]
        return key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say which rule, and what its tags were."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, name = key
        rule, kept = _rules(context.site).get(name), self._kept.get(key)
        tags: Mapping[str, Tag] = Tags.of(context.site).by_name
        if rule is None or kept is None or any(tag not in tags for tag in kept[0]):
            return None
        values, first, points = kept
        were = ", ".join(f"{tag} = {measure(v, tags[tag])}" for tag, v in values.items() if v is not None)
        machines = tuple(dict.fromkeys(tags[tag].server for tag in sorted(rule.tags)))
        told = f" {rule.says.rstrip('.')}." if rule.says else ""
        return Verdict(
            realm=realm,
            machines=machines,
            cause=f"does not hold: {name}",
            kind="alert",
            severity="medium" if rule.relation else "high",
            confidence=0.8,
            title=f"{name} no longer holds: {rule.text}",
            seen=f"Seen {counted(tally.count, 'time')} for longer than {rule.within_ns / _SECOND:g} s, with {were}.",
            matters="What belongs together disagrees: a value is not what it seems, or a machine does not follow."
            + told
            if rule.relation
            else "This interlock keeps the process from harm; it did not act, or was kept from it." + told,
            silent="Silent where it holds again in time, and while a tag of it was never seen: unknown is not false.",
            actions=_ACTIONS,
            techniques=named("false-report" if rule.relation else "interlock-broken"),
            requirements=(
                *("IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 3.6", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(
                ("rule", rule.text),
                ("values", were),
                ("trend", drawn(points, tags[first], tags[first].low, tags[first].high)),
            ),
            deed=Deed(realm=realm, machines=machines),
        )

    def own_state(self) -> Any:
        """What is known of tags and rules."""
        return [
            self._known,
            self._open,
            {name: trend.state() for name, trend in self._trends.items()},
            [[list(key), kept] for key, kept in self._kept.items()],
            self._now,
        ]

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        self._known = {str(t): [float(k[0]), *(int(n) for n in k[1:4])] for t, k in state[0].items()}
        self._open = {str(name): [int(o[0]), bool(o[1])] for name, o in state[1].items()}
        self._trends = {str(name): Trend.of(trend) for name, trend in state[2].items()}
        self._kept = {
            tuple(str(part) for part in key): [
                {str(t): None if v is None else float(v) for t, v in kept[0].items()},
                str(kept[1]),
                [(int(t), float(v)) for t, v in kept[2]],
            ]
            for key, kept in state[3]
        }
        self._now = int(state[4])
        self._ready = None


_ACTIONS: Final = (
    Action(
        text="Look at the machine itself: did it do what the interlock asks for? If not, bring it there by hand.",
        risk="Acting by hand on a running process is the operators' decision, by their own procedure.",
    ),
    Action(
        text="Find out which value is wrong: compare them with local gauges and the controller's own view.",
        risk="None while only reading.",
    ),
)
