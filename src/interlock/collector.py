"""The collector of cycles, kept out where what is made stays: a start, rules, a directory of machines, a report.

Of a start it would look through a hundred thousand classes and functions, of the others through hundreds of thousands
of things that they hold, and find nothing.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["collected", "uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without it; as it was afterwards."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


@contextmanager
def collected() -> Iterator[None]:
    """Within `uncollected`, with it again, for work of any length; what is there by now it passes over."""
    if gc.isenabled():
        yield
        return
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.disable()
