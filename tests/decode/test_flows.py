"""One flow per conversation, whichever side speaks first, and no room lost to many of them."""

from __future__ import annotations

from decode import feed
from decode.wire import answer, decode, ipv4, read, segment


def test_thousands_of_conversations_are_as_many_flows() -> None:
    frames: list[bytes] = []
    for port in range(20000, 23000):
        connection = feed.Tcp(502, port)
        connection.segment(feed.CLIENT, read())
        frames += connection.frames
    flows = decode(frames, batch=500)["flows"]
    assert sorted(f["client_port"] for f in flows) == list(range(20000, 23000))
    assert len({f["flow"] for f in flows}) == 3000


def test_the_server_may_be_heard_first() -> None:
    frames = [
        feed.ethernet(ipv4(segment(side, octets, seq=1000 + side), side=side), 0x0800, side=side)
        for side, octets in ((1, answer(1, 7)), (0, read(2)))
    ]
    (flow,) = decode(frames)["flows"]
    assert (flow["client"], flow["server"], flow["server_port"]) == ("10.0.0.1", "10.0.0.2", 502)
