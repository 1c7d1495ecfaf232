"""What one run of a command costs: processor seconds (user and system) and peak memory, children included."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

TIMEOUT_S = 3600


class CommandError(Exception):
    """A command is not there or failed; the text is one sentence."""


@dataclass(frozen=True)
class Cost:
    """One run: seconds of CPU (user + system, waited-for children included) and peak resident MiB."""

    cpu_s: float
    peak_mib: float


def cost_of(
    command: Sequence[str | Path], good: Collection[int] = (0,), timeout_s: float = TIMEOUT_S
) -> Cost:
    """Run a command to its end, its output thrown away.

    good: exit codes that count as success. Raises CommandError for any other end.
    """
    name = " ".join(str(part) for part in command[:2])
    if shutil.which(command[0]) is None:
        raise CommandError(f"{command[0]} is not there; build or install it first")
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,  # so that a time-out ends its children with it
        )
        clock = threading.Timer(timeout_s, _end, args=(child.pid,))
        clock.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _end(child.pid)
            raise
        finally:
            clock.cancel()
        child.returncode = code = os.waitstatus_to_exitcode(status)
        if code not in good:
            said.seek(0)
            raise CommandError(f"{name} ended with {code}: {_last_line(said.read())}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass(frozen=True)
class Costs:
    """Several runs of one command; figures are medians, memory is the most of all runs."""

    runs: tuple[Cost, ...]

    @property
    def cpu_s(self) -> float:
        """Median CPU seconds."""
        return statistics.median(run.cpu_s for run in self.runs)

    @property
    def spread_s(self) -> tuple[float, float]:
        """Least and most CPU seconds."""
        return min(run.cpu_s for run in self.runs), max(run.cpu_s for run in self.runs)

    @property
    def peak_mib(self) -> float:
        """Most memory of all runs."""
        return max(run.peak_mib for run in self.runs)


def _end(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
