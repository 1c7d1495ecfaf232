"""Whether a finding that is told again says anything new."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from interlock.pipeline.sensor.watching import DETECTOR

if TYPE_CHECKING:
    from interlock.records.finding import Finding

__all__ = ["grew", "undated"]


def grew(known: Finding | None, finding: Finding) -> bool:
    """Whether it says the same of the same machines as before, but for how often and until when."""
    return known is not None and (known.severity, known.title, known.machines) == (
        finding.severity,
        finding.title,
        finding.machines,
    )


def undated(finding: Finding) -> Finding:
    """What a person would read anew.

    Not in which assets its machines are known by now, nor that the sensor's own condition is still so.
    """
    if finding.detector != DETECTOR:
        return dataclasses.replace(finding, assets=())
    return dataclasses.replace(finding, last=0, evidence=(), explanation="")
