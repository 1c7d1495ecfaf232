"""MMS: every PDU is a message; the confirmed ones go by their service, errors by that of their request.

function: a confirmed service's tag, 256 + that of an unconfirmed one, 512 + that of a whole PDU (initiate, conclude,
cancel). A reject answers the request that it names. What reports is the server. Without a session (ISO 8327) tshark
offers its MMS decoder initiate and confirmed requests only; bare_mms.lua hands it the connection's other PDUs, too.
Source: ISO 9506-2; tshark fields mms.*.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["ORACLE"]

_PORT: Final = 102
_WHOLE: Final = {"initiate": 520, "conclude": 523, "cancel": 517}
_PDUS: Final = frozenset(
    {
        *(
            f"mms.{pdu}_{kind}PDU_element"
            for pdu in ("initiate", "conclude")
            for kind in ("Request", "Response", "Error")
        ),
        "mms.cancel_RequestPDU",
        "mms.cancel_ResponsePDU",
        "mms.cancel_ErrorPDU_element",
    }
)
Pending = dict[tuple[int, str, int], list[int | None]]
"""Functions of open requests, by stream, who sent them, and invoke id."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    pending: Pending = {}
    for packet in packets:
        for layer in packet.named("mms"):
            yield from _message(packet.number, layer, pending)


def _message(frame: int, layer: Layer, pending: Pending) -> Iterator[Message]:
    ends = layer.ends
    invoke = layer.number("mms.invokeID") or 0
    if "mms.confirmed_RequestPDU_element" in layer.values:
        function = layer.number("mms.confirmedServiceRequest")
        pending.setdefault((ends.stream, ends.source, invoke), []).append(function)
        yield request(frame, ends, "mms", function)
    elif (
        "mms.confirmed_ResponsePDU_element" in layer.values
        or "mms.confirmed_ErrorPDU_element" in layer.values
    ):
        asked = pending.get((ends.stream, ends.destination, invoke))
        function = asked.pop(0) if asked else layer.number("mms.confirmedServiceResponse")
        yield answer(frame, ends, "mms", function)
    elif "mms.rejectPDU_element" in layer.values:
        asked = pending.get((ends.stream, ends.destination, layer.number("mms.originalInvokeID") or 0))
        if asked:
            yield answer(frame, ends, "mms", asked.pop(0))
        else:
            yield _told(frame, layer, 516)
    elif "mms.unconfirmed_PDU_element" in layer.values:
        yield _told(frame, layer, 256 + (layer.number("mms.unconfirmedService") or 0))
    else:
        for name in _PDUS & layer.values.keys():
            make = request if "_Request" in name else answer
            yield make(frame, ends, "mms", _WHOLE[name[4:].partition("_")[0]])


def _told(frame: int, layer: Layer, function: int) -> Message:
    from_server = layer.ends.source_port == _PORT
    return spoken(frame, layer.ends, "mms", function, ANSWER if from_server else REQUEST, counted=REQUEST)


ORACLE = Oracle(
    name="mms",
    protocols=("mms",),
    layers=("mms",),
    fields=_PDUS
    | {
        "mms.confirmed_RequestPDU_element",
        "mms.confirmed_ResponsePDU_element",
        "mms.confirmed_ErrorPDU_element",
        "mms.unconfirmed_PDU_element",
        "mms.rejectPDU_element",
        "mms.invokeID",
        "mms.originalInvokeID",
        "mms.confirmedServiceRequest",
        "mms.confirmedServiceResponse",
        "mms.unconfirmedService",
    },
    messages=_messages,
    script=Path(__file__).with_name("bare_mms.lua").read_text("utf-8"),
)
