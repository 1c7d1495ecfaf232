"""Workers under watch: numbers in, results out; one that dies costs only the mutant it was at."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["Worker"]

WALL_S = 60.0
"""Real time after which a silent worker is taken as hung: it may be waiting, so CPU limits do not end it."""


class Worker:
    """A process of fuzzing.worker, started again after it died. Not for two threads at once."""

    def __init__(self, folder: Path, seed: int, *, uncompiled: bool = False, digest: bool = False) -> None:
        """digest: results carry a digest over every row, and time is not limited tightly."""
        self._arguments = [str(folder), str(seed), "digest" if digest else "plain"]
        self._uncompiled = uncompiled
        self._wall_s = WALL_S * (10 if digest else 1)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def run(self, first: int, count: int = 1) -> dict[str, Any]:
        """The result of mutants first … first + count - 1, decoded by one engine.

        `crash` or `hang` in it say that the process did not survive them.
        """
        process = self._process or self._start()
        process.stdin.write(f"{first} {count}\n".encode())
        process.stdin.flush()
        until = time.monotonic() + self._wall_s
        while True:
            line = self._line(until - time.monotonic())
            if line is None:
                return self._ended(hang=process.poll() is None)
            if line.startswith(f"< {first} {count} "):
                return json.loads(line.split(" ", 3)[3])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        scripts = Path(__file__).parents[1]
        # What is fuzzed is what stands beside these scripts, whatever else is installed.
        paths = (str(scripts), str(scripts.parent / "src"))
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        environment.pop("INTERLOCK_UNCOMPILED", None)
        if self._uncompiled:
            environment["INTERLOCK_UNCOMPILED"] = "1"
        self._rest = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fuzzing.worker", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        return self._process

    def _line(self, left_s: float) -> str | None:
        """The next line; None where the process ended or stayed silent."""
        until = time.monotonic() + left_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self._process.stdout.fileno(), 1 << 20) if ready else b""
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def _ended(self, *, hang: bool) -> dict[str, Any]:
        process = self._process
        if hang:
            process.kill()
        error = process.communicate()[1].decode("utf-8", "replace")
        self._process = None
        hang = hang or process.returncode == -signal.SIGXCPU
        said = error.strip().splitlines()[-12:]
        return {"hang" if hang else "crash": f"ended with {process.returncode}", "stderr": said}
