"""The real sensor as a process on a wire, with what it printed and what it is made of."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.errors import InterlockError
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.pipeline.sensor.incident_file import IncidentFile
from interlock.store.plain.reader import PlainReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.pipeline.sensor.figures import Figures
    from interlock.records.finding import Finding
    from interlock.store.port import Entry
    from soaking.wire import Wire

__all__ = ["ENTRY", "ROLES", "RunningSensor", "shared_octets", "until"]

ENTRY = (sys.executable, "-c", "from interlock.cli.start import main; main()")
ROLES = ("worker", "judge", "herald", "compactor")
_CONFIG = '[[outlet]]\nkind = "stdout"\nformat = "jsonl"\ntells = "both"\n'


def until(met: Callable[[], object], timeout_s: float = 20.0, pause_s: float = 0.05) -> bool:
    """Wait for something; whether it came."""
    end = time.monotonic() + timeout_s
    while not (found := met()) and time.monotonic() < end:
        time.sleep(pause_s)
    return bool(found)


class RunningSensor:
    """`interlock sensor run` on the near end of a wire.

    printed: (id, title, count) of findings, told: ids of incidents, as they came.
    """

    def __init__(self, wire: Wire, store: Path, *more: object, env: Mapping[str, str] | None = None) -> None:
        self.store = store
        self._errors = store.with_name(store.name + ".err").open("ab")
        self.config = store.with_name(store.name + ".toml")
        self.config.write_text(_CONFIG)
        self.process = wire.start(
            *ENTRY, "sensor", "run", "-i", wire.near, "--out", store, "--config", self.config, *more,
            stdout=subprocess.PIPE, stderr=self._errors, stdin=subprocess.DEVNULL, preexec_fn=_listen,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **(env or {})},
        )  # fmt: skip
        self.printed: list[tuple[str, str, int]] = []
        self.told: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def reader(self) -> PlainReader:
        """Its store, as another process sees it."""
        return PlainReader(self.store)

    def figures(self) -> Figures | None:
        """What it says of itself."""
        with suppress(InterlockError):
            return read_figures_file(self.store)
        return None

    def findings(self) -> dict[str, Finding]:
        """By id, as they are in the store."""
        return {finding.id: finding for _, finding in self.reader.findings()}

    def unknown_incidents(self) -> list[str]:
        """What was told of incidents that are in its file no more, not even as a part of another."""
        known = {i for one in IncidentFile(self.store).incidents() for i in (one.id, *one.merged)}
        return [ident for ident in dict.fromkeys(self.told) if ident not in known]

    def diary(self) -> Sequence[Entry]:
        """Every line so far."""
        return list(self.reader.diary())

    def watching(self) -> bool:
        """Whether all of its processes are there."""
        return len(self.children()) == len(ROLES)

    def ready(self, timeout_s: float = 30.0) -> None:
        """Wait until it watches. Raises RuntimeError where it does not come to that."""
        begun = time.time_ns()

        def there() -> bool:
            figures = self.figures()
            return self.process.poll() is not None or (figures is not None and figures.time > begun)

        if not until(there, timeout_s) or self.process.poll() is not None:
            ended, left = self.process.poll(), self.children()
            raise RuntimeError(f"the sensor does not watch ({ended}, {left}): {self.errors()[-2000:]}")

    def children(self) -> list[int]:
        """Its processes in the order of their beginning."""
        with suppress(OSError):
            pid = self.process.pid
            return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
        return []

    def process_of(self, role: str, within_s: float = 10.0) -> int:
        """The process of one of ROLES. Raises LookupError where there is none for so long.

        Whoever died often is begun anew only after a pause, which is the supervisor's rule and no fault.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            for pid in self.children():
                with suppress(OSError):
                    if Path(f"/proc/{pid}/comm").read_text("ascii").startswith(role):
                        return pid
            time.sleep(0.05)
        raise LookupError(f"no {role} was there for {within_s:.0f} s")

    def packets(self) -> int:
        """Frames read from the ring, since it was opened."""
        figures = self.figures()
        return sum(row.packets or 0 for row in figures.interfaces) if figures else 0

    def drops(self) -> int:
        """Frames that the kernel had no room for."""
        figures = self.figures()
        return figures.drops or 0 if figures else 0

    def errors(self) -> str:
        """What stands on its standard error."""
        return Path(self._errors.name).read_text("utf-8", "replace")

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 60.0) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout_s)
        finally:
            self.close()
        return code

    def close(self) -> None:
        """Nothing of it is left, however it is."""
        left = self.children()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._reading.join(10)
        self._errors.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with suppress(ValueError):  # the last one of a process that was killed
                    self._heard(json.loads(line))

    def _heard(self, said: dict[str, Any]) -> None:
        if "incident" in said:
            self.told.append(said["incident"]["id"])
        else:
            finding = said["finding"]
            self.printed.append((finding["id"], finding["title"], finding["count"]))


def shared_octets(pids: Sequence[int]) -> int:
    """Memory of processes that share pages, each page once: the sum of their proportional set sizes (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
            total += sum(
                int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:")
            )
    return total


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
