"""The files by which a run of the living plant is found again, and what of it is still alive.

    STATE/plant/            there while a plant is up, and no longer
        run.json            which run this is: process (with its start time), ground, mirror
        lock                held open and locked by every process of the run: who holds it belongs to it
        control.sock        where the plant is asked and told
        log                 what went wrong
        keys/               certificates, keys and passwords of this run, see keyring.py and passwords.py
    STATE/plant-truth.jsonl the attacks that were played, one line each; stays

Nothing in these files says where an attack goes: a forged one can point at nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from interlock.errors import ConfigError

__all__ = ["SCHEMA", "Files", "Run", "start_of"]

SCHEMA: Final = "interlock/plant-run/1"
_RUN: Final = re.compile(r"[0-9a-f]{6}")
_MIRROR: Final = re.compile(r"|ilp-mirror|ilp-m-[0-9a-f]{6}")
_PATIENCE_S: Final = 8.0
_NAMES: Final = ("control.sock", "log", "run.json", "run.json.part", "lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the plant. started: the process's start, in the kernel's ticks since boot; boot: of which boot."""

    run: str
    pid: int
    started: int
    boot: str
    ground: str
    seed: int
    mirror: str
    begun: str

    def alive(self) -> bool:
        """Whether the process is still the one that was meant: numbers are used again, start times are not."""
        return self.boot == boot() and start_of(self.pid) == self.started


def boot() -> str:
    """Which boot of the machine this is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def start_of(pid: int) -> int | None:
    """When a process started, in ticks since boot; None where there is none, or it has ended and waits to be buried."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


class Files:
    """The plant's files below a state folder."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "plant"
        self.truth = state / "plant-truth.jsonl"
        self.lock = self.folder / "lock"
        self.log = self.folder / "log"
        self.keys = self.folder / "keys"

    def take(self) -> int:
        """Make the folder and take the lock; gives its descriptor. Raises ConfigError where a plant is up."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._mine(self.folder)
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise ConfigError(
                "a plant is up already; `interlock plant status` shows it, `interlock plant down` ends it"
            ) from error
        return handle

    def write(self, run: Run) -> None:
        """Say which run this is."""
        part = self.folder / "run.json.part"
        part.write_text(json.dumps({"schema": SCHEMA, **asdict(run)}, indent=1) + "\n", "utf-8")
        part.chmod(0o600)
        part.replace(self.folder / "run.json")

    def read(self) -> Run | None:
        """The run; None where there is none. Raises ConfigError where the file cannot be one of ours."""
        path = self.folder / "run.json"
        try:
            self._mine(self.folder)
            self._mine(path)
            told = json.loads(path.read_bytes()[:65536])
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: cannot be read; `interlock plant down` clears it") from error
        return _checked(told, path)

    def _mine(self, path: Path) -> None:
        found = path.lstat()
        if found.st_uid != os.geteuid() or stat.S_ISLNK(found.st_mode) or found.st_mode & 0o022:
            raise ConfigError(
                f"{path}: belongs to somebody else, or others may write it; name another state folder"
            )

    def holders(self) -> list[int]:
        """Processes that hold the lock file open: those of the run, found without believing any file."""
        mine = self._which()
        return _holders(mine) if mine else []

    def _which(self) -> tuple[int, int] | None:
        """Which file the lock is; None where there is none."""
        try:
            found = self.lock.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def end(self) -> list[int]:
        """End every process of the run: asked first, killed after some seconds. Gives those that had to be killed."""
        mine = self._which()  # the plant removes the file itself, and is not gone by then
        if mine is None:
            return []
        _signal(mine, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_S
        while _holders(mine) and time.monotonic() < deadline:
            time.sleep(0.05)
        killed = _signal(mine, signal.SIGKILL)
        while _holders(mine) and time.monotonic() < deadline + _PATIENCE_S:
            time.sleep(0.02)
        return killed

    def kill_others(self) -> None:
        """The plant's own process, at its end: whoever else holds the lock is a server of it."""
        mine = self._which()
        end = time.monotonic() + _PATIENCE_S
        while mine and _signal(mine, signal.SIGKILL) and time.monotonic() < end:
            _bury_all()
            time.sleep(0.01)

    def _made(self) -> list[Path]:
        """Certificates, keys, passwords."""
        if self.keys.is_symlink() or not self.keys.is_dir():
            return []
        return [path for path in self.keys.iterdir() if path.suffix in (".key", ".der", ".pem", ".json")]

    def clear(self) -> None:
        """Remove everything but the truth."""
        for name in _NAMES:
            (self.folder / name).unlink(missing_ok=True)
        for path in self._made():
            path.unlink(missing_ok=True)
        try:
            if self.keys.is_dir() and not self.keys.is_symlink():
                self.keys.rmdir()
            self.folder.rmdir()
        except OSError:
            return  # never made, or something in it is not ours


def _bury_all() -> None:
    """Children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def _signal(file: tuple[int, int], number: int) -> list[int]:
    found = _holders(file)
    for pid in found:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # ended by itself
    return found


def _holders(file: tuple[int, int]) -> list[int]:
    """Other processes that hold a file (device and inode) open."""
    processes = (path for path in Path("/proc").glob("[0-9]*") if int(path.name) != os.getpid())
    return [int(path.name) for path in processes if _holds(path / "fd", file)]


def _holds(folder: Path, file: tuple[int, int]) -> bool:
    try:
        for each in folder.iterdir():
            try:
                found = each.stat()
            except OSError:
                continue
            if (found.st_dev, found.st_ino) == file:
                return True
    except OSError:
        return False
    return False


def _checked(told: Any, path: Path) -> Run:
    wrong = ConfigError(f"{path}: is not what `plant up` writes; `interlock plant down` clears it")
    if not isinstance(told, dict) or told.pop("schema", None) != SCHEMA:
        raise wrong
    kinds = {
        "run": str,
        "pid": int,
        "started": int,
        "boot": str,
        "ground": str,
        "seed": int,
        "mirror": str,
        "begun": str,
    }
    if set(told) != set(kinds) or any(type(told[k]) is not kind for k, kind in kinds.items()):
        raise wrong
    if not _RUN.fullmatch(told["run"]) or not _MIRROR.fullmatch(told["mirror"]):
        raise wrong
    if told["ground"] not in ("namespaces", "loopback"):
        raise wrong
    return Run(**told)
