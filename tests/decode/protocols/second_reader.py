"""tshark as a second, independent reader of octets that tests build from specifications.

Where it is not installed, what compares with it is skipped by name.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["tshark_fields", "tshark_objects", "tshark_values"]

_LIMIT_S = 60


def _program() -> str:
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed: nothing to compare with")
    return program


def tshark_fields(
    frames: Iterable[bytes], fields: Sequence[str], folder: Path, *options: str
) -> list[dict[str, str]]:
    """What tshark reads in Ethernet frames: a row per frame, field → text, several values joined by `;`."""
    program, capture = _program(), _written(frames, folder)
    chosen = [part for field in fields for part in ("-e", field)]
    command = [program, "-n", "-r", str(capture), *options, "-T", "fields", "-E", "aggregator=;", *chosen]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIMIT_S)
    rows = (line.split("\t") for line in said.stdout.splitlines())
    return [dict(zip(fields, row, strict=False)) for row in rows]


def _written(frames: Iterable[bytes], folder: Path) -> Path:
    capture = folder / "built.pcap"
    records = [struct.pack("<IIII", 1_700_000_000 + n, 0, len(f), len(f)) + f for n, f in enumerate(frames)]
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(records))
    return capture


def tshark_objects(frames: Iterable[bytes], protocol: str, folder: Path) -> dict[str, bytes]:
    """Files that tshark puts together (`--export-objects`), by the names that it gives them."""
    program, capture, out = _program(), _written(frames, folder), folder / "objects"
    command = [program, "-n", "-r", str(capture), "-q", "--export-objects", f"{protocol},{out}"]
    subprocess.run(command, capture_output=True, check=True, timeout=_LIMIT_S)
    return {path.name: path.read_bytes() for path in out.iterdir()}


def tshark_values(field: str) -> dict[int, str]:
    """Numbers and names that tshark knows for a field."""
    said = subprocess.run(
        [_program(), "-G", "values"], capture_output=True, text=True, check=True, timeout=_LIMIT_S
    )
    rows = (line.split("\t") for line in said.stdout.splitlines() if line.startswith(f"V\t{field}\t"))
    return {int(row[2], 0): row[3] for row in rows}
