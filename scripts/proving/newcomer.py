"""A person at a terminal: a command in a pseudo-terminal of its own, what it shows as plain text, what is typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["INTERLOCK", "Terminal", "plain", "words_in"]

INTERLOCK = (sys.executable, "-c", "from interlock.cli.main import main; main()")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])")
_INTERRUPT = "\x03"
_END = "\x04"
_AGAIN_S = 10.0
"""After which a person presses Ctrl-C once more."""


def plain(octets: bytes) -> str:
    """Text as it stands there in the end: without colours, and without what was written over in the same line."""
    text = _SEQUENCE.sub("", octets.decode("utf-8", "replace")).replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))


def words_in(text: str) -> int:
    """What a person reads: whatever stands between blanks and has a letter or a digit."""
    return sum(any(c.isalnum() for c in word) for word in text.split())


class Terminal:
    """A command at work. Octets that it shows are kept whole; `until` gives those since it was last asked."""

    def __init__(self, command: Sequence[str], *, folder: Path | None = None, columns: int = 100) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
            preexec_fn=_own,  # noqa: PLW1509 (who sits at terminals has no threads)
        )
        os.close(slave)
        self._master = master
        self._octets = b""
        self._told = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    @property
    def shown(self) -> str:
        """Everything so far."""
        return plain(self._octets)

    def until(self, text: str, within_s: float = 90.0) -> str:
        """Wait until it has shown a text. Raises TimeoutError where it does not, with what it did show."""
        end = time.monotonic() + within_s
        while text not in (since := plain(self._octets[self._told :])):
            if not self._read(0.2) or time.monotonic() > end:
                raise TimeoutError(f"never shown: {text!r}, but: {self.shown}")
        self._told = len(self._octets)
        return since

    def type(self, line: str) -> None:
        """A line, and Enter."""
        os.write(self._master, f"{line}\n".encode())

    def end_input(self) -> None:
        """Ctrl-D."""
        os.write(self._master, _END.encode())

    def interrupt(self) -> int:
        """Ctrl-C, pressed again where nothing comes of it; gives the exit code."""
        for _ in range(10):
            os.write(self._master, _INTERRUPT.encode())
            code = self._ended(_AGAIN_S)
            if code is not None:
                return code
        raise TimeoutError(f"does not end: {self.shown}")

    def ended(self, within_s: float = 120.0) -> int:
        """Wait for its end; gives the exit code. Raises TimeoutError."""
        code = self._ended(within_s)
        if code is None:
            raise TimeoutError(f"does not end: {self.shown}")
        return code

    def _ended(self, within_s: float) -> int | None:
        end = time.monotonic() + within_s
        while self._read(0.1):
            if time.monotonic() > end:
                return None
        return self._process.wait(max(1.0, end - time.monotonic()))

    def _read(self, patience_s: float) -> bool:
        """Take what is there; False once there will be no more."""
        if not select.select([self._master], [], [], patience_s)[0]:
            return self._process.poll() is None
        try:
            octets = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self._octets += octets
        return bool(octets)


def _own() -> None:
    """It is the process's own terminal, whose Ctrl-C reaches it also where a shell's background ignores it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
