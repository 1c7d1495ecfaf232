"""What rules are held against: one packet, one stretch of a stream, or one side of a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """level: `packet`, `stream` or `transaction`. time: ns. flow: of the conversation.

    transport: IP's protocol number. application: what the conversation speaks, or nothing.
    source, target: addresses as numbers (IPv6 from 2 to the power of 32 on); ports are None where there are none.
    to_server: None where it is not known. established: TCP's handshake was seen, or traffic both ways.
    unheard: it comes before it is known what the conversation speaks.
    apart: a segment of TCP that belongs to no connection (midstream.py). loose: one that is in no stream, looked at as
    if it were one.
    buffers: name → its instances; `packet` or `stream` holds the payload. fields: header word → number, with `flags`,
    `fragbits` and `ipopts` as bits. facts: what a decoder read. stream_offset: octets of the stream before the payload.
    client_octets, server_octets: sent by each so far.
    """

    level: str = "packet"
    time: int = 0
    flow: int = 0
    transport: int = 6
    application: str = ""
    source: int = 0
    source_port: int | None = None
    target: int = 0
    target_port: int | None = None
    to_server: bool | None = None
    established: bool = False
    unheard: bool = False
    apart: bool = False
    loose: bool = False
    fragment: bool = False
    buffers: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    stream_offset: int = 0
    client_octets: int = 0
    server_octets: int = 0
