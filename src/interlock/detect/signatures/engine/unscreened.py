"""Payloads that nobody has screened, as rows of a batch: screened here, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.looked import Looked
from interlock.detect.signatures.engine.screen import Lot
from interlock.detect.signatures.engine.sides import side_between
from interlock.records.buffers import KINDS, PACKET, SEGMENT, STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.screen import Screen
    from interlock.detect.signatures.engine.sides import Side

__all__ = ["Unscreened"]

_MOST: Final = 1 << 16
"""Conversations that are told apart; where there are more, all are forgotten."""
_PIECE = 2
_BITS = {name: place + 1 for place, name in enumerate(KINDS)}
_ENDS = ("transport", "protocol", "client", "server", "direction")


class Unscreened:
    """Keys are given by the numbers of flows; a state is a number of all that a row says of its ends."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._flows: dict[int, int] = {}
        self._states: dict[tuple[Any, ...], int] = {}

    def follow(self, before: Unscreened) -> None:
        """Go on where one with other rules stood."""
        self._flows = before._flows
        self._screen.follow(before._screen)

    def look(
        self,
        batch: Batch,
        rows: NDArray[np.int64],
        numbers: Sequence[int],
        apart: Callable[[int], bool] = lambda _: False,
    ) -> Iterator[Looked]:
        """What may hit. numbers: of the screen's rules, as they are told. apart: flows that are no connections."""
        if len(self._flows) > _MOST or len(self._states) > _MOST:
            self._screen.forget(range(2 * len(self._flows)))
            self._flows, self._states = {}, {}
        which = pa.array(rows)
        said = {
            name: batch.column(name).take(which).to_pylist()
            for name in (*_ENDS, "client_port", "server_port", "offset", "buffer")
        }
        said["flow"] = batch.integers("flow")[rows].tolist()
        for k, flow in enumerate(said["flow"]):
            if apart(flow):
                said["buffer"][k], said["offset"][k] = SEGMENT, 0
        ends = list(zip(*(said[name] for name in (*_ENDS, "client_port", "server_port")), strict=True))
        octets = batch.column("octets").take(which).to_pylist()
        headers = (
            batch.column("headers").take(which).to_pylist() if batch.has("headers") else [None] * len(rows)
        )
        times = batch.times_ns()[rows].tolist()
        for one in self._screen.look(lot := self._lot(said, ends, octets, headers)):
            k = one.row
            sent = tuple(None if count < 0 else count for count in (one.sent, one.answered))
            yield Looked(
                int(rows[k]),
                [(numbers[rule], STREAM if level == _PIECE else PACKET) for rule, level in one.rules],
                lot.side(k),
                times[k],
                said["flow"][k],
                said["offset"][k],
                octets[k],
                headers[k] or b"",
                one.before,
                (sent[0], sent[1]) if said["direction"][k] == "to_server" else (sent[1], sent[0]),
            )

    def _lot(
        self,
        said: dict[str, list[Any]],
        ends: Sequence[tuple[Any, ...]],
        octets: Sequence[bytes],
        headers: Sequence[bytes | None],
    ) -> Lot:
        """Headers and payload of a row stand behind each other."""
        keys = [
            2 * self._flows.setdefault(flow, len(self._flows)) + (way == "to_server")
            for flow, way in zip(said["flow"], said["direction"], strict=True)
        ]
        before = [len(one or b"") for one in headers]
        lengths = [len(one) for one in octets]
        stops = np.cumsum([head + own for head, own in zip(before, lengths, strict=True)])
        begins = stops - np.array(lengths)
        there = np.array([one is not None for one in headers])
        whole = b"".join((head or b"") + own for head, own in zip(headers, octets, strict=True))

        def side(row: int) -> Side | None:
            return side_between(ends[row][:5], *ends[row][5:])

        return Lot(
            bits=np.array([_BITS[name] for name in said["buffer"]], np.uint8),
            keys=np.array(keys, np.int64),
            states=np.array([self._states.setdefault(one, len(self._states)) for one in ends], np.int64),
            offsets=np.array(said["offset"], np.int64),
            begins=begins.astype(np.int64),
            lengths=np.array(lengths, np.int32),
            octets=np.frombuffer(whole or b"\0", np.uint8),
            network=np.where(there, begins - np.array(before), -1).astype(np.int64) if there.any() else None,
            side=side,
        )
