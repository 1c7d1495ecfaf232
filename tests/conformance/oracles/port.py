"""What a family of protocols tells the harness, and the parts of the mapping that many share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.message import ANSWER, REQUEST, Kind, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.walk import Ends, Packet

__all__ = ["Oracle", "answer", "request", "spoken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """How to get the messages of a family of protocols from tshark.

    name: of the family. protocols: what the operations table calls them.
    layers: tshark's protocols; a capture without them is not walked. fields: what the mapping reads.
    messages: the mapping, from all packets of a capture in order.
    """

    name: str
    protocols: tuple[str, ...]
    layers: tuple[str, ...]
    fields: frozenset[str]
    messages: Callable[[Iterable[Packet]], Iterator[Message]]
    preferences: tuple[str, ...] = ()


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
