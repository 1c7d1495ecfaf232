"""What object headers and points are called in `operations.object` and `values.object`."""

from __future__ import annotations

from interlock.decode.protocols.dnp3.library import AUTHENTICATION, HEADERS, POINTS

__all__ = ["header_name", "point_name"]


def header_name(group: int, variation: int, start: int) -> str:
    """Name of what a header is about; start: the first index, -1 where it names no range."""
    name = HEADERS.get(group, f"g{group}")
    if group == 60 and 1 <= variation <= 4:
        return f"class:{variation - 1}"
    if group == 0:
        return f"device-attribute:{max(start, 0)}/{variation}"
    if group == 120 and 0 < variation < len(AUTHENTICATION):
        return f"authentication:{AUTHENTICATION[variation]}"
    return name if start < 0 else f"{name}:{start}"


def point_name(group: int, index: int) -> str:
    """Name of one point; events name the point that they are of."""
    return f"{POINTS.get(group, f'g{group}')}:{index}"
