"""Which protocol a flow speaks: by what its first payloads say, ports only as a hint."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from interlock.decode.addresses import mac_text
from interlock.decode.heartbeat import STEPS
from interlock.decode.spec import NEED_MORE, Hint, ProtocolSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ACCEPTED", "Recogniser"]

ACCEPTED = 60
"""Confidence (0 to 100) from which a probe's answer is taken; with the registered port, HINTED is enough."""
HINTED = 30
SURE = 80
"""From here on a probe is believed against another protocol whose registered port the flow uses."""
MARGIN = 15
"""How much surer another probe must be than the one that a port hints at."""
LOOKED_AT = 512
KEPT_OCTETS, KEPT_SAYINGS = 32, 65536
MAX_DOUBTS = 8

PORT, HEURISTIC, PARSED = 1, 2, 3

_CARRIED_BY = {"iso-tsap": "cotp", "nbss": "smb", "nbdgm": "smb"}
"""Ports' names of carriers → the decoder that cuts them."""

_TCP = 6
_KINDS = {_TCP: "tcp", 17: "udp"}

INITIAL_TTLS = (30, 32, 60, 64, 100, 128, 150, 200, 255)
"""What senders begin with; controllers' own stacks use 30, 60, 100, 150 and 200 beside the desktop's values."""


_FAMILIES = (None, None, None, None, "ipv4", None, "ipv6")
"""By Packet.family."""

_DIRECTING = {
    (1, 5): ("icmp", "redirect"),  # RFC 792
    (1, 9): ("icmp", "router-advertisement"),  # RFC 1256
    (58, 134): ("icmp6", "router-advertisement"),  # RFC 4861, 4.2
    (58, 137): ("icmp6", "redirect"),  # RFC 4861, 4.5
}
"""IP protocol and ICMP type → by which others learn which way to send."""


@cache
def _ttl_text(ttl: int) -> str:
    """1 to 255 → what the sender began with, and how many routers took one off."""
    initial = next(t for t in INITIAL_TTLS if ttl <= t)
    return f"{initial}-{initial - ttl}"


class Recogniser:
    """Asks the protocols' probes about first payloads, the ones that the ports hint at first."""

    def __init__(
        self, specs: Sequence[ProtocolSpec], codes: dict[str, int], facts: Any, beat: memoryview
    ) -> None:
        """codes: protocol name → code, as in Flows.protocol. beat: a row of heartbeat.py."""
        self._names = {codes[name]: spec.rides_on or spec.name for spec in specs for name in spec.names}
        specs = self._specs = tuple(spec for spec in specs if not spec.rides_on)
        self._codes = codes
        self._facts = facts
        self._by_port: dict[tuple[str, int], tuple[ProtocolSpec, ...]] = {}
        self._by_ethertype: dict[int, tuple[ProtocolSpec, ...]] = {}
        self._doubts: dict[int, int] = {}
        self._said: dict[tuple[int, int], bytes] = {}
        self._beat = beat
        self.equip: Callable[[ProtocolSpec], None] = lambda _spec: None
        """Called with who was recognised for the first time, before its first octets go further."""
        self.announced: Any = None
        """Tools.announced, once there are tools."""
        self.settle: Callable[..., None] = lambda _place=-1: None
        """Decodes every message that waits, or those of one place: what decoding tells must not hang on where batches
        end."""
        self._equipped: set[str] = set()
        self._failed: list[tuple[str, str]] = []
        for spec in specs:
            for key in (*(("tcp", port) for port in spec.tcp), *(("udp", port) for port in spec.udp)):
                self._by_port[key] = (*self._by_port.get(key, ()), spec)
            for ethertype in spec.ethertypes:
                self._by_ethertype[ethertype] = (*self._by_ethertype.get(ethertype, ()), spec)
        self._probed = {
            (name, kind)
            for spec in specs
            for kind, ports in (("tcp", spec.tcp), ("udp", spec.udp))
            for name in (spec.names if ports else ())
        }
        self._by_name = {name: spec for spec in specs for name in spec.names}
        self._streams = tuple(s for s in specs if s.streams)
        self._datagrams = tuple(s for s in specs if s.udp)
        self._beside: dict[tuple[str, ...], tuple[ProtocolSpec, ...]] = {}

    def refuted(self, name: str, transport: int, *, midstream: bool = False) -> bool:
        """Whether a port's name is that of a decoder, whose probe would have known a payload of it.

        midstream: the conversation began before the capture. Who speaks after the other begins a message, in all but
        protocols whose streams are headless.
        """
        kind, name = _KINDS.get(transport), _CARRIED_BY.get(name, name)
        known = kind is not None and (name, kind) in self._probed
        return known and not (midstream and self._by_name[name].headless)

    def name_of(self, code: int) -> str:
        """Name of what shares a code's transport: as of all that a stream's octets tell before they are decoded."""
        return self._names[code]

    def identify(
        self, packet: Any, flows: Any, slot: int, side: int, array: Any, start: int, end: int
    ) -> int:
        """Name the flow of a first payload; its protocol code, -1 unknown, -2 more octets needed."""
        if self.announced is not None and self.announced.over(flows.transport[slot]):
            code = self._announced(flows, slot)
            if code >= 0:
                return code
        octets = array[start : min(end, start + LOOKED_AT)].tobytes()
        hint = self._hint(packet, flows, slot, side)
        hinted = self._hinted(hint)
        best, confidence, short = self._ask(hinted, octets, hint, HINTED)
        if hinted and best is None and not short:
            flows.refused[slot] |= 1 << side
        if confidence < SURE:
            enough = SURE if short else max(ACCEPTED, confidence + MARGIN)
            other, surer, more = self._ask(self._others(hint.transport, hinted), octets, hint, enough)
            if other is not None:
                best, confidence = other, surer
            short = best is None and (short or more)
        if self._failed:
            self._tell_failed(packet, slot, octets)
        if best is None and hint.transport == "udp" and len(self._said) < KEPT_SAYINGS:
            self._said.setdefault((slot, side), octets[:KEPT_OCTETS])
        if best is None:
            return -2 if short and hint.transport == "tcp" else -1
        if best.name not in self._equipped:
            self._equipped.add(best.name)
            self.equip(best)
        if best.announces:
            ends = (flows.address_of(slot, side) for side in (0, 1))
            self.announced.watch(flows.realm[slot], flows.transport[slot], *ends)
        code = self._codes[best.name]
        flows.protocol[slot] = code
        flows.basis[slot] = HEURISTIC
        flows.confidence[slot] = confidence
        if not flows.oriented[slot]:
            self._orient(best, hint, flows, slot, side)
        return code

    def _tell_failed(self, packet: Any, slot: int, octets: bytes) -> None:
        """Say whose probes broke on these octets."""
        for name, error in self._failed:
            told = (name, f"decoder-error:{error}", 0, octets[:KEPT_OCTETS], 1)
            self._facts.oddity_at(packet.source, packet.time, packet.frame, slot, *told)
        self._failed.clear()

    def _announced(self, flows: Any, slot: int) -> int:
        """The protocol that another conversation over the same transport announced for this one, or -1."""
        realm, ends = flows.realm[slot], tuple(flows.address_of(slot, side) for side in (0, 1))
        if not self.announced.watches(realm, flows.transport[slot], *ends):
            return -1
        self.settle()
        code: int = self.announced.arrived(
            slot, tuple((realm, address, flows.port[slot, side]) for side, address in enumerate(ends))
        )
        if code >= 0:
            flows.protocol[slot], flows.basis[slot], flows.confidence[slot] = code, PARSED, 95
        return code

    def _hinted(self, hint: Hint) -> tuple[ProtocolSpec, ...]:
        """Whose ports or link type these are."""
        if hint.transport == "eth":
            return self._by_ethertype.get(hint.ethertype, ())
        asked = self._by_port.get((hint.transport, hint.target_port), ())
        asking = self._by_port.get((hint.transport, hint.source_port), ())
        return asked + tuple(s for s in asking if s not in asked) if asking else asked

    def _others(self, transport: str, hinted: tuple[ProtocolSpec, ...]) -> tuple[ProtocolSpec, ...]:
        """Who else speaks over a transport: as many answers as there are kinds of hints, and they are kept."""
        every = {"tcp": self._streams, "udp": self._datagrams}.get(transport, ())
        if not hinted:
            return every
        key = (transport, *(spec.name for spec in hinted))
        if key not in self._beside:
            self._beside[key] = tuple(s for s in every if s not in hinted)
        return self._beside[key]

    def _ask(
        self, specs: tuple[ProtocolSpec, ...], octets: bytes, hint: Hint, enough: int
    ) -> tuple[ProtocolSpec | None, int, bool]:
        best, most, short = None, enough - 1, False
        for spec in specs:
            self._beat[STEPS] += 1  # to import one is a step of its own
            try:
                confidence = spec.probe(octets, hint)
            except Exception as error:  # noqa: BLE001 (a plug-in's own fault: isolated, reported; the others go on)
                self._failed.append((spec.name, type(error).__name__))
                continue
            if confidence == NEED_MORE:
                short = True
            elif confidence > most:
                best, most = spec, confidence
        return best, most, short and best is None

    def _hint(self, packet: Any, flows: Any, slot: int, side: int) -> Hint:
        transport = flows.transport[slot]
        kind = "eth" if transport >= 0x10000 else _KINDS.get(transport, "ip")
        from_client = (side == flows.client_side[slot]) if flows.oriented[slot] else None
        ethertype = transport & 0xFFFF if kind == "eth" else 0
        said = self._said.get((slot, 1 - side), b"")
        source, target = flows.port[slot, side], flows.port[slot, 1 - side]
        return Hint(kind, source, target, ethertype, from_client, packet.target_mac, said)

    @staticmethod
    def _orient(spec: ProtocolSpec, hint: Hint, flows: Any, slot: int, side: int) -> None:
        """Who asks, where the opening was not seen: the registered port is the server's, else the lower one."""
        ports = spec.tcp if hint.transport == "tcp" else spec.udp
        to_server, from_server = hint.target_port in ports, hint.source_port in ports
        if to_server != from_server:
            flows.client_side[slot] = side if to_server else 1 - side
        elif hint.source_port != hint.target_port:
            flows.client_side[slot] = side if hint.source_port > hint.target_port else 1 - side

    def met(self, packet: Any, flows: Any, slot: int, side: int) -> None:
        """A side speaks first, or from another link address: its MAC and TTL are clues."""
        family = _FAMILIES[packet.family]
        if family is None:
            return
        who = flows.address_of(slot, side)
        if who in ("0.0.0.0", "::"):  # noqa: S104 (the unspecified address of a frame, no socket is bound)
            return
        source, time, frame, realm = packet.source, packet.time, packet.frame, packet.realm
        mac, ttl, tell = packet.source_mac, packet.ttl, self._facts.clue_at
        if mac and not packet.depth:
            tell(source, time, frame, realm, who, "mac", mac_text(mac), family, 0.7)
        if ttl:
            tell(source, time, frame, realm, who, "ttl", _ttl_text(ttl), family, 0.5)

    def directed(self, packet: Any, kind: int) -> None:
        """An ICMP message of this kind: where it tells others which way to send, whose MAC did is a clue.

        Its IP address says little: a redirect is only taken in the name of the router that is used. Both come from the
        link itself (RFC 4861, 6.1.2 and 8.1; RFC 1122, 3.2.2.2), so that no router's MAC stands for somebody behind it.
        """
        name, how = _DIRECTING.get((packet.protocol, kind), ("", ""))
        if name and packet.source_mac and not packet.depth:
            at = (packet.source, packet.time, packet.frame, packet.realm)
            self._facts.clue_at(*at, mac_text(packet.source_mac), "directs", how, name, 0.9)

    def doubt(self, flows: Any, slot: int) -> None:
        """Octets did not fit the flow's protocol: after MAX_DOUBTS without a parsed message it is nameless again."""
        doubts = self._doubts.get(slot, 0) + 1
        self._doubts[slot] = doubts
        if doubts < MAX_DOUBTS or flows.basis[slot] == PARSED:
            return
        self.settle()
        if flows.basis[slot] < PARSED:
            flows.protocol[slot] = -1
            flows.basis[slot] = 0
            flows.confidence[slot] = 0
            flows.tries[slot] = 255
            self._doubts.pop(slot, None)

    def forget(self, slots: Sequence[int]) -> None:
        """Drop what is kept for flows."""
        for slot in slots:
            self._doubts.pop(slot, None)
            for side in (0, 1) if self._said else ():
                self._said.pop((slot, side), None)
