"""How soon signatures are in force: the first time they are read, afterwards they come from what was kept.

`INTERLOCK_STATE=DIR python -m interlock.bench.signature_start RULES`, several times with the same empty DIR.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

__all__ = ["main"]


def main() -> int:
    """Put them in force once, imports included; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules")
    asked = parser.parse_args()
    begun, spent = time.perf_counter(), time.process_time()
    from interlock.bootstrap.signatures import build_signatures  # noqa: PLC0415 (its imports are measured, too)

    detector = build_signatures((asked.rules,), lambda _: None)
    said = {
        "in_force": len(detector.engine.matchers),
        "wall_s": round(time.perf_counter() - begun, 3),
        "cpu_s": round(time.process_time() - spent, 3),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
