"""What conversations hold, by our own decoder: buffers and headers that rules may ask for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.signatures.language.buffers import BUFFERS
from interlock.pipeline.decode_run import decoded
from interlock.records.buffers import BUFFERS as KNOWN
from interlock.records.buffers import (
    CHUNKED,
    EMPTY,
    FIRST,
    HEADERS,
    JOINED,
    OTHER,
    PACKET,
    RARE,
    SEGMENT,
    STREAM,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Side", "sides"]

_RAW: Final = frozenset({PACKET, STREAM, SEGMENT})
_COLUMNS: Final = [
    "source", "frame", "flow", "client", "server", "client_port", "server_port", "transport", "protocol", "direction",
    "transaction", "buffer", "octets", "headers",
]  # fmt: skip
_MOST: Final = 400
"""Octets of a buffer that rules are drawn from."""


class Side(NamedTuple):
    """What is looked at together: a packet, a piece of a stream, or what a message has. buffers: by name.

    transport: as rules say it. ports: of who sends, of whom it is for; -1 where there are none. headers: from IP's on.
    """

    transport: str
    application: str
    to_server: bool
    addresses: tuple[str, str]
    ports: tuple[int, int]
    buffers: dict[str, tuple[bytes, ...]]
    headers: bytes


def sides(paths: Iterable[Path]) -> list[Side]:
    """Of all captures, in their order."""
    wanted = frozenset({one.name for one in BUFFERS} & set(KNOWN)) | {
        PACKET,
        STREAM,
        HEADERS,
        RARE,
        EMPTY,
        OTHER,
        CHUNKED,
    }
    found: dict[tuple[object, ...], Side] = {}
    with open_sources(specify(tuple(map(str, paths)), ()), stdin=None) as run:
        engine = build_engine(run.sources, wanted=frozenset({"payloads", "flows"}), buffers=wanted)
        for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
            rows = batches["payloads"].select(_COLUMNS).to_pylist() if "payloads" in batches else ()
            for number, row in enumerate(rows):
                if row["buffer"] not in {JOINED, FIRST}:
                    _add(found, row, number)
    return list(found.values())


def _add(found: dict[tuple[object, ...], Side], row: dict[str, object], number: int) -> None:
    raw = row["buffer"] in _RAW
    asks = row["direction"] == "to_server"
    ends = [(str(row["client"]), row["client_port"]), (str(row["server"]), row["server_port"])]
    (source, source_port), (target, target_port) = ends if asks else reversed(ends)
    key = (
        row["source"],
        row["flow"],
        row["direction"],
        (row["frame"], row["buffer"], number) if raw else row["transaction"],
    )
    buffers: dict[str, tuple[bytes, ...]] = defaultdict(tuple)
    ports = tuple(-1 if port is None else int(str(port)) for port in (source_port, target_port))
    side = found.setdefault(
        key,
        Side(
            str(row["transport"]),
            str(row["protocol"] or ""),
            asks,
            (source, target),
            (ports[0], ports[1]),
            buffers,
            _octets(row.get("headers")),
        ),
    )
    name = "payload" if raw else str(row["buffer"])
    side.buffers[name] = (*side.buffers[name], _octets(row["octets"])[:_MOST])


def _octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
