"""Every filter of suricata-verify's expectations held against events that are made of our tables.

A filter is `count` and `match`: dotted names of an event's fields and what they must say. Their frame numbers are of
the segment that acknowledged a message, so events meet filters by `meet`, in order.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.baseline import same
from conformance.untold import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Filter", "Held", "hold", "read_filters"]

_ENTRY: Final = re.compile(r"( *)(- )?([\w.\[\]-]+):(?: (.*))?")


@dataclass(frozen=True, slots=True)
class Filter:
    count: int
    match: dict[str, str]


@dataclass(slots=True)
class Held:
    """Filters of a file: all, those held, fields compared in them and fields that we do not record."""

    filters: int = 0
    held: int = 0
    compared: int = 0
    unsaid: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


def read_filters(path: Path) -> Iterator[Filter]:
    """Read the part of YAML that those files use: one field a line, a long text continued on deeper lines."""
    count, match, depth = 1, dict[str, str](), -1
    last = ""
    for line in path.read_text("utf-8").splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            if last and line.startswith(" " * (depth + 2)) and not line.lstrip().startswith("#"):
                match[last] += f" {line.strip()}"
            continue
        name, text = entry[3], (entry[4] or "").strip()
        if name == "filter":
            if match:
                yield Filter(count, match)
            count, match, depth = 1, {}, -1
        elif name == "count" and depth < 0:
            count = int(text)
        elif name == "match":
            depth = len(entry[1]) + 1
        elif 0 <= depth <= len(entry[1]):
            match[name] = text.strip("'\"")
        last = name if name in match else ""
    if match:
        yield Filter(count, match)


def hold(
    filters: Iterable[Filter],
    events: Iterable[dict[str, Any]],
    meet: tuple[str, ...],
    unsaid: re.Pattern[str],
) -> Held:
    """Hold each filter against the next event of ours that says the same in the fields of `meet`.

    unsaid: names of fields that our tables do not have. A filter without the fields of `meet` holds where exactly
    its count of events match.
    """
    ours = list(events)
    queues: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for event in ours:
        queues[tuple(str(event.get(name)) for name in meet)].append(event)
    held = Held()
    for one in filters:
        held.filters += 1
        said = {name: text for name, text in one.match.items() if not unsaid.fullmatch(name)}
        held.unsaid += Counter(re.sub(r"\d+", "N", name) for name in one.match.keys() - said.keys())
        if set(meet) <= said.keys():
            queue = queues[tuple(said[name] for name in meet)]
            taken, queue[: one.count] = queue[: one.count], []
            wrong = [wrong for event in taken for wrong in _wrong(said, event)]
            if len(taken) < one.count:
                wrong.append(f"{len(taken)} events of ours, {one.count} expected")
            untold = {name for name in said for event in taken if event.get(name) is UNTOLD}
            held.compared -= len(untold)
            held.unsaid += Counter(untold)
        else:
            matching = sum(not _wrong(said, event) for event in ours)
            wrong = [] if matching == one.count else [f"{matching} events of ours, {one.count} expected"]
        held.compared += len(said)
        held.held += not wrong
        if wrong:
            held.failed.append(f"{one.match.get('pcap_cnt', '-')}: {'; '.join(wrong)}")
    return held


def _wrong(said: dict[str, str], event: dict[str, Any]) -> list[str]:
    return [
        f"{name}: theirs {text}, ours {event.get(name)}"
        for name, text in said.items()
        if event.get(name) is not UNTOLD and not same(text, event.get(name))
    ]
