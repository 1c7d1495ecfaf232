"""IEC 61850 on the link: every GOOSE and every sampled value message is a report of its sender's.

A GOOSE frame counts where tshark finds a control block's reference in it, sampled values where it finds an ASDU's
identifier. Source: IEC 61850-8-1 annex A, 9-2 clause 8.5; tshark fields goose.*, sv.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.oracles.port import Oracle, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["GOOSE", "SAMPLED_VALUES"]


def _goose(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("goose"):
            if layer.text("goose.gocbRef") is not None:
                yield request(packet.number, layer.ends, "goose", 1)


def _sampled_values(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("sv"):
            if layer.text("sv.svID") is not None:
                yield request(packet.number, layer.ends, "sampled-values", 0)


GOOSE = Oracle(
    name="goose",
    protocols=("goose",),
    layers=("goose",),
    fields=frozenset({"goose.gocbRef"}),
    messages=_goose,
)
SAMPLED_VALUES = Oracle(
    name="sv",
    protocols=("sampled-values",),
    layers=("sv",),
    fields=frozenset({"sv.svID"}),
    messages=_sampled_values,
)
