"""OPC UA binary: service messages, told by the numeric type id of the request.

Hello, Acknowledge and Error belong to the transport and have no type id: they make no message. A message of
several chunks counts where its final chunk ends. An answer has the function of the request with its request
id; without one, that of its own type id, which for services of the core is the request's plus 3.
Encrypted service messages have no function that can be seen: they count under `-`.
Source: OPC 10000-6, 6.7.2 (chunks), A (ids); tshark fields opcua.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Ends, Layer, Packet

__all__ = ["ORACLE"]

_PORT: Final = 4840
_OPEN, _CLOSE, _FAULT, _TO_REQUEST = 446, 452, 397, 3

Asked = dict[tuple[int, int | None], int | None]
"""Functions of requests by stream and request id."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    servers: dict[int, tuple[str, int]] = {}
    asked: Asked = {}
    for packet in packets:
        for layer in packet.named("opcua"):
            kind, ends = layer.text("opcua.transport.type"), layer.ends
            if kind in ("HEL", "ACK"):
                said_by_server = kind == "ACK"
                servers[ends.stream] = _sender(ends) if said_by_server else _receiver(ends)
            elif kind in ("OPN", "MSG", "CLO") and layer.text("opcua.transport.chunk") == "F":
                server = servers.setdefault(ends.stream, _likely_server(ends))
                yield _service(packet.number, layer, asked, from_server=_sender(ends) == server)


def _service(frame: int, layer: Layer, asked: Asked, *, from_server: bool) -> Message:
    function = layer.number("opcua.servicenodeid.numeric")
    call = (layer.ends.stream, layer.number("opcua.security.rqid"))
    if function is None:
        function = {"OPN": _OPEN, "CLO": _CLOSE}.get(layer.text("opcua.transport.type") or "")
    elif from_server:
        function = asked.get(call, None if function == _FAULT else function - _TO_REQUEST)
    if from_server:
        return answer(frame, layer.ends, "opcua", function)
    asked[call] = function
    return request(frame, layer.ends, "opcua", function)


def _sender(ends: Ends) -> tuple[str, int]:
    return ends.source, ends.source_port


def _receiver(ends: Ends) -> tuple[str, int]:
    return ends.destination, ends.destination_port


def _likely_server(ends: Ends) -> tuple[str, int]:
    """Who serves where no Hello was seen: the registered port, else the lower one."""
    if ends.source_port == _PORT or (
        ends.destination_port != _PORT and ends.source_port < ends.destination_port
    ):
        return _sender(ends)
    return _receiver(ends)


ORACLE = Oracle(
    name="opcua",
    protocols=("opcua",),
    layers=("opcua",),
    fields=frozenset(
        {
            "opcua.transport.type",
            "opcua.transport.chunk",
            "opcua.security.rqid",
            "opcua.servicenodeid.numeric",
        },
    ),
    messages=_messages,
)
