"""Memory of a sensor while its signatures are put in force anew, again and again.

    python scripts/swaps.py RULES [--times 10]

A real sensor watches a quiet wire in a network namespace of its own, with all of RULES (a folder or file) in force.
Each time one rule is changed and SIGHUP sent; when the sensor says that the rules are in force, the resident memory of
its judge and of its worker is printed. Exit 1 where the last third of either is higher than the third before by more
than a tenth: then something of the rules of before stays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from soaking.running import RunningSensor, until
from soaking.wire import Wire, why_not

_ROLES = ("judge", "worker")
_PATIENCE_S = 300.0
_SETTLED_S = 3.0
"""After a swap: what is not needed any more is given back by then."""


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    said = Path(f"/proc/{pid}/status").read_text("ascii").partition("VmRSS:")[2]
    return int(said.split()[0]) / 1024


def swaps(sensor: RunningSensor, changed: Path, times: int) -> dict[str, list[float]]:
    """Memory of each process before the first swap and after each."""
    found: dict[str, list[float]] = {role: [] for role in _ROLES}
    for number in range(times + 1):
        if number:
            changed.write_text(f'alert tcp any any -> any 9 (content:"never{number}"; sid:{number};)\n')
            sensor.process.send_signal(signal.SIGHUP)
            if not until(lambda n=number: _in_force(sensor) == n, _PATIENCE_S):
                raise RuntimeError(f"swap {number} was not done: {sensor.errors()[-500:]}")
        time.sleep(_SETTLED_S)
        for role, known in found.items():
            known.append(resident_mib(sensor.process_of(role)))
        print(
            f"{number:>3}  {'  '.join(f'{role} {known[-1]:6.1f} MiB' for role, known in found.items())}",
            flush=True,
        )
    return found


def _in_force(sensor: RunningSensor) -> int:
    return sum("signatures are in force" in e.says for e in sensor.diary() if e.event == "reloaded")


def main() -> int:
    """Measure. Exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", type=Path)
    parser.add_argument("--times", type=int, default=10)
    given = parser.parse_args()
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder, wire = Path(name), Wire()
        rules = folder / "rules"
        if given.rules.is_dir():
            shutil.copytree(given.rules, rules)
        else:
            rules.mkdir()
            shutil.copy(given.rules, rules)
        os.environ["INTERLOCK_STATE"] = str(folder / "state")
        sensor = RunningSensor(wire, folder / "store", "--signatures", rules)
        try:
            sensor.ready(_PATIENCE_S)
            found = swaps(sensor, rules / "changed.rules", given.times)
        finally:
            sensor.stop()
            wire.close()
    return max(_grows(role, known) for role, known in found.items())


def _grows(role: str, found: list[float]) -> int:
    third = max(1, len(found) // 3)
    last, before = sum(found[-third:]) / third, sum(found[-2 * third : -third]) / third
    print(f"{role}: {last - before:+.1f} MiB from the third before to the last third")
    return int(last > 1.1 * before)


if __name__ == "__main__":
    sys.exit(main())
