"""The command as a person starts it: another process, its octets, its exit code."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ["DEMO", "Ended", "one_sentence", "run", "start"]

DEMO = Path(__file__).resolve().parents[2] / "demo"
_PATIENCE_S = 240
"""A command that hangs is found out; one that waits for a busy machine is not taken for it."""
_ENTRY = "from interlock.cli.main import main; main()"


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str


def start(*arguments: object, **how: object) -> subprocess.Popen[bytes]:
    """Ctrl-C reaches it as from a terminal, also where the tests run in a shell's background, which ignores it."""
    command = [sys.executable, "-c", _ENTRY, *map(str, arguments)]
    how = {"stdout": subprocess.PIPE, "preexec_fn": _listen, **how}
    return subprocess.Popen(command, stderr=subprocess.PIPE, **how)


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(*arguments: object, stdin: bytes = b"", file_limit: int | None = None, **how: object) -> Ended:
    """file_limit: octets that any one file may reach, as a full disk would have it."""

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    with start(*arguments, stdin=subprocess.PIPE, preexec_fn=limit, **how) as process:
        out, err = process.communicate(stdin, timeout=_PATIENCE_S)
    return Ended(process.returncode, out or b"", err.decode())


def one_sentence(ended: Ended) -> str:
    """The only line on standard error, proved to be no traceback."""
    assert "Traceback" not in ended.err, ended.err
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("interlock: ")
    assert len(lines[0]) < 400
    return lines[0]


def told(*arguments, **how):
    """As `run`, with its output as text."""
    ended = run(*arguments, **how)
    return ended._replace(out=ended.out.decode())
