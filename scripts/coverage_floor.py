"""Line and branch coverage of the decoders, run uncompiled, against the floor in tests/coverage_floor.txt.

Fails where it is lower; says so where it has risen, and `--raise` writes the new floor.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOOR = ROOT / "tests" / "coverage_floor.txt"
ROOMS = ("decode", "store", "export", "cli", "pipeline")


def _coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coverage", *arguments]
    environment = dict(os.environ, INTERLOCK_UNCOMPILED="1")
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True, capture_output=True)


def _measure() -> float:
    """Percent covered; ends the program where the tests fail."""
    tests = [f"tests/{room}" for room in ROOMS if any((ROOT / "tests" / room).rglob("test_*.py"))]
    ran = _coverage("run", "--branch", "--source=src/interlock", "-m", "pytest", "-m", "not slow", *tests)
    if ran.returncode:
        sys.exit(f"{ran.stdout}\n{ran.stderr}\nthe tests fail uncompiled")
    include = ",".join(f"src/interlock/{room}/*" for room in ROOMS)
    said = _coverage("report", f"--include={include}", "--format=total", "--precision=2")
    if not re.fullmatch(r"[\d.]+", said.stdout.strip()):
        sys.exit(f"coverage gives no figure: {said.stdout}{said.stderr}")
    return float(said.stdout)


def main() -> int:
    """See the module's text."""
    percent = _measure()
    floor = float(FLOOR.read_text("utf-8")) if FLOOR.exists() else 0.0
    if percent < floor:
        print(f"coverage fell to {percent:.2f} % from {floor:.2f} %: test what was added")
        return 1
    if percent > floor and "--raise" in sys.argv[1:]:
        FLOOR.write_text(f"{percent:.2f}\n", "utf-8")
    risen = percent > floor and "--raise" not in sys.argv[1:]
    print(f"coverage {percent:.2f} %, floor {floor:.2f} %" + ("; raise it with --raise" if risen else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
