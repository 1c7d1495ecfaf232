"""What the engine keeps is bounded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from decode import feed
from decode.wire import answer, ipv4, read, segment
from interlock.decode.engine import Engine
from interlock.decode.registry import PROTOCOLS, load_specs, waiting_specs
from interlock.decode.waiting import index_row, read_index
from interlock.decode.wordless import UNANSWERED_NS
from interlock.decode.words import OVERFLOW, Words
from interlock.records.budget import Budget
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.decode.spec import ProtocolSpec


def test_requests_that_wait_are_bounded() -> None:
    engine = Engine(
        (Source(name="test"),), load_specs(outside=False), feed._verbs(), budget=Budget(requests=10)
    )
    connection = feed.Tcp(502)
    for n in range(50):
        connection.segment(feed.CLIENT, read(n))
    done = engine.feed(feed._batch(connection.frames, 0))
    assert engine.sheet.n == 10
    assert set(done["operations"]["outcome"].to_pylist()) == {"unknown"}
    assert len(done["operations"]) == 40
    assert engine.fill["requests"] == (10, 40)


def test_a_full_pool_takes_no_more_texts() -> None:
    words = Words(3)
    kept = [words.code(text) for text in "abc"]
    over = {words.code(f"new{n}") for n in range(1000)}
    assert [words.texts[code] for code in over] == [OVERFLOW]
    assert [words.code(text) for text in "abc"] == kept
    assert len(words.texts) == 4
    for number in range(1000):
        words.keep(number, f"kept{number}")
    assert words.used <= 3


def _spoken(specs: Sequence[ProtocolSpec], port: int, *payloads: tuple[int, bytes]) -> feed.Rows:
    connection = feed.Tcp(port)
    for side, payload in payloads:
        connection.segment(side, payload)
    engine = Engine((Source(name="test"),), specs, feed._verbs())
    found: feed.Rows = defaultdict(list)
    for batches in (engine.feed(feed._batch(connection.frames, 0)), *engine.finish()):
        feed._collect(found, batches)
    return found


def test_protocols_wait_until_somebody_may_speak_them() -> None:
    """Modbus alone needs no other protocol's code; what comes out is the same as with all of it."""
    specs = waiting_specs()
    talk = ((feed.CLIENT, read()), (feed.SERVER, answer(1, 7)))
    rows = _spoken(specs, 502, *talk)
    assert [spec.name for spec in specs if not spec.waiting] == ["modbus"]
    assert rows == _spoken(load_specs(outside=False), 502, *talk)
    assert rows["operations"][0]["outcome"] == "ok"
    assert (
        _spoken(specs, 9999, *talk)["operations"][0]["outcome"] == "ok"
    )  # on a port that says nothing, all are asked
    assert not [spec.name for spec in specs if spec.streams and not spec.rides_on and spec.waiting]


def test_the_index_says_what_the_protocols_say() -> None:
    index = read_index()
    assert list(index) == list(PROTOCOLS)
    for name, spec in zip(PROTOCOLS, load_specs(outside=False), strict=True):
        assert index[name] == index_row(name, spec), f"run `make docs`: {name} has changed"


def _knock(client_port: int, *sides_and_flags: tuple[int, int]) -> list[bytes]:
    """A connection without an octet: SYN and what follows it."""
    ports = client_port.to_bytes(2, "big")
    found = []
    for side, flags in sides_and_flags:
        octets = segment(side, b"", seq=1000 + side, flags=flags)
        octets = ports + octets[2:] if side == feed.CLIENT else octets[:2] + ports + octets[4:]
        found.append(feed.ethernet(ipv4(octets, side=side), 0x0800, side=side))
    return found


def test_what_ended_without_a_word_is_shown_at_once_and_unanswered_after_three_seconds() -> None:
    syn, rst, syn_ack = 2, 0x14, 0x12
    frames = [
        *_knock(1001, (0, syn), (1, rst)),
        *_knock(1002, (0, syn)),
        *_knock(1003, (0, syn), (1, syn_ack), (0, 0x10)),
        *_knock(1004, (0, syn), (1, syn_ack), (0, 0x10), (0, rst)),
    ]
    engine = Engine((Source(name="test"),), load_specs(outside=False), feed._verbs())
    engine.feed(feed._batch(frames, 0))
    now = engine.dissector.now

    def shown(since: int) -> dict[int, str]:
        rows = engine.wordless(since)
        return (
            {}
            if rows is None
            else dict(zip(*(rows.column(c).to_pylist() for c in ("client_port", "state")), strict=True))
        )

    assert shown(0) == {1001: "refused", 1004: "reset"}
    assert shown(now) == {}
    engine.idle(now + UNANSWERED_NS)
    assert shown(now) == {1002: "opened"}
    assert shown(engine.dissector.now) == {}
