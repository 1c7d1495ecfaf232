"""What plain Python sees of the compiled columns is the columns themselves, also after they have grown."""

from __future__ import annotations

import numpy as np

from interlock.decode.flows import Flows
from interlock.decode.framing import LineFramer
from interlock.decode.messages import Messages
from interlock.decode.words import Words


def test_columns_of_messages_are_read_and_written_in_place() -> None:
    m = Messages()
    before = m.flow
    for k in range(3000):
        m.append(k, k & 1, 0, 10 * k, 10, 1_000_000_007 * k, k + 1, 0)
    assert len(before) < 3000
    for k in (0, 1023, 1024, 2999):
        row = (m.flow[k], m.side[k], m.offset[k], m.length[k], m.time[k], m.frame[k], m.source[k])
        assert row == (k, k & 1, 10 * k, 10, 1_000_000_007 * k, k + 1, 0)
    m.bind(np.arange(256, dtype=np.uint8))
    assert m.bytes(2) == bytes(range(20, 30))
    m.length[2] = 3
    assert m.bytes(2) == bytes(range(20, 23))
    m.length[2] = 0
    assert m.bytes(2) == b""
    m.length[25] = 6  # the buffer ends with it
    assert m.bytes(25) == bytes(range(250, 256))


def test_columns_of_flows_are_those_that_orient_writes() -> None:
    flows = Flows(Words())
    flows.orient(5, 1)
    assert (flows.client_side[5], flows.oriented[5], flows.client_side[6]) == (1, 1, 0)
    flows.port[5, 0], flows.port[5, 1] = 502, 50000
    assert (flows.server_port(5), flows.client_port(5)) == (502, 50000)


def test_a_framer_sees_the_buffer_it_was_bound_to_last() -> None:
    framer = LineFramer()
    for text in (b"one\ntwo\n", b"three\n"):
        framer.bind(memoryview(np.frombuffer(text, np.uint8)))
        assert bytes(framer.octets) == text
        assert framer.cut(0, len(text)) == text.index(b"\n") + 1
