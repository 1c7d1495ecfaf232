"""A run in a process of its own, watched: a decoder that never returns costs the run one new beginning.

No budget inside a process can end what loops in compiled code. So the work is a child; where its heartbeat
stands still while it burns processor time, it is killed and the work begins anew, and from the frame that it hung
on that conversation is passed over. The parent holds nothing but the child's number and passes signals on.
"""

from __future__ import annotations

import atexit
import gc
import io
import mmap
import os
import select
import signal
import stat
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from interlock.cli.exits import BY_SIGNAL, NOTHING_READABLE
from interlock.decode.heartbeat import BUSY, FRAME, PATIENCE, SIZE, SOURCE, STEPS, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MAX_HUNG", "Watch", "output", "watched"]

MAX_HUNG: Final = 16
"""Conversations that may hang a decoder before the run is given up."""
_LOOK_S: Final = 0.2
_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM)
_CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

Hung = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Watch:
    """What a watched run is given. beat: heartbeat's row, shared; hung: (source, frame) not to be looked into.

    written: octets that earlier beginnings of this run have put on standard output.
    """

    beat: memoryview
    hung: Hung = frozenset()
    written: int = 0


def _once(argument: str) -> bool:
    """Whether an argument names what is gone when it was read."""
    if argument == "-":
        return True
    with suppress(OSError, ValueError):
        mode = Path(argument).stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)
    return False


def watched(work: Callable[[Watch], None], arguments: Sequence[str], *, closes: bool = False) -> int:
    """Run `work` in a child until it comes to its end; its exit code (what it raises as SystemExit).

    arguments: those of the command line; where one names what can be read only once, there is no new beginning.
    closes: all that `work` writes to but standard output and error is closed when it ends.
    """
    beat = memoryview(mmap.mmap(-1, 8 * SIZE)).cast("q")
    hung: Hung = frozenset()
    while True:
        watch = Watch(beat, hung, beat[WRITTEN])
        beat[STEPS] = beat[BUSY] = beat[PATIENCE] = 0
        with _Child(_leaving(work) if closes else work, watch) as child:
            while not child.ended(_LOOK_S):
                if child.hangs():
                    child.kill()
                    break
            else:
                return child.code
        found = (beat[SOURCE], beat[FRAME])
        where = f"a decoder never returned from frame {found[1]} of capture {found[0] + 1}"
        _show_cursor()
        if any(map(_once, arguments)):
            _say(f"{where}, and a stream cannot be read again: save it to a file and give that")
            return NOTHING_READABLE
        if found in hung or len(hung) >= MAX_HUNG:
            _say(f"{where}, the {len(hung) + 1}th of them: the run is given up; please report it")
            return NOTHING_READABLE
        hung |= {found}
        _say(f"{where}; the run begins anew and passes that conversation over")


def output(watch: Watch) -> io.BufferedWriter:
    """Standard output that leaves out what an earlier beginning has already put there."""
    return io.BufferedWriter(_Resumed(watch), 1 << 16)


class _Resumed(io.RawIOBase):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._beat = watch.beat
        self._left = watch.written

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, octets: Any) -> int:
        """See io.RawIOBase.write; the count that both sides share rises only by what the system has taken."""
        given = len(octets)
        if self._left >= given:
            self._left -= given
            return given
        taken = os.write(1, memoryview(octets)[self._left :])
        taken, self._left = taken + self._left, 0
        self._beat[WRITTEN] += taken
        return taken


class _Child:
    """The process that works. As a context: it is gone, and signals are as before, on the way out."""

    def __init__(self, work: Callable[[Watch], None], watch: Watch) -> None:
        self._beat = watch.beat
        self._seen = (-1, 0.0)
        self.code = 0
        self._ends, end_of_child = os.pipe()
        parent_lives, self._life = os.pipe()
        sys.stdout.flush()
        self._before = {number: signal.getsignal(number) for number in (*_FORWARDED, signal.SIGTSTP)}
        signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)  # none is lost between the fork and the handlers
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ends)
            os.close(self._life)
            _work(work, watch, parent_lives)
        os.close(end_of_child)
        os.close(parent_lives)
        for number in _FORWARDED:
            signal.signal(number, self._forward)
        signal.signal(signal.SIGTSTP, self._pause)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._ends)
        os.close(self._life)

    def _forward(self, number: int, _frame: Any) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _pause(self, _number: int, _frame: Any) -> None:
        """Ctrl-Z holds both; what comes after the second line happens when the shell lets the parent go on."""
        os.kill(self.pid, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(self.pid, signal.SIGCONT)

    def ended(self, seconds: float) -> bool:
        """Wait that long for its end; sets `code` when it came."""
        if not select.select([self._ends], [], [], seconds)[0]:
            return False
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self.code = code if code >= 0 else BY_SIGNAL - code
        if code < 0 and -code not in _FORWARDED:
            _say(f"the run was ended from outside ({signal.strsignal(-code) or -code})")
        return True

    def hangs(self) -> bool:
        """Whether its heartbeat has stood still inside a decoder for as much processor time as that may take."""
        steps, spent = self._beat[STEPS], _processor_s(self.pid)
        if steps != self._seen[0] or not self._beat[BUSY] or not self._beat[PATIENCE]:
            self._seen = (steps, spent)
        return spent - self._seen[1] >= self._beat[PATIENCE] / 1000 > 0

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _leaving(work: Callable[[Watch], None]) -> Callable[[Watch], None]:
    """The same, and the process ends with it: to free what is left thing by thing takes a fiftieth of a long run."""

    def leaving(watch: Watch) -> None:
        try:
            work(watch)
        except SystemExit as ended:
            if (
                type(ended.code) is not int or threading.active_count() > 2
            ):  # one waits for the parent's death
                raise
            _leave(ended.code)  # within: what the exception holds is left, too

    return leaving


def _leave(code: int) -> None:
    """End at once, unless what is still to be written cannot be: Python says that better."""
    atexit._run_exitfuncs()  # noqa: SLF001 (what else would be asked at an end)
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code & 0xFF)


def _work(work: Callable[[Watch], None], watch: Watch, parent_lives: int) -> NoReturn:
    """The child's whole life: it ends as any program does, by what it raises, and never returns to its caller.

    In a group of its own, so that a terminal's Ctrl-C comes once, from the parent. What it shares with the parent
    is not the collector's to look through: in a large program that takes as long as a decoder may.
    """
    os.setpgid(0, 0)
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    threading.Thread(target=_die_with_parent, args=(parent_lives,), daemon=True).start()
    work(watch)
    sys.exit(0)


def _die_with_parent(parent_lives: int) -> None:
    os.read(parent_lives, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def _processor_s(pid: int) -> float:
    """Processor time of a process; where the system does not tell, the clock on the wall."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def _show_cursor() -> None:
    if sys.stderr.isatty():
        _say("\x1b[?25h", before="")


def _say(sentence: str, before: str = "interlock: ") -> None:
    with suppress(OSError):
        os.write(2, f"{before}{sentence}\n".encode())
