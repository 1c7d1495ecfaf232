"""Captures: files, folders and standard input become batches of frames, with the health of each source.

What is offered here is imported when it is asked for: who only opens a ring needs none of it, and has no time to lose.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.capture.run import BATCH_FRAMES, BATCH_OCTETS, CaptureRun, open_sources
    from interlock.capture.specs import SourceSpec, specify
    from interlock.capture.statistics import Statistics

__all__ = [
    "BATCH_FRAMES",
    "BATCH_OCTETS",
    "CaptureRun",
    "SourceSpec",
    "Statistics",
    "open_sources",
    "specify",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    module = {"SourceSpec": "specs", "specify": "specs", "Statistics": "statistics"}.get(name, "run")
    return getattr(importlib.import_module(f"interlock.capture.{module}"), name)
