"""Building automation: BACnet and KNXnet/IP.

BACnet: messages of the application, the network and the virtual link layer.

Function: the confirmed service; 256 + unconfirmed service; 512 + BVLC function; 768 + network message type.
Acknowledgements of segments make no message, segments count once, with the last one; a Reject or an Abort is
about the service that was asked with its invoke id. What a device reports (I-Am, notifications) is counted
as a request of its server.
KNXnet/IP: the service type; public captures hold none of what tunnels and routing carry, which is left aside.
Source: ANSI/ASHRAE 135, 6.4, 20.1 and J.2; tshark fields bacapp.*, bacnet.*, bvlc.*; KNX 03/08/02 to 03/08/09,
tshark fields knxip.*, cemi.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken
from conformance.walk import Ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["BACNET", "KNX"]

_CONFIRMED, _UNCONFIRMED, _SEGMENT_ACK = 0, 1, 4
_REPORTS: Final = frozenset({0, 1, 2, 3, 11, 12})
_ROUTER_REPORTS: Final = frozenset({1, 2, 3, 4, 5, 19})
_ROUTER_ANSWERS: Final = {7: 6, 19: 18}
_CARRIERS: Final = frozenset({4, 9, 10, 11})
_LINK_ANSWERS: Final = {3: 2, 7: 6}
_REFUSALS: Final = {0x10: 1, 0x20: 2, 0x30: 5, 0x40: 6, 0x50: 8, 0x60: 9}
_ACKNOWLEDGED: Final = (5, 1, 8)

_Asked = dict[tuple[str, str, int | None], int]


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    services: _Asked = {}
    links: _Asked = {}
    for packet in packets:
        origin, version = None, 1
        for layer in packet.named("bvlc", "bacnet", "bacapp"):
            if layer.name == "bvlc":
                origin = layer.text("bvlc.fwd_ip")
                yield from _link(packet.number, layer, links)
            elif layer.name == "bacnet":
                version = layer.number("bacnet.version") or 1
                yield from _network(packet.number, layer, links)
            elif version == 1:  # ASHRAE 135, 6.2.1; tshark says `unknown` of any other and reads on
                yield from _application(packet.number, layer, services, origin)


def _application(frame: int, layer: Layer, asked: _Asked, origin: str | None) -> Iterator[Message]:
    kind, ends, invoke = layer.number("bacapp.type"), layer.ends, layer.number("bacapp.invoke_id")
    if kind == _UNCONFIRMED:
        service = layer.number("bacapp.unconfirmed_service")
        if service is None:
            return
        report = service in _REPORTS
        if origin is not None:
            ends = Ends(source=origin, destination=ends.destination)
        yield spoken(frame, ends, "bacnet", 256 + service, ANSWER if report else REQUEST, counted=REQUEST)
    elif kind in (None, _SEGMENT_ACK) or layer.number("bacapp.more_segments"):
        return
    elif kind == _CONFIRMED:
        service = layer.number("bacapp.confirmed_service")
        if service is not None:
            asked[ends.source, ends.destination, invoke] = service
        yield request(frame, ends, "bacnet", service)
    else:
        known = asked.get((ends.destination, ends.source, invoke))
        service = layer.number("bacapp.confirmed_service")
        yield answer(frame, ends, "bacnet", known if known is not None else service)


def _network(frame: int, layer: Layer, asked: _Asked) -> Iterator[Message]:
    kind, ends = layer.number("bacnet.mesgtyp"), layer.ends
    if kind is None:
        return
    function = 768 + kind
    question = _ROUTER_ANSWERS.get(kind)
    if question is not None and asked.pop((ends.destination, ends.source, 768 + question), None):
        yield answer(frame, ends, "bacnet", 768 + question)
        return
    if kind in _ROUTER_ANSWERS.values():
        asked[ends.source, ends.destination, function] = 1
    sent = ANSWER if kind in _ROUTER_REPORTS else REQUEST
    yield spoken(frame, ends, "bacnet", function, sent, counted=REQUEST)


def _link(frame: int, layer: Layer, asked: _Asked) -> Iterator[Message]:
    function, ends = layer.number("bvlc.function"), layer.ends
    if function is None or function in _CARRIERS or layer.number("bvlc.type") != 0x81:
        return
    if function == 0:
        yield _result(frame, layer, asked)
    elif function in _LINK_ANSWERS:
        yield answer(frame, ends, "bacnet", 512 + _LINK_ANSWERS[function])
    else:
        asked[ends.source, ends.destination, 512 + function] = 1
        yield request(frame, ends, "bacnet", 512 + function)


def _result(frame: int, layer: Layer, asked: _Asked) -> Message:
    """What a Result answers: the function that it refuses, else the oldest kind of question it can be about."""
    code, ends = layer.number("bvlc.result"), layer.ends
    if code:
        return answer(frame, ends, "bacnet", 512 + _REFUSALS.get(code, 0))
    for function in _ACKNOWLEDGED:
        if asked.pop((ends.destination, ends.source, 512 + function), None):
            return answer(frame, ends, "bacnet", 512 + function)
    return answer(frame, ends, "bacnet", 512)


_KNX_ANSWERS: Final = {
    0x0202: 0x0201, 0x0204: 0x0203, 0x0206: 0x0205, 0x0208: 0x0207, 0x020A: 0x0209, 0x020C: 0x020B, 0x0423: 0x0422,
    0x0741: 0x0740, 0x0952: 0x0951, 0x0954: 0x0953,
}  # fmt: skip
_KNX_REPORTS: Final = frozenset({0x0425, 0x0531, 0x0532, 0x0955})
_KNX_CARRIERS: Final = frozenset({0x0310, 0x0311, 0x0420, 0x0421, 0x0530, 0x0533})


def _knx(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("kip"):
            service = layer.number("knxip.service")
            if service is None or service in _KNX_CARRIERS:
                continue
            if service in _KNX_ANSWERS:
                yield answer(packet.number, layer.ends, "knxnet-ip", _KNX_ANSWERS[service])
            else:
                sent = ANSWER if service in _KNX_REPORTS else REQUEST
                yield spoken(packet.number, layer.ends, "knxnet-ip", service, sent, counted=REQUEST)


BACNET = Oracle(
    name="bacnet",
    protocols=("bacnet",),
    layers=("bvlc", "bacnet", "bacapp"),
    fields=frozenset(
        {
            "bvlc.type",
            "bvlc.function",
            "bvlc.result",
            "bvlc.fwd_ip",
            "bacnet.mesgtyp",
            "bacnet.version",
            "bacapp.type",
            "bacapp.invoke_id",
            "bacapp.confirmed_service",
            "bacapp.unconfirmed_service",
            "bacapp.more_segments",
        }
    ),
    messages=_messages,
)
KNX = Oracle(
    name="knx",
    protocols=("knxnet-ip",),
    layers=("kip",),
    fields=frozenset({"knxip.service"}),
    messages=_knx,
)
