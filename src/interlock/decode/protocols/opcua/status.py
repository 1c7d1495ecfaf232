"""StatusCodes by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["status_names"]


@cache
def status_names() -> dict[int, str]:
    """High half of a StatusCode → its name in the specification; the low half holds flags only.

    Source: OPC 10000-4, 7.39, and the parts that add to it.
    """
    text = (files(__package__) / "status_codes.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {int(number, 16): name for number, name in rows}
