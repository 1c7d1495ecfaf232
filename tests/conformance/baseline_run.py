"""Runs `[[baselines]]` over captures and says log by log how much is mapped and equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from conformance.baseline import Compared, compare
from conformance.eve import Held, hold, read_filters
from conformance.fields import CHECKS
from conformance.views.table import EVENTS, VIEWS
from conformance.zeek import by_index, read_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.baseline import Rule
    from conformance.captures import Capture
    from conformance.interlock_side import Interlock
    from conformance.known import Entry, Known
    from conformance.views.port import Row, Tables

__all__ = ["LOG", "Results", "compare_all"]

LOG: Final = " (log)"
"""Follows the protocol's name in known.toml where the difference is one of cells: the key is log and column."""
_HEADLESS: Final = " (no header)"
_COLUMNS: Final = 2 / 3
_CELLS: Final = 0.99


@dataclass(frozen=True, slots=True)
class Unequal:
    """Cells of one column of a log beside one capture: ours are equal of theirs; `rows` counts rows found."""

    capture: str
    rule: Rule
    column: str
    ours: int
    theirs: int
    first: str

    @property
    def name(self) -> tuple[str, str, str]:
        """What known.toml names it by: capture, protocol, key."""
        return self.capture, self.rule.protocol + LOG, f"{self.rule.log} {self.column}"


@dataclass(slots=True)
class Results:
    """Per log the sums over its captures, and what differs in each capture."""

    known: Known
    logs: dict[str, tuple[Rule, Compared]] = field(default_factory=dict)
    differing: list[Unequal] = field(default_factory=list)
    captures: set[str] = field(default_factory=set)
    filters: dict[str, Held] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def add(self, rule: Rule, capture: str, found: Compared) -> None:
        self.captures.add(capture)
        name = f"{rule.protocol} {rule.log}{_HEADLESS if rule.by_index else ''}"
        self.logs.setdefault(name, (rule, Compared()))[1].add(found)
        counts = [(c, found.equal[c], n) for c, n in found.said.items() if found.equal[c] != n]
        if found.missing:
            counts.append(("rows", found.rows - found.missing, found.rows))
        for column, equal, said in counts:
            self.differing.append(Unequal(capture, rule, column, equal, said, found.first[column]))

    @property
    def unlisted(self) -> list[Unequal]:
        return [found for found in self.differing if not self.known.lists(found)]

    @property
    def stale(self) -> list[Entry]:
        protocols = {rule.protocol + LOG for rule, _ in self.logs.values()}
        return self.known.stale(self.differing, self.captures, protocols)

    @property
    def good(self) -> bool:
        return not self.unlisted and not self.stale and self.reached

    @property
    def reached(self) -> bool:
        held = all(one.held == one.filters for one in self.filters.values())
        return held and all(self._good(rule, cells) for rule, cells in self.logs.values())

    def _good(self, rule: Rule, found: Compared) -> bool:
        """Enough columns and cells; cells that known.toml lists as the log's fault count as equal."""
        about = (one for one in self.differing if one.rule == rule and one.column != "rows")
        excused = sum(one.theirs - one.ours for one in about if self.known.excuses(one))
        enough = len(_mapped(rule, found)) >= _COLUMNS * len(found.spoke)
        return enough and bool(found.said) and found.equal.total() + excused >= _CELLS * found.said.total()

    def lines(self, *, columns: bool) -> Iterator[str]:
        yield "log                                                mapped/said/all   equal/said cells  missing/rows"
        for name, (rule, cells) in self.logs.items():
            mapped, equal, said = len(_mapped(rule, cells)), cells.equal.total(), cells.said.total()
            share = f"{100 * equal / said:.2f} %" if said else "-"
            aside = f", {cells.aside} aside" if cells.aside else ""
            yield (
                f"{name:50} {mapped:4} /{len(cells.spoke):3} /{cells.width:4}   {equal:6}/{said:<6} {share:8} "
                f"{cells.missing}/{cells.rows}{aside}  {'good' if self._good(rule, cells) else 'BELOW'}"
            )
            if columns:
                yield from _columns(rule, cells)
        yield from (f"not compared: {name}: {rows} rows" for name, rows in sorted(self.unread.items()))
        for name, held in self.filters.items():
            fields = f"{held.compared} fields compared, {held.unsaid.total()} not in our tables"
            yield f"{name}: {held.held} of {held.filters} filters hold; {fields}"
            yield from (f"    frame {failed}" for failed in held.failed)
        for found in self.unlisted:
            yield f"unlisted: {' | '.join(found.name)}: {found.ours} of {found.theirs}; {found.first}"
        yield from (f"no longer so: {' | '.join(entry.name)}" for entry in self.stale)


def _mapped(rule: Rule, found: Compared) -> set[str]:
    return found.spoke & rule.columns.keys()


def _columns(rule: Rule, found: Compared) -> Iterator[str]:
    for column, name in rule.columns.items():
        if found.said[column]:
            first = found.first.get(column, "")
            yield f"    {column} = {name}: {found.equal[column]} of {found.said[column]}  {first}"
    left = sorted(found.spoke - rule.columns.keys())
    if left:
        yield f"    not mapped: {' '.join(left)}"


def compare_all(
    rules: Iterable[Rule], captures: list[Capture], ours: Interlock, results: Results, *, whole: bool
) -> None:
    """Compare every log that a rule names, beside every capture that has it.

    whole: name logs of all protocols that no rule reads, not only those of the rules' protocols.
    """
    wanted = list(rules)
    for capture in captures:
        tables = _tables(ours, capture)
        for rule in wanted:
            if any(capture.truth().rglob(rule.log)):
                found = compare(rule, capture.truth(), VIEWS[rule.protocol][rule.view](tables))
                if found.rows or found.aside:
                    results.add(rule, capture.name, found)
        protocols = {rule.protocol for rule in wanted}
        if whole or _protocol(capture) in protocols:
            _unread(wanted, capture, results)
        _filters(protocols, capture, tables, results)


_OF_FLOWS: Final = frozenset(
    {"conn.log", "conn-first.log", "conn-second.log", "cotp.log", "analyzer_debug.log"}
)
"""Logs that say nothing of a protocol's messages."""
_BY_FIELD: Final = frozenset(check.file for check in CHECKS)


def _protocol(capture: Capture) -> str:
    folder = capture.name.partition("/")[0]
    return _FOLDERS.get(folder, folder)


def _unread(rules: list[Rule], capture: Capture, results: Results) -> None:
    """Count the rows of logs beside a capture that no rule names and scripts/conformance_fields.py does not read."""
    read = {
        path
        for rule in rules
        for path in capture.truth().rglob(rule.log)
        if path.suffix == ".ipal" or rule.by_index == by_index(path)
    }
    for path in (*capture.truth().rglob("*.log"), *capture.truth().rglob("*.ipal")):
        if path not in read and path.name not in _OF_FLOWS | _BY_FIELD:
            name = f"{capture.name.partition('/')[0]}/{path.name}"
            rows = sum(1 for _ in read_log(path))
            results.unread[name] = results.unread.get(name, 0) + rows


_FOLDERS: Final = {"enip_cip": "cip", "hart_ip": "hart-ip", "roc_plus": "roc-plus", "profinet": "pnio-cm"}
"""Folders of captures that are not called as the protocol whose views read their logs."""


def _filters(protocols: set[str], capture: Capture, tables: Tables, results: Results) -> None:
    """Hold what suricata-verify expects of decoding against our events: alerts are of its rules."""
    protocol = capture.name.partition("/")[0]
    if protocol not in protocols & EVENTS.keys():
        return
    ours = EVENTS[protocol]
    for path in sorted(capture.truth().rglob("*.yaml")):
        filters = [f for f in read_filters(path) if f.match.get("event_type") in (protocol, "flow")]
        if filters:
            name = f"{capture.name} {path.name}"
            results.filters[name] = hold(filters, ours.events(tables), ours.meet, ours.unsaid)


def _tables(ours: Interlock, capture: Capture) -> Tables:
    """Our tables of a capture, each read once; times as ns."""
    read: dict[str, list[Row]] = {}

    def table(name: str) -> list[Row]:
        if name not in read:
            arrow = pq.read_table(ours.table(capture, name))
            columns = {
                field.name: arrow[field.name].cast("int64")
                if str(field.type).startswith(("timestamp", "duration"))
                else arrow[field.name]
                for field in arrow.schema
            }
            lists = {name: column.to_pylist() for name, column in columns.items()}
            read[name] = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return read[name]

    return table
