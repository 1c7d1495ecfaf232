"""What a protocol says of itself: names, ports, how it is cut and how it is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from interlock.records.schema import Table

__all__ = ["NEED_MORE", "Hint", "ProtocolSpec"]

NEED_MORE = -1
"""What a probe answers where too few octets are here to tell."""


class Hint(NamedTuple):
    """What is known besides the octets when a flow's first payload is looked at.

    transport: `tcp`, `udp`, `eth` or `ip`. source_port, target_port: of this packet (0 for eth, ip).
    ethertype: link type number for `eth`. from_client: whether the sender opened it, None if unseen.
    target_mac: 48-bit number, 0 where there is none.
    said: how the other end's first datagram began (32 octets at most), where nobody knew it; empty for streams, whose
    segments may be cut anywhere.
    """

    transport: str
    source_port: int
    target_port: int
    ethertype: int
    from_client: bool | None
    target_mac: int
    said: bytes = b""


Probe = Callable[[bytes, Hint], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolSpec:
    """One protocol (or a family that shares a transport, like what rides on TPKT).

    name: as in `operations.protocol`; names: every name its decoder may give (the first is `name`).
    tcp, udp, ethertypes: registered ports and link types, as hints only.
    probe(octets, hint) → 0..100 how surely the first octets of a payload are this protocol
    (60 and more is taken), or NEED_MORE. It sees at most 512 octets.
    decoder(spec, tools) → Decoder. framer() → Framer for streams; None: datagrams only.
    details: the protocol's own tables, if any. control: an industrial control protocol.
    headless: whether its streams go on with octets that show no message's beginning (ciphered, raw, tunnelled):
    what its probe refuses in the middle of a stream says nothing then.
    authenticated: whether the protocol, as decoded, authenticates who asks.
    announces: names among `names` of connections that its decoder announces (tools.announced): their streams are handed
    over as they come, segment by segment.
    rides_on: name of the SPEC whose decoder hands over complete user data (COTP's for MMS): its probe is never
    asked, ports and framer are those of the carrier; its decoder has `begins(octets)` and
    `receive(m, i, out, slot, state)`.
    """

    name: str
    names: tuple[str, ...]
    probe: Probe
    decoder: Callable[[Any, Any], Any]
    tcp: frozenset[int] = frozenset()
    udp: frozenset[int] = frozenset()
    ethertypes: frozenset[int] = frozenset()
    framer: Callable[[], Any] | None = None
    details: tuple[Table, ...] = ()
    control: bool = False
    timeout_ns: int = 10_000_000_000
    aliases: tuple[str, ...] = field(default=())
    rides_on: str = ""
    headless: bool = False
    announces: frozenset[str] = frozenset()

    @property
    def streams(self) -> bool:
        """Whether it is spoken over TCP."""
        return self.framer is not None

    @property
    def waiting(self) -> bool:
        """Whether its code is still to be imported: never, as this is it (see waiting.Waiting)."""
        return False
