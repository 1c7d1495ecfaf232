"""Words that detectors' sentences share."""

from __future__ import annotations

from interlock.records.counting import counted

__all__ = ["counted"]
