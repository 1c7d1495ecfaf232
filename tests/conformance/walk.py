"""What tshark saw, as a tree of layers: read from its PDML, of which only the wanted fields are kept.

PDML is the one output of tshark that keeps which field belongs to which of several messages in a frame:

    <packet>
      <proto name="tcp"> <field name="tcp.srcport" show="502"/> </proto>
      <proto name="cip"> <field name="cip.service"> <proto name="cip"> … </proto> </field> </proto>
    </packet>

One element stands on one line and two blanks are one level, so lines are cut without an XML parser: a
capture of 5 MB becomes 900 MB of PDML, of which one line in twenty matters.
Source: doc/README.xml-output of Wireshark.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ENDS_FIELDS", "Ends", "Layer", "Node", "Packet", "grow", "read_pdml"]

Node = tuple[int, str, str]
"""Depth, name and shown value; a protocol's name has `<` before it and no value."""

ENDS_FIELDS: Final = frozenset(
    {
        "num",
        "eth.src",
        "eth.dst",
        "sll.src.eth",
        "ip.src",
        "ip.dst",
        "ipv6.src",
        "ipv6.dst",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.stream",
        "udp.srcport",
        "udp.dstport",
        "udp.stream",
        "tcp.analysis.retransmission",
        "tcp.analysis.out_of_order",
        "tcp.analysis.lost_segment",
    },
)
"""Who talks to whom; every walk keeps these."""

_SHOW: Final = re.compile(rb' show="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Sender and receiver of what a layer carries: IP addresses, else MACs; ports of TCP or UDP."""

    source: str = ""
    destination: str = ""
    source_port: int = 0
    destination_port: int = 0
    transport: str = ""
    stream: int = -1
    quoted: bool = False
    """Inside an ICMP error: a copy of a message, not a message."""


@dataclass(slots=True, kw_only=True)
class Layer:
    """One protocol's part of a frame with the wanted fields in it; layers nest as the protocols do."""

    name: str
    ends: Ends
    parent: Layer | None
    values: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def text(self, name: str) -> str | None:
        return self.values[name][0] if name in self.values else None

    def number(self, name: str) -> int | None:
        """The field's first value as an integer; tshark shows them as 12, 0x0c, True or False."""
        shown = self.text(name)
        if shown is None or not shown:
            return None
        if shown in ("True", "False"):
            return int(shown == "True")
        return int(shown, 16) if shown.startswith("0x") else int(shown)

    def within(self, name: str) -> bool:
        """Whether a layer of that name is among those around this one."""
        outer = self.parent
        while outer is not None and outer.name != name:
            outer = outer.parent
        return outer is not None


@dataclass(slots=True, kw_only=True)
class Packet:
    """One frame: its number from 1 and its layers in wire order, nested ones after the one around them."""

    number: int
    layers: list[Layer]

    def named(self, *names: str) -> list[Layer]:
        return [layer for layer in self.layers if layer.name in names and not layer.ends.quoted]


def read_pdml(lines: Iterable[bytes], wanted: frozenset[str]) -> Iterator[tuple[int, list[Node]]]:
    """Cut PDML into (frame number, nodes in order); fields that are hidden or not wanted are left out."""
    keep = {name.encode() for name in wanted | ENDS_FIELDS}
    nodes: list[Node] = []
    number = 0
    for line in lines:
        begin = line.find(b'name="')
        if begin < 0:
            if line.startswith(b"</packet>"):
                yield number, nodes
                nodes = []
            continue
        name = line[begin + 6 : line.index(b'"', begin + 6)]
        if line[begin - 2] == 0x6F:  # <proto name=
            nodes.append(((begin - 7) // 2, "<" + name.decode(), ""))
        elif name in keep and b' hide="yes"' not in line:
            shown = _SHOW.search(line)
            text = html.unescape(shown[1].decode("utf-8", "replace")) if shown else ""
            if name == b"num":
                number = int(text)
            else:
                nodes.append(((begin - 7) // 2, name.decode(), text))


def grow(number: int, nodes: Sequence[Node]) -> Packet:
    """Rebuild the layers of one frame; each knows the innermost addresses and ports before it."""
    layers: list[Layer] = []
    open_layers: list[tuple[int, Layer]] = []
    ends = Ends()
    for depth, name, shown in nodes:
        while open_layers and open_layers[-1][0] >= depth:
            open_layers.pop()
        if name.startswith("<"):
            if name in ("<icmp", "<icmpv6"):
                ends = _replace(ends, quoted=True)
            layer = Layer(name=name[1:], ends=ends, parent=open_layers[-1][1] if open_layers else None)
            layers.append(layer)
            open_layers.append((depth, layer))
            continue
        if name in ENDS_FIELDS:
            ends = _ends_after(ends, name, shown)
        if open_layers:
            open_layers[-1][1].values[name].append(shown)
    return Packet(number=number, layers=layers)


def _ends_after(ends: Ends, name: str, shown: str) -> Ends:
    layer, _, what = name.partition(".")
    if what in ("src", "src.eth"):
        return _replace(ends, source=shown)
    if what == "dst":
        return _replace(ends, destination=shown)
    if what == "srcport":
        return _replace(ends, source_port=int(shown), transport=layer)
    if what == "dstport":
        return _replace(ends, destination_port=int(shown), transport=layer)
    if what == "stream":
        return _replace(ends, stream=int(shown))
    return ends


def _replace(ends: Ends, **changes: str | int | bool) -> Ends:
    values = {name: getattr(ends, name) for name in Ends.__slots__}
    return Ends(**(values | changes))
