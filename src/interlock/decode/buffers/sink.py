"""Where readers of buffers put what they cut out, and say what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from interlock.records.buffers import CHUNKED, SEALED

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_ROWS", "Moment", "Reader", "Row", "Sink"]

MOST_ROWS: Final = 1 << 19
"""Rows that one batch of frames may make out of messages; what is more is counted and left out."""


class Moment(NamedTuple):
    """When octets came: slot of their flow, frame, time (UTC ns) and source."""

    slot: int
    source: int
    time: int
    frame: int


Row = tuple[Moment, int, int, str, bytes]
"""Moment, side that sent it, transaction from 1 within the flow, buffer, octets."""


class Reader(Protocol):
    """Reads one flow of one protocol. Its state is bounded; it may raise: then the flow is read no further."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """Take the next octets of a side. lost: some before them were not seen. Whether there may be more to read."""
        ...

    def end(self) -> None:
        """The flow is over."""
        ...


class Sink:
    """asked: buffers that somebody wants. moment: of the octets that are read now. left_out: rows that did not fit.

    sealed: slots of flows whose ends encipher what they say, from the octets on that were read last.
    ended: sides of the flow that is read of which a message ended with these octets.
    """

    def __init__(self, asked: frozenset[str], facts: Any, flows: Any) -> None:
        self.asked = asked
        self._flows = flows
        self.moment = Moment(0, 0, 0, 0)
        self.rows: list[Row] = []
        self.left_out = 0
        self.sealed: list[int] = []
        self.ended: list[int] = []
        self._facts = facts

    @property
    def client(self) -> int:
        """The side that asks in the flow that is read, as far as it is known now."""
        return int(self._flows.columns["client_side"][self.moment.slot])

    def serves(self, side: int) -> bool:
        """Whether a side of that flow is its server."""
        return side != self.client

    @property
    def opened(self) -> bool:
        """Whether the TCP connection that is read was seen to open: its SYN and the SYN/ACK after it, or that first."""
        opening = int(self._flows.columns["opening"][self.moment.slot])
        return opening & 3 == 3 or bool(opening & 8)

    def address(self, side: int) -> str:
        """The address of a side of that flow, as text."""
        code = self._flows.columns["address"].reshape(-1)[2 * self.moment.slot + side]
        return str(self._flows.addresses.texts[code])

    def put(self, side: int, transaction: int, buffer: str, octets: bytes) -> None:
        """A buffer that is complete now; nothing where nobody asks for it."""
        if buffer in self.asked:
            self.put_all([(self.moment, side, transaction, buffer, octets)])

    def put_all(self, rows: Iterable[Row]) -> None:
        """Buffers that were complete at moments of their own."""
        self.rows.extend(rows)
        if len(self.rows) > MOST_ROWS:
            self.left_out += len(self.rows) - MOST_ROWS
            del self.rows[MOST_ROWS:]

    def seal(self) -> None:
        """What comes next in the flow that is read is enciphered, both ways."""
        if SEALED in self.asked:
            self.sealed.append(self.moment.slot)

    def end(self, side: int) -> None:
        """A message of a side ends with the octets that are read now: so does what Suricata inspects of its stream."""
        if CHUNKED in self.asked:
            self.ended.append(side)

    def fault(self, protocol: str, oddity: str, octets: bytes = b"") -> None:
        """Say what is wrong with the octets that are read now."""
        at = self.moment
        self._facts.oddity_at(at.source, at.time, at.frame, at.slot, protocol, oddity, 0, octets[:32])

    def take(self) -> list[Row]:
        """What was put, and begin anew."""
        rows, self.rows = self.rows, []
        return rows
