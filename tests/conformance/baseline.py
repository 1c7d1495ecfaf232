"""Logs of Zeek and ICSNPP and transcripts of IPAL compared cell by cell with rows made of our tables.

A view (folder views/) makes rows in words of ours; `[[baselines]]` of columns.toml says which column of the log is
which of them.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.ipal import read_transcript
from conformance.untold import UNTOLD
from conformance.zeek import LogRow, read_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["MASKED", "Compared", "Rule", "compare", "same"]

MASKED: Final = frozenset({"ts", "uid", "0"})
"""Columns that every baseline masks or numbers at random: time and connection id."""

_MASK: Final = re.compile(r"X{10}\.|C[0-9A-Za-z]{14,18}$")
"""A masked time and a connection id, which tell those columns where a log lost its header."""
_LABELLED: Final = re.compile(r".*\((0x[0-9A-Fa-f]+|\d+)\)")
_SPOKEN: Final = re.compile(r"[^a-z0-9]")
_FLAGS: Final = {"T": True, "F": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One log against one view.

    columns: the log's column = the view's. key: columns of the log whose cells rows of both sides meet by, in order.
    words: per column, what the log says = what we say. spoken: columns in which only letters and digits count.
    where: rows of the log that are compared: column = values it may have. unsaid: columns we do
    not record, with the reason. A log that lost its header has its columns by index, from 0.
    """

    log: str
    protocol: str
    view: str
    key: tuple[str, ...]
    columns: dict[str, str]
    words: dict[str, dict[str, Any]] = field(default_factory=dict)
    spoken: tuple[str, ...] = ()
    where: dict[str, list[str]] = field(default_factory=dict)
    unsaid: dict[str, str] = field(default_factory=dict)

    @property
    def by_index(self) -> bool:
        """Whether it is about logs that lost their header."""
        return all(map(str.isdecimal, self.columns))

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Rule:
        """An entry of columns.toml. Raises TypeError on one that has other fields, ValueError on an unmapped key."""
        given = dict(entry)
        rule = cls(
            **{**given, "key": tuple(given["key"]), "spoken": tuple(given.get("spoken", ()))},
        )
        if not set(rule.key) <= set(rule.columns):
            raise ValueError(f"{rule.log}: the key has columns that are not mapped")
        return rule


@dataclass(slots=True)
class Compared:
    """Cells per column of the log, over any number of captures.

    width: columns that the log has, without the masked ones. spoke: those that say something anywhere.
    """

    width: int = 0
    spoke: set[str] = field(default_factory=set)
    said: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    aside: int = 0
    missing: int = 0

    def add(self, other: Compared) -> None:
        self.width = max(self.width, other.width)
        self.spoke |= other.spoke
        self.said += other.said
        self.equal += other.equal
        self.rows += other.rows
        self.aside += other.aside
        self.missing += other.missing
        self.first = other.first | self.first


def compare(rule: Rule, folder: Path, ours: Iterable[dict[str, Any]]) -> Compared:
    """Compare every mapped cell of the logs of that name under the folder. ours: rows of the view, in order."""
    queues: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in ours:
        queues[tuple(_part(rule, column, row[rule.columns[column]]) for column in rule.key)].append(row)
    found, taken = Compared(), Counter[tuple[str, ...]]()
    for path in sorted(folder.rglob(rule.log)):
        for row in read_transcript(path) if path.suffix == ".ipal" else read_log(path):
            names = _columns(row)
            if rule.by_index != all(map(str.isdecimal, names)):
                continue
            found.width = max(found.width, len(names))
            found.spoke |= {name for name in names if row.get(name) is not None}
            if not row.fits(rule.where):
                found.aside += 1
                continue
            found.rows += 1
            key = tuple(_part(rule, column, _said(rule, row, column)) for column in rule.key)
            if taken[key] >= len(queues[key]):
                found.missing += 1
                found.first.setdefault("rows", f"no row of ours for {' '.join(key)}")
                continue
            _cells(rule, row, queues[key][taken[key]], found)
            taken[key] += 1
    return found


def _columns(row: LogRow) -> set[str]:
    """Columns by name where the log has a header, else by index; the masked ones are left out."""
    named = {name for name in row.cells if not name.isdecimal()}
    return (named or {name for name, cell in row.cells.items() if not _MASK.match(cell)}) - MASKED


def _said(rule: Rule, row: LogRow, column: str) -> Any:
    """What the log's cell says in words of ours; None where it says nothing."""
    said = row.get(column)
    if said is None:
        return None
    said = rule.words.get(column, {}).get(said, said)
    return _SPOKEN.sub("", str(said).lower()) if column in rule.spoken else said


def _part(rule: Rule, column: str, cell: object) -> str:
    """A part of a key as text that is the same on both sides: numbers in decimal, spoken words by their letters."""
    text = _plain(cell)
    if column in rule.spoken:
        return _SPOKEN.sub("", text.lower())
    if labelled := _LABELLED.fullmatch(text):
        text = labelled[1] if labelled[1].startswith("0x") else str(int(labelled[1]))
    return str(int(text, 16)) if text.startswith("0x") else text


def _cells(rule: Rule, row: LogRow, our: dict[str, Any], found: Compared) -> None:
    for column, name in rule.columns.items():
        said = _said(rule, row, column)
        if said is None:
            continue
        mine = our[name]
        if mine is UNTOLD:
            continue
        found.said[column] += 1
        if same(said, _SPOKEN.sub("", str(mine).lower()) if column in rule.spoken else mine):
            found.equal[column] += 1
        else:
            found.first.setdefault(column, f"frame {our.get('frame')}: theirs {said}, ours {mine}")


def same(said: object, our: object) -> bool:
    """Whether a cell says what we say: numbers by value, flags by truth, lists element by element, else by text."""
    if our is None:
        return False
    if isinstance(our, bool):
        return _FLAGS.get(str(said), said) in (our, str(int(our))) or _number(str(said)) == our
    if isinstance(our, list | tuple):
        parts = str(said).split(",")
        return len(parts) == len(our) and all(map(same, parts, our))
    if isinstance(our, int | float):
        number = _number(str(said))
        return number is not None and math.isclose(number, our, rel_tol=1e-6)
    return _plain(said) == our


def _number(said: str) -> float | None:
    labelled = _LABELLED.fullmatch(said)
    text = labelled[1] if labelled else said
    try:
        return int(text, 16) if text.lower().startswith("0x") else float(text)
    except ValueError:
        return None


def _plain(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "T" if cell else "F"
    return str(cell)
