"""The soak's own books: findings that were seen or printed, probes that were sent, and what each fault cost."""

from __future__ import annotations

import fcntl
import json
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from interlock.errors import SourceError
from soaking.books import unprinted
from soaking.running import until
from soaking.sender import ENTRY, PROBE_SERVER
from soaking.trail import Trail, probes_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from soaking.faults import Done
    from soaking.stage import Stage

__all__ = ["BROKEN", "STORES", "Account", "Totals"]

SECOND = 1_000_000_000
MEMORY = 512 << 20
RECOVERY_S = 90.0
STORES = "whole stores audited"
"""An entry of the totals that counts stores, not faults."""


class Account:
    """Looks at a stage after each fault."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.afresh()

    def afresh(self) -> None:
        """The store is another one."""
        self._known: dict[str, int] = {}
        self._lines = 0
        self._trail = Trail(self._stage.sensor.store, PROBE_SERVER)
        self._since = self._upto = time.time_ns()
        self._drops = self._stage.sensor.drops()

    def begin(self) -> None:
        """Before a fault."""
        self._lines = len(self._stage.sensor.diary())
        self._drops = self._stage.sensor.drops()

    def look(self, done: Done) -> dict[str, Any]:
        """After a fault: wait until a probe that was sent after it is in the store, then see what is missing."""
        ended = time.time_ns()
        sensor = self._stage.sensor
        recovered = until(lambda: sensor.watching() and self._seen(ended), RECOVERY_S, 0.1)
        until(lambda: not set(done.says) - self._said(), 4.0, 0.2)  # the diary's last letters
        entries = sensor.diary()[self._lines :]
        deaths = [e.says for e in entries if e.event == "worker-lost" and " died " in e.says]
        lost = self._lost()
        blind, missing = self._gaps(done)
        memory = self._stage.memory()
        drops = sensor.drops()
        spans = [(e.until - e.time) / SECOND for e in entries if e.event == "blind" and e.until]
        found = {
            "blind_s": blind,
            "said_blind_s": max(spans, default=0),
            "probes_lost": missing,
            "probes_twice": 0,
            "frames_dropped": max(0, drops - self._drops),
            "findings_lost": len(lost),
            "left_over": done.left,
            "memory_mib": memory >> 20,
            "restarts": len(deaths),
            "recovery_s": round((time.time_ns() - ended) / SECOND, 1),
        }  # fmt: skip
        wrong = [done.wrong] if done.wrong else []
        wrong += deaths[done.deaths :]
        unsaid = sorted(set(done.says) - self._said())
        wrong += [f"findings lost: {lost[:3]}"] if lost else []
        wrong += [f"{done.left} processes left over"] if done.left else []
        wrong += [] if recovered else [f"no probe seen within {RECOVERY_S:g} s"]
        wrong += [f"the diary does not say {', '.join(unsaid)}"] if unsaid else []
        wrong += [f"{memory >> 20} MiB"] if memory > MEMORY else []
        return found | {"wrong": "; ".join(wrong)}

    def _said(self) -> set[str]:
        return {entry.event for entry in self._stage.sensor.diary()[self._lines :]}

    def _sent(self, since: int) -> list[tuple[int, int]]:
        """Number and wall time of probes."""
        octets = self._stage.probes.read_bytes()[-ENTRY.size * 20_000 :]
        whole = octets[: len(octets) // ENTRY.size * ENTRY.size]
        return [(number, when) for number, when in ENTRY.iter_unpack(whole) if when >= since]

    def _rows(self, since: int) -> list[tuple[int, int, int]]:
        """Low 16 bits of a probe's number, its capture time and how many rows it stands for, of all in the store."""
        with suppress(SourceError, OSError):
            columns = ["server", "object", "time", "repeats"]
            rows = self._stage.sensor.reader.rows("operations_folded", since=since, columns=columns)
            return [found for batch in rows for found in probes_of(batch, PROBE_SERVER)]
        return []

    def _seen(self, since: int) -> bool:
        self._trail.look()
        return any(when >= since for when in self._trail.found.values())

    def audit(self) -> dict[str, int]:
        """Of a store that is done with: probes whose rows were there and are gone, and those that are there twice."""
        rows: Counter[int] = Counter()
        for number, _, repeats in self._rows(self._since):
            rows[number] += repeats
        seen = [number for number, when in self._trail.found.items() if when >= self._since]
        gone = sum(number not in rows for number in seen)
        laps = 1 + len(self._sent(self._since)) // 0x10000
        return {"probes_lost": gone, "probes_twice": sum(count > laps for count in rows.values())}

    def _gaps(self, done: Done) -> tuple[float, int]:
        """(seconds of the longest stretch without a row, missing probes), from the last one that was accounted for.

        Up to the newest one that has a row; every probe is accounted for once, with the fault that it fell into.
        """
        self._trail.look()
        rows = dict(self._trail.found)
        newest = max(rows.values(), default=0)
        begin, self._upto = self._upto, max(newest, self._upto)
        asked = [
            (number, when)
            for number, when in self._sent(begin)
            if begin < when <= newest
            and number not in done.unheard
            and not done.away[0] <= when <= done.away[1]
        ]
        if not all(
            _there(rows, number, when) for number, when in asked
        ):  # in a journal that was folded meanwhile
            rows |= {number: when for number, when, _ in self._rows(begin - 3 * SECOND)}
        longest = missing = between = 0
        last = begin
        for number, when in asked:
            if _there(rows, number, when):
                longest = max(longest, _outside(last, when, done.away)) if between else longest
                last, between = when, 0
            else:
                missing += 1
                between += 1
        return round(longest / SECOND, 3), missing

    def _lost(self) -> list[Any]:
        """Findings that were there or were printed, and are not there now, or with a smaller count; told incidents."""
        sensor = self._stage.sensor
        printed = list(sensor.printed)
        now = sensor.findings()
        lost: list[Any] = [i for i, count in self._known.items() if i not in now or now[i].count < count]
        lost += unprinted(printed, now)
        lost += sensor.unknown_incidents()
        self._known = {ident: finding.count for ident, finding in now.items()}
        return lost


def _there(rows: Mapping[int, int], number: int, when: int) -> bool:
    kept = rows.get(number & 0xFFFF)
    return kept is not None and abs(kept - when) < 30 * SECOND


def _outside(begin: int, end: int, away: tuple[int, int]) -> int:
    """Of a stretch what is not within `away`."""
    return (end - begin) - max(0, min(end, away[1]) - max(begin, away[0]))


class Totals:
    """What all runs came to, by kind of fault; kept in a file, written whole."""

    LARGEST = ("blind_s", "said_blind_s", "memory_mib", "recovery_s")
    SUMS = ("probes_lost", "probes_twice", "frames_dropped", "findings_lost", "left_over", "restarts")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.kinds = self._read()
        self.weight = ""
        """How this machine's time was shared out with others."""

    def _read(self) -> dict[str, dict[str, Any]]:
        kinds: dict[str, dict[str, Any]] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return kinds

    def add(self, kind: str, found: dict[str, Any]) -> None:
        """One fault more. Several soaks may add up in one file."""
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.kinds = self._read()
            self._add(kind, found)

    def audited(self, found: dict[str, int]) -> None:
        """What the audit of a whole store found, which belongs to no single fault."""
        self.add(STORES, BROKEN | found | {"wrong": any(found.values())})

    def _add(self, kind: str, found: dict[str, Any]) -> None:
        entry = self.kinds.setdefault(kind, {"faults": 0, "wrong": 0})
        entry["faults"] += 1
        entry["weight"] = self.weight
        entry["wrong"] += bool(found["wrong"])
        entry["blind_over_2_s"] = entry.get("blind_over_2_s", 0) + (found["blind_s"] >= 2)
        for name in self.SUMS:
            entry[name] = entry.get(name, 0) + found[name]
        for name in self.LARGEST:
            entry[name] = max(entry.get(name, 0), round(found[name], 3))
        self._write()

    def _write(self) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self.kinds, indent=1, sort_keys=True) + "\n", "utf-8")
        part.replace(self._path)

    def __str__(self) -> str:
        names = ("faults", "wrong", "findings_lost", "blind_s", "said_blind_s", "blind_over_2_s",
                 "probes_lost", "probes_twice", "frames_dropped", "restarts", "left_over",
                 "memory_mib", "recovery_s")  # fmt: skip
        lines = [f"{'fault':32}" + "".join(f"{name:>16}" for name in names)]
        for kind, entry in sorted(self.kinds.items()):
            lines.append(f"{kind:32}" + "".join(f"{entry.get(name, 0):>16}" for name in names))
        total = sum(entry["faults"] for kind, entry in self.kinds.items() if kind != STORES)
        lost = sum(entry["findings_lost"] for entry in self.kinds.values())
        return "\n".join([*lines, f"{total} faults, {lost} findings lost"])


BROKEN = dict.fromkeys((*Totals.SUMS, *Totals.LARGEST), 0)
"""What is known of a fault after which the soak itself could not go on: it counts as wrong."""
