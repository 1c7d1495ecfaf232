"""Starting a plant in the background, and ending one: whatever state an earlier run left behind."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError, InterlockError, SourceError
from interlock.plant.living import namespaces

if TYPE_CHECKING:
    from interlock.plant.living.state import Files

__all__ = ["end", "missing_libraries", "prepare", "start"]

_LIBRARIES: Final = {
    "pymodbus": "pymodbus", "snap7": "python-snap7", "asyncua": "asyncua", "bacpypes3": "bacpypes3",
}  # fmt: skip
"""Module → package of the extra `plant`."""

_START_S: Final = 180.0


def missing_libraries() -> list[str]:
    """Packages of the extra `plant` that are not installed."""
    return [package for module, package in _LIBRARIES.items() if find_spec(module) is None]


def prepare(files: Files) -> None:
    """See that a plant can start, and clear what a dead run left. Raises ConfigError where it cannot."""
    missing = missing_libraries()
    if missing:
        raise ConfigError(
            f"the plant's servers are not all installed; `pip install {' '.join(missing)}` brings what is missing"
        )
    os.close(files.take())  # raises where a plant is up
    end(files)


def start(files: Files, seed: int, *, loopback: bool) -> None:
    """Start a plant in the background and wait until it serves. Raises SourceError where it does not come up."""
    hear, say = os.pipe()
    try:
        log = os.open(_log(files), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        ground = "loopback" if loopback else "namespaces"
        try:
            child = subprocess.Popen(  # noqa: S603 (this interpreter, this package)
                [sys.executable, "-P", "-m", "interlock.plant.living", str(files.folder.parent), str(seed), ground,
                 str(say)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(say,), start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(log)
            os.close(say)
        said = _heard(hear)
    finally:
        os.close(hear)
    if said != "ready":
        child.kill()
        child.wait()
        end(files)
        raise SourceError(said or "the plant did not come up, and did not say why")
    child.returncode = 0  # it lives on; nobody waits for it here


def _log(files: Files) -> str:
    files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(files.log)


def _heard(hear: int) -> str:
    """The plant's first line, or nothing where it ends or takes too long."""
    if not select.select([hear], [], [], _START_S)[0]:
        return f"the plant did not come up within {_START_S:.0f} s"
    return os.read(hear, 4096).decode("utf-8", "replace").strip()


def end(files: Files) -> bool:
    """End a plant, in whatever state it is, and leave nothing of it behind; gives whether there was anything.

    Raises SourceError where something cannot be removed.
    """
    held = files.holders()
    known = files.folder.exists()
    run = ""
    try:
        read = files.read()
        run = read.run if read and read.ground == "namespaces" else ""
    except InterlockError:
        pass  # a file that is none of ours: who holds the lock and who stands in namespaces is found without it
    files.end()
    if run and namespaces.may_have_namespaces():
        namespaces.clear(run)
    files.clear()
    return bool(namespaces.clear_dead()) or bool(held) or known
