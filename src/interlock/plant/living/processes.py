"""A server in a process of its own, on its machine; it ends with the plant, whatever ends that."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.living.ground import Ground
    from interlock.plant.living.images import Image

__all__ = ["Child", "begin", "dies_with_parent"]

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A server's process. library: what serves there."""

    machine: str
    library: str
    pid: int
    image: Image
    serve: Callable[[], None]


def dies_with_parent(name: str) -> None:
    """The kernel kills this process when the one that made it ends; `name` is what `ps` says of it."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NAME, name.encode("ascii")[:15], 0, 0, 0)


def begin(
    ground: Ground, machine: str, library: str, image: Image, serve: Callable[[], None], kept: int
) -> Child:
    """Fork a server onto its machine. This process must have but one thread; it may have an event loop.

    kept: descriptor of the run's lock, by which everything that belongs to a run is found.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Child(machine=machine, library=library, pid=pid, image=image, serve=serve)
    try:
        dies_with_parent(f"ilp {machine}")
        if os.getppid() != parent:  # it ended between fork and prctl
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        logging.disable(logging.CRITICAL)  # libraries tell of every odd message: here those are the exercise
        ground.enter(machine)
        _close_all_but({0, 1, 2, kept, *image.descriptors})
        serve()
    except Exception:  # noqa: BLE001 (the process ends below; what ended it belongs into the plant's log)
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(1)


def _close_all_but(kept: set[int]) -> None:
    """What the plant has open is not the server's: a connection would stay open with it."""
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:  # noqa: PTH208 (names alone)
        if number not in kept:
            try:
                os.close(number)
            except OSError:
                continue  # the listing's own
