"""What a real engine shows of conversations at port 80: rows of payloads, and oddities."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from decode.feed import tcp
from interlock.records.buffers import BUFFERS

HTTP = frozenset(name for name in BUFFERS if name.startswith(("http.", "file.")))


def buffers(segments: list[tuple[int, bytes]], **more: Any) -> dict[tuple[str, int, str], list[bytes]]:
    """(direction, transaction, buffer) → octets of its rows."""
    found: dict[tuple[str, int, str], list[bytes]] = defaultdict(list)
    for row in tcp(segments, port=80, buffers=HTTP, **more)["payloads"]:
        found[row["direction"], row["transaction"], row["buffer"]].append(row["octets"])
    return dict(found)


def oddities(segments: list[tuple[int, bytes]]) -> set[str]:
    return {row["oddity"] for row in tcp(segments, port=80, buffers=HTTP)["oddities"]}
