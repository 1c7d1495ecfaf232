"""PROFINET: DCP services on the link, and calls of the context manager over connectionless RPC.

DCP: function is 256 x service id for a request and for its answers (their service type tells only which).
A call's function is the RPC operation number. Fragments count once, with the last one; pings,
acknowledgements and other packets of the RPC transport make no message.
Source: IEC 61158-6-10, 4.3 (DCP), 5.2 (RPC); tshark fields pn_dcp.*, dcerpc.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["CM", "DCP"]

_INTERFACES: Final = "6c97-11d1-8271-00a02442df7d"
_REQUEST, _RESPONSE, _FAULT, _REJECT = 0, 2, 3, 6


def _dcp(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("pn_dcp"):
            service, kind = layer.number("pn_dcp.service_id"), layer.number("pn_dcp.service_type")
            if service is not None and kind is not None:
                make = answer if kind & 1 else request
                yield make(packet.number, layer.ends, "profinet-dcp", 256 * service)


def _calls(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("dcerpc"):
            kind, operation = layer.number("dcerpc.pkt_type"), layer.number("dcerpc.opnum")
            if not (layer.text("dcerpc.dg_if_id") or "").endswith(_INTERFACES) or _goes_on(layer):
                continue
            if kind == _REQUEST:
                yield request(packet.number, layer.ends, "pnio-cm", operation)
            elif kind in (_RESPONSE, _FAULT, _REJECT):
                yield answer(packet.number, layer.ends, "pnio-cm", operation)


def _goes_on(layer: Layer) -> bool:
    """Whether it is a fragment that another one follows."""
    return bool(layer.number("dcerpc.dg_flags1_frag")) and not layer.number("dcerpc.dg_flags1_last_frag")


DCP = Oracle(
    name="pn_dcp",
    protocols=("profinet-dcp",),
    layers=("pn_dcp",),
    fields=frozenset({"pn_dcp.service_id", "pn_dcp.service_type", "pn_dcp.xid"}),
    messages=_dcp,
)
CM = Oracle(
    name="pn_cm",
    protocols=("pnio-cm",),
    layers=("dcerpc",),
    fields=frozenset(
        {
            "dcerpc.pkt_type",
            "dcerpc.opnum",
            "dcerpc.dg_if_id",
            "dcerpc.dg_flags1_frag",
            "dcerpc.dg_flags1_last_frag",
        },
    ),
    messages=_calls,
)
