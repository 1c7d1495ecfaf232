"""What a family of protocols tells the harness, and the parts of the mapping that many share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST, Kind, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.walk import Ends, Packet

__all__ = ["SEGMENT_FIELDS", "Oracle", "answer", "originals", "request", "spoken"]

SEGMENT_FIELDS: Final = frozenset({"ip.id", "tcp.seq_raw", "tcp.checksum"})
"""What `originals` needs an oracle to ask for."""


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


def originals(packets: Iterable[Packet]) -> Iterator[Packet]:
    """Leave out frames that are copies: a TCP stream has their octets once, however often they were captured.

    A copy has addresses, ports, IP identification, sequence number and checksum of an earlier frame; the
    checksum covers the octets. What a sender sent again has an identification of its own and is no copy.
    """
    seen: set[tuple[object, ...]] = set()
    for packet in packets:
        said = {
            name: layer.text(name) for layer in packet.layers for name in SEGMENT_FIELDS & set(layer.values)
        }
        if "tcp.seq_raw" in said:
            ends = packet.layers[-1].ends
            copy = (
                ends.source,
                ends.destination,
                ends.source_port,
                ends.destination_port,
                *sorted(said.items()),
            )
            if copy in seen:
                continue
            seen.add(copy)
        yield packet


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
