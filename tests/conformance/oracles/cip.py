"""EtherNet/IP and CIP: encapsulation commands that are requests themselves, and the innermost CIP services.

SendRRData and SendUnitData only carry, a Multiple Service Packet and an Unconnected Send only wrap: they make
no message where something is inside. Where a wrapper is refused as a whole, every service in it is answered.
tshark nests a service in its wrapper as a layer `cip` within a layer `cip`, or within the layer `cipcm` that
follows the `cip` of an Unconnected Send and tells its details.
A PCCC command is the innermost request of the service that carries it: tshark tells it in a layer `cippccc` behind that
`cip`. Its function is 256 x command + function, 255 where the command has none; its answer is that of the request.
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
_EXECUTE_PCCC, _NO_FUNCTION = 0x4B, 0xFF
_FUNCTION_FIELDS: Final = ("cip.pccc.fnc.code_06", "cip.pccc.fnc.code_07", "cip.pccc.fnc.code_0f")

Asked = tuple[str, int]
"""Protocol and function of an innermost request."""

Call = tuple[int, str, str, str | None, int | None]
"""Stream (or both addresses), who asked, sender context, CIP sequence: what an answer has in common."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: dict[Call, list[Asked]] = {}
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


def _services(packet: Packet, asked: dict[Call, list[Asked]]) -> Iterator[Message]:
    """Messages of all carriers in a frame: each carrier's services with its details, `cipcm`, among them."""
    carrier: Layer | None = None
    inside: list[Layer] = []
    for layer in packet.named("enip", "cip", "cipcm", "cippccc"):
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
    asked: dict[Call, list[Asked]],
) -> Iterator[Message]:
    innermost = _innermost(inside)
    services = [(layer, layer.number("cip.sc")) for layer in innermost]
    known = [(layer, service) for layer, service in services if service is not None]
    commands = _commands(inside)
    requests = [("pccc", commands[id(x)]) if id(x) in commands else ("cip", sc) for x, sc in known]
    if carrier is not None and known and known[0][0].number("cip.rr") == 0:
        asked[_call(carrier, asking=True)] = requests
    for k, (layer, service) in enumerate(known):
        if layer.number("cip.rr") == 0:
            yield request(frame, layer.ends, *requests[k])
        else:
            for protocol, function in _answered(carrier, layer, service, k, asked):
                yield answer(frame, layer.ends, protocol, function)
    if carrier is not None and not known:
        yield from _refused(frame, carrier, asked)


def _commands(inside: list[Layer]) -> dict[int, int]:
    """PCCC requests by the identity of the layer `cip` that carries them."""
    found: dict[int, int] = {}
    latest: Layer | None = None
    for layer in inside:
        if layer.name == "cip":
            latest = layer
        elif layer.name == "cippccc" and latest is not None:
            command = layer.number("cip.pccc.cmd.code")
            if command is not None:
                told = [layer.number(name) for name in _FUNCTION_FIELDS]
                function = next((n for n in told if n is not None), _NO_FUNCTION)
                found[id(latest)] = command << 8 | function
    return found


def _answered(
    carrier: Layer | None,
    layer: Layer,
    service: int,
    place: int,
    asked: dict[Call, list[Asked]],
) -> list[Asked]:
    """What this answer answers: its own service, the command that it carried, or all in the wrapper it refuses."""
    if carrier is None:
        return [("cip", service)]
    before = asked.get(_call(carrier, asking=False), [])
    if service in (_MULTIPLE_SERVICE, _UNCONNECTED_SEND) and layer.number("cip.genstat"):
        return before or [("cip", service)]
    if service == _EXECUTE_PCCC and place < len(before) and before[place][0] == "pccc":
        return [before[place]]
    return [("cip", service)]


def _refused(frame: int, carrier: Layer, asked: dict[Call, list[Asked]]) -> Iterator[Message]:
    """A carrier that comes back empty with an error answers what it carried."""
    if (
        carrier.number("enip.command") in _CARRIERS
        and carrier.number("enip.status")
        and not _asks(carrier.ends)
    ):
        for protocol, function in asked.get(_call(carrier, asking=False), []):
            yield answer(frame, carrier.ends, protocol, function)


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
    protocols=("enip", "cip", "pccc"),
    layers=("enip", "cip", "cipcm", "cipcls", "cippccc"),
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
            "cip.pccc.cmd.code",
            *_FUNCTION_FIELDS,
        },
    ),
    messages=_messages,
)
