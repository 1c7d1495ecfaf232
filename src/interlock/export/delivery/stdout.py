"""Findings and incidents on standard output, for whoever runs the sensor in a pipe or reads the journal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from interlock.errors import DeliveryError
from interlock.export.finding_message import json_line, text_line
from interlock.export.incident_message import incident_json, incident_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.export.finding_message import Committed
    from interlock.export.incident_message import Reported
    from interlock.records.config import LineFormat, StdoutConfig

__all__ = ["StdoutOutlet", "incident_lines", "lines_of", "open_configured"]


def lines_of(findings: Sequence[Committed], form: LineFormat, sensor: str) -> bytes:
    """One line each, with their ends."""
    lines = (json_line(one, sensor) if form == "jsonl" else text_line(one) for one in findings)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def incident_lines(incidents: Sequence[Reported], form: LineFormat, sensor: str) -> bytes:
    """One line each, with their ends."""
    lines = (incident_json(one, sensor) if form == "jsonl" else incident_line(one) for one in incidents)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


class StdoutOutlet:
    """An outlet (export.delivery.outlet.Outlet)."""

    def __init__(self, config: StdoutConfig, sensor: str, stream: BinaryIO) -> None:
        self.name = config.name
        self._form = config.format
        self._sensor = sensor
        self._stream = stream

    def deliver(self, findings: Sequence[Committed]) -> None:
        """See Outlet.deliver; they have arrived when the system has taken them."""
        self._write(lines_of(findings, self._form, self._sensor))

    def report(self, incidents: Sequence[Reported]) -> None:
        """See Reporting.report."""
        self._write(incident_lines(incidents, self._form, self._sensor))

    def _write(self, octets: bytes) -> None:
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(self._stream.fileno(), left) :]
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "closed").lower()
            raise DeliveryError(f"standard output: cannot be written ({reason})") from error

    def close(self) -> None:
        """See Outlet.close; standard output belongs to the process."""


def open_configured(config: StdoutConfig, sensor: str) -> StdoutOutlet:
    """See outlet.open_outlet."""
    return StdoutOutlet(config, sensor, sys.stdout.buffer)
