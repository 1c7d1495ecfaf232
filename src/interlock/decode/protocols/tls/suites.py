"""Cipher suites by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["suite_name"]


@cache
def _names() -> dict[int, str]:
    text = (files(__package__) / "suites.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {int(number, 16): name for number, name in rows}


def suite_name(number: int) -> str:
    """The registry's name, or `0xabcd` for a number that it does not have."""
    return _names().get(number, f"0x{number:04x}")
