"""What one protocol pays for the company of the others: a capture of Modbus decoded with Modbus alone, and with all."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["cost_of_company"]

_RUN: Final = """
import json, sys, time
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs, load_verbs, waiting_specs

begun, wanted = time.process_time(), frozenset({"operations", "flows"})
specs = load_specs(("modbus",), outside=False) if sys.argv[2] == "alone" else waiting_specs()
with open_sources(specify((sys.argv[1],), ())) as run:
    engine = Engine(run.sources, specs, load_verbs(("modbus",), outside=False), wanted=wanted)
    rows = sum(batch.num_rows for frames in run for batch in engine.feed(frames).values())
    rows += sum(batch.num_rows for rest in engine.finish() for batch in rest.values())
taken, loading = time.process_time() - begun, {}
for spec in specs:
    begun = time.process_time()
    spec.decoder
    loading[spec.name] = time.process_time() - begun
print(json.dumps({"s": taken, "rows": rows, "loading": loading}))
"""


def cost_of_company(capture: Path, repeats: int) -> dict[str, Any]:
    """Least CPU seconds of several runs, in turns: `alone_s`, `all_s`.

    each: (all - alone) / alone / protocols. worst_share: the largest share of `alone_s` that importing one protocol
    takes, once, where somebody speaks it or speaks what nobody knows.
    """
    alone, together = [], []
    for _ in range(repeats):
        alone.append(_run(capture, "alone"))
        together.append(_run(capture, "all"))
    least, most = (min(run["s"] for run in runs) for runs in (alone, together))
    loading = {name: min(run["loading"][name] for run in together) for name in together[0]["loading"]}
    name = max(loading, key=lambda one: loading[one])
    return {
        "alone_s": round(least, 3),
        "all_s": round(most, 3),
        "protocols": len(loading),
        "same_rows": alone[0]["rows"] == together[0]["rows"],
        "each": round((most - least) / least / len(loading), 5),
        "worst": name,
        "worst_share": round(loading[name] / least, 4),
    }


def _run(capture: Path, who: str) -> dict[str, Any]:
    command = [sys.executable, "-c", _RUN, str(capture), who]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 (our own words)
    found: dict[str, Any] = json.loads(told)
    return found
