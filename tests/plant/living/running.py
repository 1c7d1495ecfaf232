"""A living plant for tests: brought up and down by the commands that people use; and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from interlock.plant.living.state import Files

ROOT = os.geteuid() == 0


@dataclass
class Plant:
    """One state folder and the commands in it."""

    state: Path

    def run(self, *words: str, fails: bool = False, timeout_s: float = 120.0, **env: str) -> str:
        """`interlock plant WORDS`; its standard output, or where it fails its standard error."""
        done = subprocess.run(
            [sys.executable, "-c", "from interlock.cli.main import main; main()", "plant", *words],
            env={**os.environ, "INTERLOCK_STATE": str(self.state), "COLUMNS": "160", **env},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def status(self) -> dict:
        return json.loads(self.run("status", "--json"))

    @property
    def files(self) -> Files:
        return Files(self.state)


@dataclass(frozen=True)
class Traces:
    """What of any plant can be seen on this machine from outside, apart from the plants of others."""

    namespaces: frozenset[str]
    interfaces: frozenset[str]
    files: frozenset[str]
    processes: frozenset[int]


def traces(state: Path) -> Traces:
    names = Path("/run/netns")
    return Traces(
        frozenset(p.name for p in names.glob("*")) if names.exists() else frozenset(),
        frozenset(p.name for p in Path("/sys/class/net").iterdir()),
        frozenset(str(p.relative_to(state)) for p in state.rglob("*")),
        frozenset(_processes(state)),
    )


def _processes(state: Path) -> list[int]:
    """Processes that were started for this state folder, or descend from one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(str(state).encode() == w for w in words):
            found.append(int(path.name))
    return found
