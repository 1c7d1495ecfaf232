"""One process that decodes mutants by number and says how each went; its parent watches over it.

Standard input: `FIRST COUNT` a line. Standard output: `> FIRST COUNT` when begun, then `< FIRST COUNT JSON`. Several
mutants share one engine, each in a source and realm of its own, since making an engine takes longer than decoding one.
A group that takes more CPU than its share ends the process (SIGXCPU); the parent knows which one it was.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from fuzzing.mutants import Mutants, captures_below
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs, load_verbs
from interlock.errors import SourceError
from interlock.records.buffers import BUFFERS, UNSEEN
from interlock.records.frames import Source

__all__ = ["CPU_S", "RSS_OCTETS", "Bench", "main"]

CPU_S = 5
RSS_OCTETS = 1 << 30
ADDRESS_SPACE_OCTETS = 6 << 30


class Bench:
    """What is loaded once and used for every mutant."""

    def __init__(self) -> None:
        self.specs = load_specs(outside=False)
        self.verbs = load_verbs(outside=False)

    def decode(self, captures: list[bytes], *, digest: bool) -> dict[str, Any]:
        """Rows, decoder errors, captures that cannot be read, and a digest over every row where it is asked for."""
        found: dict[str, Any] = {"rows": 0, "errors": [], "source_errors": 0}
        lines: list[str] | None = [] if digest else None
        sources = tuple(Source(name=str(k), realm=f"r{k}") for k in range(len(captures)))
        engine = Engine(sources, self.specs, self.verbs, buffers=frozenset(BUFFERS) - UNSEEN)
        for k, octets in enumerate(captures):
            try:
                with open_sources(specify(("-",), ()), stdin=BytesIO(octets)) as run:
                    for frames in run:
                        frames.source[:] = k
                        _take(engine.feed(frames), found, lines)
            except SourceError:
                found["source_errors"] += 1
        for rest in engine.finish():
            _take(rest, found, lines)
        if lines is not None:
            found["digest"] = hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()
        return found


def _take(batches: dict[str, Any], found: dict[str, Any], lines: list[str] | None) -> None:
    for name, batch in batches.items():
        batch.validate(full=True)
        found["rows"] += batch.num_rows
        if name == "oddities":
            rows = zip(batch.column("protocol").to_pylist(), batch.column("oddity").to_pylist(), strict=True)
            errors = {f"{p}: {o}" for p, o in rows if o.startswith("decoder-error")}
            found["errors"] = sorted(errors.union(found["errors"]))
        if lines is not None:
            lines += [f"{name} {row}" for row in batch_rows(batch)]


def batch_rows(batch: Any) -> list[str]:
    """Rows as text, times as integers."""
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        is_time = str(field.type).startswith(("timestamp", "duration"))
        columns.append((column.cast("int64") if is_time else column).to_pylist())
    return [repr(row) for row in zip(*columns, strict=True)]


def main() -> None:
    """Decode what standard input names. Arguments: folder, seed, `digest` or `plain`."""
    mutants = Mutants(captures_below(Path(sys.argv[1])), int(sys.argv[2]))
    digest = sys.argv[3] == "digest"
    bench = Bench()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_OCTETS, ADDRESS_SPACE_OCTETS))
    cpu_s = CPU_S * (100 if digest else 1)  # uncompiled and compared row by row, it is not a matter of speed
    for line in sys.stdin:
        first, count = map(int, line.split())
        # To read a capture and make mutants of it is not the decoders' time: the last group's limit is over.
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        captures = [mutants.of(number) for number in range(first, first + count)]
        print(">", first, count, flush=True)
        used = _cpu_s()
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + cpu_s + 1, resource.RLIM_INFINITY))
        found = bench.decode(captures, digest=digest)
        found["cpu_s"] = round(_cpu_s() - used, 4)
        found["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print("<", first, count, json.dumps(found), flush=True)


def _cpu_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
