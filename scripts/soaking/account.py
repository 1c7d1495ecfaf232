"""The soak's own books: findings that were seen or printed, probes that were sent, and what each fault cost."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from interlock.errors import SourceError
from soaking.books import unprinted
from soaking.running import until
from soaking.sender import ENTRY, PROBE_SERVER

if TYPE_CHECKING:
    from pathlib import Path

    from soaking.faults import Done
    from soaking.stage import Stage

__all__ = ["Account", "Totals"]

SECOND = 1_000_000_000
MEMORY = 512 << 20
RECOVERY_S = 90.0


class Account:
    """Looks at a stage after each fault."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.afresh()

    def afresh(self) -> None:
        """The store is another one."""
        self._known: dict[str, int] = {}
        self._lines = 0
        self._drops = self._stage.sensor.drops()

    def begin(self) -> int:
        """Before a fault; the wall time."""
        self._lines = len(self._stage.sensor.diary())
        self._drops = self._stage.sensor.drops()
        return time.time_ns()

    def look(self, begin: int, done: Done) -> dict[str, Any]:
        """After a fault: wait until a probe that was sent after it is in the store, then see what is missing."""
        ended = time.time_ns()
        sensor = self._stage.sensor
        recovered = until(lambda: self._seen(ended) and sensor.watching(), RECOVERY_S, 0.25)
        time.sleep(1.2)  # what is behind the newest probe, and the diary's last letters
        entries = sensor.diary()[self._lines :]
        said = {entry.event for entry in entries}
        lost = self._lost()
        blind, missing = self._gaps(begin, done.away)
        memory = self._stage.memory()
        drops = sensor.drops()
        spans = [(e.until - e.time) / SECOND for e in entries if e.event == "blind" and e.until]
        found = {
            "blind_s": blind,
            "said_blind_s": max(spans, default=0),
            "probes_lost": missing,
            "frames_dropped": max(0, drops - self._drops),
            "findings_lost": len(lost),
            "left_over": done.left,
            "memory_mib": memory >> 20,
            "restarts": sum(entry.event == "worker-lost" and "died" in entry.says for entry in entries),
            "recovery_s": round((time.time_ns() - ended) / SECOND, 1),
        }  # fmt: skip
        unsaid = sorted(set(done.says) - said)
        wrong = [done.wrong] if done.wrong else []
        wrong += [f"findings lost: {lost[:3]}"] if lost else []
        wrong += [f"{done.left} processes left over"] if done.left else []
        wrong += [] if recovered else [f"no probe seen within {RECOVERY_S:g} s"]
        wrong += [f"the diary does not say {', '.join(unsaid)}"] if unsaid else []
        wrong += [f"{memory >> 20} MiB"] if memory > MEMORY else []
        return found | {"wrong": "; ".join(wrong)}

    def _sent(self, since: int) -> list[tuple[int, int]]:
        """Number and wall time of probes."""
        octets = self._stage.probes.read_bytes()[-ENTRY.size * 20_000 :]
        whole = octets[: len(octets) // ENTRY.size * ENTRY.size]
        return [(number, when) for number, when in ENTRY.iter_unpack(whole) if when >= since]

    def _rows(self, since: int) -> dict[int, int]:
        """Low 16 bits of a probe's number → capture time, of those that the store has."""
        found: dict[int, int] = {}
        with suppress(SourceError, OSError):
            reader = self._stage.sensor.reader
            columns = ["server", "object", "time"]
            for batch in reader.rows("operations_folded", since=since, columns=columns):
                servers, objects = (batch.column(n).cast(pa.string()).to_pylist() for n in columns[:2])
                times = batch.column("time").cast(pa.int64()).to_pylist()
                for server, what, when in zip(servers, objects, times, strict=True):
                    if server == PROBE_SERVER and what:
                        found[int(what.rpartition(":")[2])] = when
        return found

    def _seen(self, since: int) -> bool:
        return any(when >= since for when in self._rows(since).values())

    def _gaps(self, begin: int, away: tuple[int, int]) -> tuple[float, int]:
        """(seconds of the longest stretch without a row, missing probes), up to the newest one that has a row."""
        rows = self._rows(begin - 3 * SECOND)
        newest = max(rows.values(), default=0)
        longest = missing = 0
        last = begin - 2 * SECOND
        for number, when in self._sent(begin - 2 * SECOND):
            if when > newest:
                break
            kept = rows.get(number & 0xFFFF)
            if kept is not None and abs(kept - when) < 30 * SECOND:
                longest = max(longest, _outside(last, when, away)) if missing_here(last, when) else longest
                last = when
            elif not away[0] <= when <= away[1]:
                missing += 1
        return round(longest / SECOND, 3), missing

    def _lost(self) -> list[Any]:
        """Findings that were there or were printed, and are not there now, or with a smaller count."""
        sensor = self._stage.sensor
        printed = list(sensor.printed)
        now = sensor.findings()
        lost: list[Any] = [i for i, count in self._known.items() if i not in now or now[i].count < count]
        lost += unprinted(printed, now)
        self._known = {ident: finding.count for ident, finding in now.items()}
        return lost


def missing_here(last: int, when: int) -> bool:
    """Whether probes came between, at their pace of 20 ms; a busy machine sends some of them late."""
    return when - last > SECOND // 10


def _outside(begin: int, end: int, away: tuple[int, int]) -> int:
    """Of a stretch what is not within `away`."""
    return (end - begin) - max(0, min(end, away[1]) - max(begin, away[0]))


class Totals:
    """What all runs came to, by kind of fault; kept in a file, written whole."""

    LARGEST = ("blind_s", "said_blind_s", "memory_mib", "recovery_s")
    SUMS = ("probes_lost", "frames_dropped", "findings_lost", "left_over", "restarts")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.kinds: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def add(self, kind: str, found: dict[str, Any]) -> None:
        """One fault more."""
        entry = self.kinds.setdefault(kind, {"faults": 0, "wrong": 0})
        entry["faults"] += 1
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
                 "probes_lost", "frames_dropped", "restarts", "left_over", "memory_mib", "recovery_s")  # fmt: skip
        lines = [f"{'fault':32}" + "".join(f"{name:>16}" for name in names)]
        for kind, entry in sorted(self.kinds.items()):
            lines.append(f"{kind:32}" + "".join(f"{entry.get(name, 0):>16}" for name in names))
        total = sum(entry["faults"] for entry in self.kinds.values())
        lost = sum(entry["findings_lost"] for entry in self.kinds.values())
        return "\n".join([*lines, f"{total} faults, {lost} findings lost"])
