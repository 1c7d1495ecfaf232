"""EtherNet/IP and CIP: encapsulation commands that are requests themselves, and the innermost CIP services.

SendRRData and SendUnitData only carry, a Multiple Service Packet and an Unconnected Send only wrap: they make
no message where something is inside. Where a wrapper is refused as a whole, every service in it is answered.
tshark nests a service in its wrapper as a layer `cip` within a layer `cip`, or within the layer `cipcm` that
follows the `cip` of an Unconnected Send and tells its details.
Source: CIP Volume 2, 2-3 (encapsulation); Volume 1, 3-5.5.4 (Unconnected Send), 5A-2 (Message Router).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Ends, Layer, Packet

__all__ = ["ORACLE"]

_PORT: Final = 44818
_CARRIERS: Final = (0x6F, 0x70)
_MULTIPLE_SERVICE, _UNCONNECTED_SEND = 0x0A, 0x52

Call = tuple[int, str, str, str | None, int | None]
"""Stream (or both addresses), who asked, sender context, CIP sequence: what an answer has in common."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: dict[Call, list[int]] = {}
    for packet in packets:
        for layer in packet.named("enip"):
            yield from _encapsulation(packet.number, layer)
        yield from _services(packet, asked)


def _asks(ends: Ends) -> bool:
    return ends.destination_port == _PORT


def _encapsulation(frame: int, layer: Layer) -> Iterator[Message]:
    command = layer.number("enip.command")
    if command is not None and command not in _CARRIERS:
        make = request if _asks(layer.ends) else answer
        yield make(frame, layer.ends, "enip", command)


def _services(packet: Packet, asked: dict[Call, list[int]]) -> Iterator[Message]:
    """Messages of all carriers in a frame: each carrier's services with its details, `cipcm`, among them."""
    carrier: Layer | None = None
    inside: list[Layer] = []
    for layer in packet.named("enip", "cip", "cipcm"):
        if layer.name == "enip":
            yield from _carried(packet.number, carrier, inside, asked)
            carrier, inside = layer, []
        else:
            inside.append(layer)
    yield from _carried(packet.number, carrier, inside, asked)


def _carried(
    frame: int,
    carrier: Layer | None,
    inside: list[Layer],
    asked: dict[Call, list[int]],
) -> Iterator[Message]:
    innermost = _innermost(inside)
    services = [(layer, layer.number("cip.sc")) for layer in innermost]
    known = [(layer, service) for layer, service in services if service is not None]
    if carrier is not None and known and known[0][0].number("cip.rr") == 0:
        asked[_call(carrier, asking=True)] = [service for _, service in known]
    for layer, service in known:
        if layer.number("cip.rr") == 0:
            yield request(frame, layer.ends, "cip", service)
        else:
            for function in _answered(carrier, layer, service, asked):
                yield answer(frame, layer.ends, "cip", function)
    if carrier is not None and not known:
        yield from _refused(frame, carrier, asked)


def _answered(
    carrier: Layer | None,
    layer: Layer,
    service: int,
    asked: dict[Call, list[int]],
) -> list[int]:
    """Functions that this answer answers: its own, or all that the wrapper it refuses held."""
    wrapper = service in (_MULTIPLE_SERVICE, _UNCONNECTED_SEND) and layer.number("cip.genstat")
    if not wrapper or carrier is None:
        return [service]
    return asked.get(_call(carrier, asking=False), [service])


def _refused(frame: int, carrier: Layer, asked: dict[Call, list[int]]) -> Iterator[Message]:
    """A carrier that comes back empty with an error answers what it carried."""
    if (
        carrier.number("enip.command") in _CARRIERS
        and carrier.number("enip.status")
        and not _asks(carrier.ends)
    ):
        for function in asked.get(_call(carrier, asking=False), []):
            yield answer(frame, carrier.ends, "cip", function)


def _call(carrier: Layer, *, asking: bool) -> Call:
    ends = carrier.ends
    client = ends.source if asking else ends.destination
    return ends.stream, ends.transport, client, carrier.text("enip.context"), carrier.number("cip.seq")


def _innermost(inside: list[Layer]) -> list[Layer]:
    """Layers `cip` that hold no other one; `inside` has the layers `cip` and `cipcm` in wire order."""
    told: dict[int, Layer] = {}
    wrappers: set[int] = set()
    latest: Layer | None = None
    for layer in inside:
        if layer.name == "cipcm" and latest is not None:
            told[id(layer)] = latest
        elif layer.name == "cip":
            latest = layer
            outer = layer.parent
            while outer is not None:
                wrappers.add(id(told.get(id(outer), outer)))
                outer = outer.parent
    return [layer for layer in inside if layer.name == "cip" and id(layer) not in wrappers]


ORACLE = Oracle(
    name="cip",
    protocols=("enip", "cip"),
    layers=("enip", "cip", "cipcm", "cipcls"),
    fields=frozenset(
        {
            "enip.command",
            "enip.status",
            "enip.context",
            "enip.session",
            "cip.seq",
            "cip.rr",
            "cip.sc",
            "cip.genstat",
            "cip.class",
        },
    ),
    messages=_messages,
)
