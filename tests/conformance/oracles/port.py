"""What a family of protocols tells the harness, and the parts of the mapping that many share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST, Kind, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.walk import Ends, Packet

__all__ = ["SEGMENT_FIELDS", "Oracle", "answer", "originals", "request", "spoken"]

SEGMENT_FIELDS: Final = frozenset({"tcp.seq", "tcp.len"})
"""What `originals` needs an oracle to ask for."""

_WRAP: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """How to get the messages of a family of protocols from tshark.

    name: of the family. protocols: what the operations table calls them.
    layers: tshark's protocols; a capture without them is not walked. fields: what the mapping reads.
    messages: the mapping, from all packets of a capture in order.
    preferences: `-o` options. script: text of a Lua script that tshark runs beside its own dissectors.
    """

    name: str
    protocols: tuple[str, ...]
    layers: tuple[str, ...]
    fields: frozenset[str]
    messages: Callable[[Iterable[Packet]], Iterator[Message]]
    preferences: tuple[str, ...] = ()
    script: str = ""


def originals(packets: Iterable[Packet], *, trimmed: bool = True) -> Iterator[Packet]:
    """Leave out TCP segments all of whose octets earlier frames had, however often they were sent or captured.

    A stream has an octet once (RFC 9293, 3.4). What only follows them in another order is no copy.
    trimmed: tshark reads what is new in a segment, as it does while it follows sequence numbers; else it reads
    each from its first octet, and those whose first octet is not new are left out, too.
    """
    seen: dict[tuple[int, str, int], list[tuple[int, int]]] = {}
    for packet in packets:
        segment = next((layer for layer in packet.layers if "tcp.seq" in layer.values), None)
        if segment is not None:
            ends = packet.layers[-1].ends  # what a layer inside TCP knows of its ports and stream
            begin, length = segment.number("tcp.seq") or 0, segment.number("tcp.len") or 0
            parts = seen.setdefault((ends.stream, ends.source, ends.source_port), [])
            if not _first(parts, begin, length, trimmed=trimmed):
                continue
        yield packet


def _first(seen: list[tuple[int, int]], begin: int, length: int, *, trimmed: bool) -> bool:
    """Whether these octets, or the first of them, are not among those seen (ranges, apart); now they are."""
    if seen:  # numbers wrap: the one nearest to the last is meant
        begin = seen[-1][0] + (begin - seen[-1][0] + _WRAP // 2) % _WRAP - _WRAP // 2
    end = begin + length
    needed = end if trimmed else begin + 1
    new = not any(first <= begin and needed <= last for first, last in seen)
    touched = [part for part in seen if part[0] <= end and begin <= part[1]]
    seen[:] = [part for part in seen if part not in touched]
    seen.append((min([begin, *(p[0] for p in touched)]), max([end, *(p[1] for p in touched)])))
    return new


def request(frame: int, ends: Ends, protocol: str, function: object) -> Message:
    """Make the message of one who asks: the sender is the client."""
    return spoken(frame, ends, protocol, function, REQUEST)


def answer(frame: int, ends: Ends, protocol: str, function: object) -> Message:
    """Make the message of one who was asked: the sender is the server."""
    return spoken(frame, ends, protocol, function, ANSWER)


def spoken(
    frame: int,
    ends: Ends,
    protocol: str,
    function: object,
    sent: Kind,
    *,
    counted: Kind | None = None,
) -> Message:
    """Make the message of a sender in the role of a request's or an answer's.

    counted: what it counts as, where that differs: an unsolicited message of a server is a request by count.
    """
    client, server = ends.source, ends.destination
    if sent == ANSWER:
        client, server = server, client
    return Message(
        frame=frame,
        kind=counted or sent,
        client=client,
        server=server,
        protocol=protocol,
        function="-" if function is None else str(function),
    )
