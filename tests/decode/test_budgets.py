"""What decoding keeps stays within its budget: the oldest makes room, its row is given, and how many did is counted."""

from __future__ import annotations

import struct

from decode import feed
from decode.wire import answer, ipv4, read
from interlock.decode.engine import MAX_ENDED, Engine
from interlock.decode.registry import load_specs
from interlock.records.budget import Budget
from interlock.records.frames import Source

FLOWS = 640


def made(**budget: int) -> Engine:
    return Engine((Source(name="test"),), load_specs(outside=False), feed._verbs(), budget=Budget(**budget))


def stranger(number: int) -> bytes:
    """A UDP datagram of a conversation that nobody else has: another source address and port each."""
    head = struct.pack(">HHHH", 1024 + number % 50_000, 40_000, 12, 0)
    packet = bytearray(ipv4(head + b"past", protocol=17))
    packet[12:16] = (0x0B00_0000 + number).to_bytes(4, "big")
    packet[10:12] = b"\0\0"
    return feed.ethernet(bytes(packet), 0x0800)


def fed(engine: Engine, frames: list[bytes], size: int, before: int = 0) -> list[dict[str, object]]:
    """Rows of `flows` that came, of frames in batches of some size."""
    rows: list[dict[str, object]] = []
    for at in range(0, len(frames), size):
        done = engine.feed(feed._batch(frames[at : at + size], before + at))
        rows += done["flows"].to_pylist() if "flows" in done else []
    return rows


def test_a_flood_of_twenty_times_the_budget_keeps_the_newest_conversations_and_gives_the_rows_of_the_others() -> (
    None
):
    engine, frames = made(flows=FLOWS), [stranger(n) for n in range(20 * FLOWS)]
    rows = fed(engine, frames[: 10 * FLOWS], 64)
    full = engine.flows.capacity
    rows += fed(engine, frames[10 * FLOWS :], 64, 10 * FLOWS)
    live, aged_out = engine.fill["flows"]
    assert FLOWS - FLOWS // 64 <= live <= FLOWS
    assert live + aged_out == len(frames)
    assert engine.flows.capacity == full  # memory is flat: ended conversations gave their room back
    assert engine.flows.used <= FLOWS + MAX_ENDED + 64
    rest = [row for done in engine.finish() if "flows" in done for row in done["flows"].to_pylist()]
    first_frames = sorted(row["first_frame"] for row in rest)
    assert first_frames[-live:] == list(range(len(frames) - live + 1, len(frames) + 1))  # the newest
    assert len(rows) + len(rest) == len(frames)  # a row for each, once
    assert sorted(row["first_frame"] for row in [*rows, *rest]) == list(range(1, len(frames) + 1))


def test_who_speaks_is_not_aged_out_by_a_flood() -> None:
    engine, talk = made(flows=FLOWS), feed.Tcp(502)
    talk.open()
    for n in range(100):
        talk.segment(feed.CLIENT, read(n))
        talk.segment(feed.SERVER, answer(n, 7))
    frames = []
    for n, frame in enumerate(talk.frames):
        frames += [frame, *(stranger(100 * n + k) for k in range(100))]
    rows = fed(engine, frames, 500)
    assert not [row for row in rows if row["transport"] == "tcp"]
    (row,) = [
        row
        for done in engine.finish()
        if "flows" in done
        for row in done["flows"].to_pylist()
        if row["transport"] == "tcp"
    ]
    assert row["client_packets"] + row["server_packets"] == len(talk.frames)


def test_where_batches_end_makes_no_difference_to_who_is_aged_out() -> None:
    frames = [stranger(n) for n in range(3 * FLOWS)]
    found = []
    for size in (7, 3 * FLOWS):
        engine = made(flows=FLOWS)
        rows = fed(engine, frames, size)
        rest = [r for done in engine.finish() if "flows" in done for r in done["flows"].to_pylist()]
        found.append((engine.fill["flows"], sorted((r["flow"], r["last_frame"]) for r in [*rows, *rest])))
    assert found[0] == found[1]


def test_a_smaller_budget_is_kept_to_with_the_next_frames() -> None:
    engine = made(flows=FLOWS)
    fed(engine, [stranger(n) for n in range(FLOWS)], 64)
    engine.allow(Budget(flows=64), contents=False)
    fed(engine, [stranger(n) for n in range(FLOWS, FLOWS + 2)], 1, FLOWS)
    assert engine.fill["flows"][0] <= 64


def test_the_stream_that_waited_longest_goes_on_without_what_is_missing() -> None:
    engine, streams = made(reassembly_mib=1), []
    for port in range(40):
        stream = feed.Tcp(502, 20_000 + port)
        stream.open()
        stream.segment(feed.CLIENT, read(1))
        missing = len(stream.frames)
        for _ in range(50):
            stream.segment(feed.CLIENT, bytes(1400))
        del stream.frames[missing]
        streams += stream.frames
    engine.feed(feed._batch(streams, 0))
    used, abandoned = engine.fill["reassembly_mib"]
    assert 0 < used <= 1
    assert 20 <= abandoned < 40
    waiting = {engine.flows.columns["port"][key >> 1].max() for key in engine.dissector.queues}
    assert max(waiting) == 20_039  # the youngest still waits
    assert 20_000 not in waiting


def test_texts_that_nothing_uses_are_forgotten_and_counted() -> None:
    engine = made(words=1000, flows=64)
    for n in range(0, 20_000, 500):
        engine.feed(feed._batch([stranger(n + k) for k in range(500)], n))
    used, forgotten = engine.fill["words"]
    assert used <= 2 * (
        MAX_ENDED + 64 + 500 + 2
    )  # twice as many as conversations whose rows are not given yet
    assert used + forgotten == 20_000 + 1  # each stranger's address, and the one that all of them ask


def test_names_beyond_the_budget_read_as_overflow_and_are_counted() -> None:
    engine = made(words=1000)
    for n in range(1500):
        engine.sheet.names.code(f"name {n}")
    used, refused = engine.fill["words"]
    assert used == 1001
    assert refused == 500
