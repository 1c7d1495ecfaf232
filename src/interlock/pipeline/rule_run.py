"""Rules over recorded traffic: how often each would have fired, before a sensor is given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.capture.flow_tally import FlowTally
from interlock.capture.health import judge
from interlock.detect.interface import Context
from interlock.detect.runner import Runner
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interlock.capture.run import CaptureRun
    from interlock.detect.rules.detector import Rules
    from interlock.inventory.inventory import Inventory
    from interlock.records.finding import Finding
    from interlock.records.site import Site

__all__ = ["Fired", "RuleRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What a rule would have said: findings, and how many rows they count."""

    rule: str
    severity: str
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """Rows that fired it."""
        return sum(finding.count for finding in self.findings)


class RuleRun:
    """Feed it every batch of records, then ask `fired`."""

    def __init__(self, rules: Rules, inventory: Inventory, site: Site) -> None:
        self._rules, self._inventory, self._site = rules, inventory, site
        self._runner = Runner([rules])
        self.wanted = frozenset({*self._runner.needs, *INVENTORY_TABLES, "flows", "clues"})
        self._flows = FlowTally()
        self._now = 0

    def feed(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take the batches of one step; now: capture clock, UTC ns."""
        self._now = max(self._now, now)
        for name, batch in batches.items():
            if name in INVENTORY_TABLES:
                self._inventory.feed(name, batch)
            self._runner.feed(name, batch, Context(site=self._site, now=self._now))
        if "flows" in batches:
            self._flows.add(batches["flows"])
        if "clues" in batches:
            self._flows.add_clues(batches["clues"])

    def fired(self, run: CaptureRun) -> tuple[tuple[Fired, ...], tuple[str, ...]]:
        """Rules that fired, gravest and then loudest first; and sentences about those that could not be evaluated.

        run: what was read, whose health says what cannot be judged.
        """
        health = judge(run.sources, run.statistics, self._flows).conditions
        known = self._inventory.directory(self._now).find
        context = Context(site=self._site, asset=known, now=self._now, health=health)
        conclusion = self._runner.conclude(context)
        by_rule: dict[str, list[Finding]] = {}
        for finding in conclusion.findings:
            by_rule.setdefault(dict(finding.data).get("rule", "rules"), []).append(finding)
        fired = [
            Fired(rule=rule, severity=found[0].severity, findings=tuple(found))
            for rule, found in by_rule.items()
        ]
        order = ("critical", "high", "medium", "low", "info")
        fired.sort(key=lambda one: (order.index(one.severity), -one.count, one.rule))
        return tuple(fired), (*conclusion.diagnostics, *(held.reason for held in conclusion.withheld))
