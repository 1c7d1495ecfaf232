"""DCE/RPC over TCP, as Windows and OPC Classic use it.

Function: the operation number of a call; 65536 + packet type for bind (11), alter_context (14) and auth3 (16). A call
counts with its last fragment; answers and faults are about the call of the same number in their connection.
Source: C706 12.6.4; tshark fields dcerpc.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["DCERPC"]

_REQUEST, _RESPONSES = 0, frozenset({2, 3})
_OTHERS: Final = 0x10000
_BINDS: Final = {11: 11, 14: 14, 16: 16, 18: 18, 19: 19}
_BOUND: Final = {12: 11, 13: 11, 15: 14}
_LAST: Final = 0x02


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    called: dict[tuple[int, int | None], int] = {}
    for packet in packets:
        for layer in packet.named("dcerpc"):
            kind, number = layer.number("dcerpc.pkt_type"), layer.number("dcerpc.cn_call_id")
            flags, key = layer.number("dcerpc.cn_flags"), (layer.ends.stream, number)
            if kind is None or number is None or flags is None:
                continue
            if kind in _BINDS:
                yield request(packet.number, layer.ends, "dcerpc", _OTHERS + kind)
            elif kind in _BOUND:
                yield answer(packet.number, layer.ends, "dcerpc", _OTHERS + _BOUND[kind])
            elif not flags & _LAST:
                continue
            elif kind == _REQUEST:
                operation = layer.number("dcerpc.opnum")
                called[key] = -1 if operation is None else operation
                yield request(packet.number, layer.ends, "dcerpc", operation)
            elif kind in _RESPONSES:
                yield answer(packet.number, layer.ends, "dcerpc", called.pop(key, None))


DCERPC = Oracle(
    name="dcerpc",
    protocols=("dcerpc",),
    layers=("dcerpc",),
    fields=frozenset({"dcerpc.pkt_type", "dcerpc.cn_call_id", "dcerpc.cn_flags", "dcerpc.opnum"}),
    messages=_messages,
)
