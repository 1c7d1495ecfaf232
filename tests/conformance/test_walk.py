from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conformance.walk import grow, read_pdml

PDML = b"""<pdml version="0">
<packet>
  <proto name="geninfo" pos="0" showname="General information" size="78">
    <field name="num" pos="0" show="4" showname="Number" value="4" size="78"/>
  </proto>
  <proto name="ip" showname="Internet Protocol" size="20" pos="14">
    <field name="ip.src" showname="Source" size="4" pos="26" show="10.0.0.1" value="0a000001"/>
    <field name="ip.src" hide="yes" showname="Source" size="4" pos="26" show="9.9.9.9" value="0a000001"/>
    <field name="ip.dst" showname="Destination" size="4" pos="30" show="10.0.0.2" value="0a000002"/>
  </proto>
  <proto name="cip" showname="CIP" size="28" pos="106">
    <field name="cip.sc" showname="Service" size="1" pos="106" show="0x0a" value="0a"/>
    <field name="" show="Service Packet" size="4" pos="116" value="00">
      <proto name="cip" showname="CIP" size="14" pos="116">
        <field name="cip.sc" showname="Service" size="1" pos="116" show="0x4c" value="4c"/>
      </proto>
    </field>
    <field name="cip.text" showname="later" size="1" pos="130" show="a &lt; &quot;b&quot;" value="00"/>
  </proto>
</packet>
</pdml>
"""


def read(wanted: set[str]):
    return [grow(number, nodes) for number, nodes in read_pdml(PDML.splitlines(True), frozenset(wanted))]


def test_fields_belong_to_the_layer_around_them():
    (packet,) = read({"cip.sc", "cip.text"})
    assert packet.number == 4
    outer, inner = packet.named("cip")
    assert (outer.number("cip.sc"), inner.number("cip.sc")) == (0x0A, 0x4C)
    assert inner.parent is outer
    assert inner.within("cip")
    assert not outer.within("cip")
    assert outer.text("cip.text") == 'a < "b"'
    assert (inner.ends.source, inner.ends.destination) == ("10.0.0.1", "10.0.0.2")


def test_fields_that_nobody_wants_are_left_out():
    (packet,) = read(set())
    assert all(not layer.values for layer in packet.named("cip"))


def test_a_message_inside_an_icmp_error_is_a_quotation():
    nodes = [(1, "<ip", ""), (1, "<icmp", ""), (2, "<ip", ""), (2, "<udp", ""), (2, "<dns", "")]
    assert grow(1, nodes).named("dns") == []
    assert len(grow(1, [node for node in nodes if node[1] != "<icmp"]).named("dns")) == 1


def test_ends_are_the_innermost_before_the_layer():
    nodes = [(2, "ip.src", "1.1.1.1"), (1, "<gre", ""), (2, "ip.src", "2.2.2.2"), (1, "<dns", "")]
    (layer,) = grow(1, [(1, "<ip", ""), *nodes]).named("dns")
    assert layer.ends.source == "2.2.2.2"


trees = st.recursive(st.just(()), lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=12)


@given(trees)
def test_what_is_written_as_pdml_comes_back_as_the_same_tree(tree):
    lines, numbers = [], iter(range(1000))

    def write(branches, depth):
        for branch in branches:
            lines.append(f'{"  " * depth}<proto name="p" size="1">')
            lines.append(f'{"  " * depth}  <field name="n" show="{next(numbers)}"/>')
            write(branch, depth + 1)
            lines.append(f"{'  ' * depth}</proto>")

    write(tree, 1)
    lines.append("</packet>")
    ((_, nodes),) = read_pdml([line.encode() + b"\n" for line in lines], frozenset({"n"}))
    layers = grow(1, nodes).layers

    def shape(parent):
        return tuple(shape(layer) for layer in layers if layer.parent is parent)

    assert shape(None) == tree
    assert [layer.number("n") for layer in layers] == list(range(len(layers)))
