"""One process that decodes mutants by number and says how each went; its parent watches over it.

Standard input: `NUMBER` a line. Standard output: `> NUMBER` when begun, then `< NUMBER JSON`.
A mutant that takes more CPU than its share ends the process (SIGXCPU); the parent knows which one it was.
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

__all__ = ["CPU_S", "RSS_OCTETS", "main"]

CPU_S = 5
RSS_OCTETS = 1 << 30
ADDRESS_SPACE_OCTETS = 6 << 30


class Bench:
    """What is loaded once and used for every mutant."""

    def __init__(self) -> None:
        self.specs = load_specs(outside=False)
        self.verbs = load_verbs()

    def decode(self, octets: bytes, *, digest: bool) -> dict[str, Any]:
        """Rows per table, decoder errors, and a digest over every row where it is asked for."""
        found: dict[str, Any] = {"rows": 0, "errors": []}
        lines: list[str] = []
        try:
            with open_sources(specify(("-",), ()), stdin=BytesIO(octets)) as run:
                engine = Engine(run.sources, self.specs, self.verbs)
                for frames in run:
                    _take(engine.feed(frames), found, lines if digest else None)
                for rest in engine.finish():
                    _take(rest, found, lines if digest else None)
        except SourceError as error:
            found["source_error"] = str(error)
        if digest:
            found["digest"] = hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()
        return found


def _take(batches: dict[str, Any], found: dict[str, Any], lines: list[str] | None) -> None:
    for name, batch in batches.items():
        batch.validate(full=True)
        found["rows"] += batch.num_rows
        if name == "oddities":
            rows = zip(batch.column("protocol").to_pylist(), batch.column("oddity").to_pylist(), strict=True)
            found["errors"] += sorted({f"{p}: {o}" for p, o in rows if o.startswith("decoder-error")})
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
        number = int(line)
        octets = mutants.of(number)
        print(">", number, flush=True)
        before = resource.getrusage(resource.RUSAGE_SELF)
        used = before.ru_utime + before.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + cpu_s + 1, resource.RLIM_INFINITY))
        found = bench.decode(octets, digest=digest)
        after = resource.getrusage(resource.RUSAGE_SELF)
        found["cpu_s"] = round(after.ru_utime + after.ru_stime - used, 4)
        found["rss"] = after.ru_maxrss * 1024
        print("<", number, json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
