"""Captures: files, folders and standard input become batches of frames, with the health of each source."""

from __future__ import annotations

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
