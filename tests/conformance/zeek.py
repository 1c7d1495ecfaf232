"""Zeek's and ICSNPP's logs beside a capture, read as messages and, where columns.toml maps them, as cells.

Timestamps and connection ids are masked in these baselines, so rows align per connection and function by
order. Some logs lost their header: their columns are named by index, from 0.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.message import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Cells", "LogRow", "by_index", "compare_cells", "covered", "read_log", "read_messages"]

_UNSET: Final = ("-", "(empty)", "")
_UNKNOWN: Final = re.compile(r"unknown-(\d+)")
_LABELLED: Final = re.compile(r".*\((0x[0-9A-Fa-f]+|\d+)\)")
"""How ICSNPP's newer logs write a number: `Run (0x0401)`."""

Rule = dict[str, Any]
"""One `[[zeek]]` of columns.toml; its comments say what the entries mean."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """Cells of one row by name, where there is a header, and by index as text."""

    cells: dict[str, str]

    def get(self, column: str | int) -> str | None:
        text = self.cells.get(str(column), "-")
        return None if text in _UNSET else text

    def fits(self, where: Mapping[str, list[str]]) -> bool:
        return all(self.cells.get(column, "-") in values for column, values in where.items())


def read_log(path: Path) -> Iterator[LogRow]:
    names: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#fields\t"):
            names = line.split("\t")[1:]
        elif line and not line.startswith("#"):
            texts = line.split("\t")
            by_index = {str(index): text for index, text in enumerate(texts)}
            yield LogRow(by_index | dict(zip(names, texts, strict=False)))


def by_index(path: Path) -> bool:
    """Whether a log lost its header."""
    return not any(line.startswith("#fields\t") for line in path.read_text("utf-8").splitlines())


def read_messages(folder: Path, rules: Iterable[Rule]) -> dict[str, list[Message]]:
    """Messages of each protocol that has a log under the folder; each has frame 0: a log knows none."""
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for rule in rules:
        for path in sorted(folder.rglob(rule["log"])):
            found[rule["protocol"]] += (m for row in read_log(path) for m in _messages(row, rule))
    return dict(found)


def covered(messages: Iterable[Message], unlogged: Collection[str]) -> list[Message]:
    """Messages that a log could have: those of other functions than the ones it never tells."""
    return [message for message in messages if message.function not in unlogged]


def _messages(row: LogRow, rule: Rule) -> Iterator[Message]:
    for form in rule["messages"]:
        needed = form.get("if_set")
        if not row.fits(form.get("where", {})) or (needed and row.get(needed) is None):
            continue
        function = "-" if form.get("unnumbered") else _function(row, form, rule)
        if function is None:
            continue
        client, server = (row.get(column) or "" for column in form.get("ends", rule["ends"]))
        yield Message(
            frame=0,
            kind=form["kind"],
            client=client,
            server=server,
            protocol=rule["protocol"],
            function=str(function),
        )


def _function(row: LogRow, form: Rule, rule: Rule) -> int | None:
    """Our number of the row's function; None where the row has none or one that wraps others."""
    code = _number(row.get(form["function"]), rule.get("functions", {}))
    if code is None and "otherwise" in form:
        code = _number(row.get(form["otherwise"]), {})
        code = None if code is None else code + form["add"]
    if code is not None and "subfunction" in form:
        subfunction = _number(row.get(form["subfunction"]), {})
        return None if subfunction is None else 256 * (code & 0x0F) + subfunction
    return None if code in rule.get("without", []) else code


def _number(text: str | None, names: Mapping[str, int]) -> int | None:
    if text is None:
        return None
    if text in names:
        return names[text]
    if unknown := _UNKNOWN.fullmatch(text):
        return int(unknown[1]) & 0x7F
    if labelled := _LABELLED.fullmatch(text):
        text = labelled[1]
    return int(text, 16 if text.startswith("0x") else 10)


@dataclass(slots=True)
class Cells:
    """Per column of a log: cells that say something, and those that equal ours; rows without one of ours."""

    said: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    missing: int = 0

    def add(self, other: Cells) -> None:
        self.said += other.said
        self.equal += other.equal
        self.rows += other.rows
        self.missing += other.missing
        self.first = other.first | self.first


def compare_cells(folder: Path, rule: Rule, ours: Iterable[dict[str, Any]]) -> Cells:
    """Compare the mapped cells of a log's rows with our operations of the same ends and function, in order.

    ours: rows of `operations` with item 0 of the rule's protocol, in order of frame. A row is left aside
    where it is no request of the log's.
    """
    queues: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in ours:
        queues[row["client"], str(row["client_port"]), row["server"], str(row["function"])].append(row)
    cells, taken = Cells(), Counter[tuple[str, ...]]()
    ends, ports = rule["ends"], rule["ports"]
    for path in sorted(folder.rglob(rule["log"])):
        for row in read_log(path):
            asked = [m for m in _messages(row, rule) if m.kind in ("request", "message")]
            if not asked or not row.fits(rule.get("cells_where", {})):
                continue
            key = (row.get(ends[0]) or "", row.get(ports[0]) or "", row.get(ends[1]) or "", asked[0].function)
            cells.rows += 1
            if taken[key] >= len(queues[key]):
                cells.missing += 1
                continue
            _compare_row(row, queues[key][taken[key]], rule, cells)
            taken[key] += 1
    return cells


def _compare_row(row: LogRow, our: dict[str, Any], rule: Rule, cells: Cells) -> None:
    for column, ours in rule["cells"].items():
        said = row.get(column)
        if said is None:
            continue
        if column in rule.get("swapped", []):
            said = str(int.from_bytes(int(said).to_bytes(2, "little"), "big"))
        name = f"{column}={ours}"
        cells.said[name] += 1
        if _same(said, our[ours], rule.get("words", {})):
            cells.equal[name] += 1
        else:
            cells.first.setdefault(name, f"frame {our['frame']}: theirs {said}, ours {our[ours]}")


def _same(said: str, ours: object, words: Mapping[str, int]) -> bool:
    text = str(words.get(said, said))
    if labelled := _LABELLED.fullmatch(text):
        text = labelled[1]
    if text.startswith("0x"):
        text = str(int(text, 16))
    return text == str(ours) or (isinstance(ours, str) and ours.rpartition(":")[2] == text)
