"""Of each direction Suricata puts together 1 MiB; what comes behind it is looked at segment by segment, and not read.

Its configuration as it is delivered (`stream.reassembly.depth`), its bodies (`response-body-limit`); 7.0.10 asked.
"""

from __future__ import annotations

from decode.feed import ACK, CLIENT, SERVER, Tcp
from detect.signatures.engine.over_wire import alerts, summed

RULES = """
alert tcp any any -> any any (msg:"late"; content:"late"; sid:1;)
alert tcp any any -> any any (msg:"late in its stream"; flow:only_stream; content:"late"; sid:2;)
alert tcp any any -> any any (msg:"across"; content:"early"; content:"late"; distance:0; sid:3;)
alert http any any -> any any (msg:"first answer"; http.server; content:"one"; sid:4;)
alert http any any -> any any (msg:"second answer"; http.server; content:"two"; sid:5;)
alert http any any -> any any (msg:"second request"; http.uri; content:"/b"; sid:6;)
alert http any any -> any any (msg:"a large file"; filesize:>102399; sid:7;)
alert http any any -> any any (msg:"larger than it follows"; filesize:>102400; sid:8;)
"""
ALL = {1, 2, 4, 5, 6, 7, 8}


def conversation(size: int) -> list[bytes]:
    made = Tcp(80)
    made.open()
    for target, server, body in ((b"/a", b"one early", size), (b"/b", b"two late", 3)):
        made.segment(CLIENT, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b"HTTP/1.1 200 OK\r\nServer: %b\r\nContent-Length: %d\r\n\r\n" % (server, body) + b"." * body
        for at in range(0, len(answer), 60_000):
            made.segment(SERVER, answer[at : at + 60_000])
            made.segment(CLIENT, flags=ACK)
    return [*map(summed, made.frames)]


def test_what_comes_behind_it():
    frames = conversation(1_100_000)
    assert set(alerts(RULES, frames, midstream="no")) == ALL - {2, 5, 8}
    assert set(alerts(RULES, frames, midstream="own")) == ALL


def test_what_comes_before_it():
    frames = conversation(200_000)
    assert set(alerts(RULES, frames, midstream="no")) == ALL - {8}
    assert set(alerts(RULES, frames, midstream="own")) == ALL
