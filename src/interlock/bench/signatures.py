"""Signatures in force: time to put them there, memory that they take, and what they cost over captures.

`python -m interlock.bench.signatures RULES CAPTURE... [--rounds N]`
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from io import BytesIO
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.detect.signatures.detector import Signatures
    from interlock.detect.signatures.engine.screening import Screening

__all__ = ["main"]

_TOP: Final = 5


def main() -> int:
    """Load, decode without and with them; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules")
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sys.stdout.write(json.dumps(_measure(asked.rules, tuple(asked.captures), asked.rounds), indent=1) + "\n")
    return 0


def _measure(rules: str, captures: tuple[str, ...], rounds: int) -> dict[str, Any]:
    from interlock.bootstrap.allocating import give_back  # noqa: PLC0415
    from interlock.bootstrap.signature_screens import screening_with  # noqa: PLC0415
    from interlock.bootstrap.signatures import build_signatures  # noqa: PLC0415 (its memory is measured)

    refused: list[str] = []
    resident, begun = _resident(), time.process_time()
    detector = build_signatures((rules,), refused.append)
    loaded = time.process_time() - begun
    give_back()
    taken = _resident() - resident
    packets = _run(
        captures, frozenset(), None, None
    )  # what is imported by the way is no cost of any of the three
    looked = (0, 0)
    seconds: dict[str, list[float]] = {"without": [], "buffers": [], "with": []}
    for _ in range(rounds):
        fresh = detector.anew()
        looked = fresh.engine.looked
        for name, buffers, judged in (
            ("without", frozenset(), None),
            ("buffers", fresh.buffers, None),
            ("with", fresh.buffers, fresh),
        ):
            screen = screening_with([(judged or fresh.anew()).engine]) if buffers else None
            begun = time.process_time()
            packets = _run(captures, buffers, judged, screen)
            seconds[name].append(time.process_time() - begun)
    costs = {name: round(median(values), 3) for name, values in seconds.items()}
    told = {"in_force": len(detector.engine.matchers), "load_cpu_s": round(loaded, 2)}
    return {**told, "resident_mib": round(taken / (1 << 20), 1), **_costs(fresh, costs, packets, looked)}


def _costs(
    fresh: Signatures, costs: dict[str, float], packets: int, before: tuple[int, int]
) -> dict[str, Any]:
    """What one packet costs. before: how often literals were looked for, and met, before the last round."""
    scans, matches = (after - earlier for after, earlier in zip(fresh.engine.looked, before, strict=True))
    each = max(packets, 1)
    return {
        "packets": packets,
        "cpu_s": costs,
        "signatures_us_a_packet": round((costs["with"] - costs["without"]) / each * 1e6, 3),
        "buffers_us_a_packet": round((costs["buffers"] - costs["without"]) / each * 1e6, 3),
        "packets_a_cpu_s_without": round(packets / costs["without"]) if costs["without"] else 0,
        "packets_a_cpu_s": round(packets / costs["with"]) if costs["with"] else 0,
        "scans_a_packet": round(scans / each, 6),
        "callbacks_a_packet": round(matches / each, 4),
        "most_resident_mib": round(getrusage(RUSAGE_SELF).ru_maxrss / 1024, 1),
        "held_against_rules": int(fresh.engine.tried.sum()),
        "hits": int(fresh.engine.hit.sum()),
        "busiest": _busiest(fresh),
    }


def _busiest(detector: Signatures) -> list[dict[str, Any]]:
    """The rules that were held against something most often."""
    tried, hits = detector.engine.tried, detector.engine.hit
    top = sorted(range(len(tried)), key=lambda k: -int(tried[k]))[:_TOP]
    signatures = [one.signature for one in detector.engine.matchers]
    return [
        {
            "sid": signatures[k].sid,
            "tried": int(tried[k]),
            "hits": int(hits[k]),
            "message": signatures[k].message,
        }
        for k in top
    ]


def _run(
    captures: tuple[str, ...], buffers: frozenset[str], detector: Signatures | None, screen: Screening | None
) -> int:
    """Decode operations and flows, and what buffers are asked for; how many frames there were."""
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.detect.batch import Batch  # noqa: PLC0415
    from interlock.detect.interface import Context  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    wanted = frozenset({"operations", "flows", *(("payloads",) if buffers else ())})
    with open_sources(specify(captures, ()), stdin=BytesIO()) as run:
        engine = build_engine(run.sources, wanted=wanted, buffers=buffers, screen=screen)
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            for table in detector.needs if detector else ():
                if detector and table in batches and len(batches[table]):
                    list(detector.feed(Batch(table, batches[table]), Context()))
        return sum(one.frames for one in run.statistics)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


if __name__ == "__main__":
    sys.exit(main())
