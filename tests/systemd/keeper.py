"""Keeps a booted systemd in a control group of its own, and takes all of it away, also where who asked is gone.

    python keeper.py SECONDS COMMAND…

Prints the process number of the first process in the new namespaces. It ends, with nothing left behind, when its
standard input is closed (so also when the test was killed), when that process has ended, or after SECONDS. A session of
its own keeps it from signals that are meant for the test; what even its own death leaves, `sweep` finds.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["groups", "sweep"]

SPACES = ("--fork", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--kill-child=KILL")
_NAME = re.compile(r"interlock-test-(\d+)")
_PR_SET_PDEATHSIG = 1


def groups() -> Path | None:
    """Where control groups of version 2 are made; None where there are none."""
    rows = [line.split() for line in Path("/proc/self/mounts").read_text("utf-8").splitlines()]
    return next((Path(row[1]) for row in rows if row[2] == "cgroup2"), None)


def sweep() -> None:
    """Remove control groups whose keepers are gone."""
    found = groups()
    for group in found.glob("interlock-test-*") if found is not None else ():
        named = _NAME.fullmatch(group.name)
        if named and not Path("/proc", named[1]).exists():
            remove(group)


def remove(group: Path) -> None:
    """Kill what is in a control group and remove it. Raises OSError where it does not go within ten seconds."""
    end = time.monotonic() + 10
    while group.exists():
        with suppress(
            OSError
        ):  # before Linux 5.14 there is no such file; its first process has been killed anyway
            (group / "cgroup.kill").write_text("1")
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                Path(folder).rmdir()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _begin(group: Path, keeper: int, command: list[str]) -> subprocess.Popen[bytes]:
    def enter() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)
        (group / "cgroup.procs").write_text(str(os.getpid()))

    words = ["unshare", *SPACES, *command]
    return subprocess.Popen(words, preexec_fn=enter, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: PLW1509


def _first(outer: subprocess.Popen[bytes]) -> int:
    """The only child of `unshare`, once there is one."""
    path = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    while outer.poll() is None:
        if found := path.read_text("ascii").split():
            return int(found[0])
        time.sleep(0.01)
    return 0


def main(seconds: float, command: list[str]) -> None:
    """See the module's text."""
    end = time.monotonic() + seconds
    found = groups()
    assert found is not None
    group = found / f"interlock-test-{os.getpid()}"
    group.mkdir()
    try:
        outer = _begin(group, os.getpid(), command)
        print(_first(outer), flush=True)  # noqa: T201 (what it is asked for)
        while outer.poll() is None and (left := end - time.monotonic()) > 0:
            if select.select([0], [], [], min(left, 0.2))[0] and not os.read(0, 1):
                break
        outer.kill()
        outer.wait()
    finally:
        remove(group)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
