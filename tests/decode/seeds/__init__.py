"""Conversations to begin from: valid messages of each protocol, built from its specification.

`seeds/NAME.py` (NAME: the protocol's folder) has `SEEDS`, a tuple of `Seed`. The contract suite cuts, reorders, loses,
repeats and mutates them; guided fuzzing starts from them. A protocol outside the package keeps its `seeds.py` beside
its `decoder.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Message", "Seed"]

Message = tuple[int, bytes]
"""Side (0: who asks, 1: who is asked) and the octets of one whole message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One conversation, message by message, as it goes between two ends.

    transport: `tcp`, `udp` or `eth`. port: of the server; for `eth` the ethertype, 0 for an IEEE 802.3 length field.
    client_port: of the client (tcp, udp). group: MAC that the client's link frames go to, if not the server's.
    no_join: why later messages cannot be read without the first ones; empty where they can.
    counted: the protocol has no transaction numbers, and its decoder counts requests as seen.
    IP addresses within the octets must not be those of the ends (10.0.0.1 and .2), which the suite swaps; the ends'
    MACs (02:00:00:00:00:01 and :02) it swaps within the octets, too.
    """

    name: str
    transport: str
    port: int
    messages: tuple[Message, ...]
    client_port: int = 50000
    group: bytes | None = None
    no_join: str = ""
    counted: bool = False
