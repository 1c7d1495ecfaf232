"""Requests and answers find each other; what is never answered ends."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from decode import feed
from decode.protocols.s7_octets import item, read_answer, s7any
from decode.protocols.s7_octets import read as s7_read
from decode.wire import answer, decode, read
from interlock.decode.functions import Functions
from interlock.decode.messages import Messages
from interlock.decode.sheet import NO_NUMBER, OK, UNSOLICITED, Sheet
from interlock.decode.words import Words
from interlock.records.vocabulary import OUTCOMES, VERBS

PRESSING = frozenset(VERBS) - {"read"}


def _outcomes(payloads: list[tuple[int, bytes]]) -> list[tuple[int | None, str]]:
    rows = feed.tcp(payloads, port=502)["operations"]
    return [(int(r["transaction"]), r["outcome"]) for r in rows]


def test_answers_in_another_order() -> None:
    asked = [(0, read(n)) for n in (1, 2, 3)]
    assert _outcomes([*asked, (1, answer(3, 7)), (1, answer(1, 7)), (1, answer(2, 7))]) == [
        (n, "ok") for n in (1, 2, 3)
    ]


def test_refused() -> None:
    refusal = struct.pack(">HHHBBB", 1, 0, 3, 1, 0x83, 2)
    rows = feed.tcp([(0, read()), (1, refusal)], port=502)["operations"]
    assert [(r["outcome"], r["code"]) for r in rows] == [("refused", 2)]


def test_an_answer_alone_is_an_orphan() -> None:
    rows = feed.tcp([(1, answer(9, 7))], port=502)["operations"]
    assert [(r["frame"], r["response_frame"], r["outcome"]) for r in rows] == [(None, 4, "ok")]


def test_the_newest_of_300_open_requests_finds_its_answer() -> None:
    found = _outcomes([*((0, read(n)) for n in range(300)), (1, answer(299, 7))])
    assert len(found) == 300
    assert [n for n, outcome in found if outcome == "ok"] == [299]
    assert {outcome for n, outcome in found if n != 299} == {"unknown"}


def test_no_answer_after_the_time_out_where_the_server_was_heard() -> None:
    pairs = [(0, read(1)), (1, answer(1, 7)), (0, read(2)), (0, read(3)), (0, read(4))]
    connection = feed.Tcp(502)
    connection.open()
    for side, payload in pairs:
        connection.segment(side, payload)
    n = len(connection.frames)
    time = [feed.START_NS + k * feed.STEP_NS for k in range(n)]
    time[-1] += 60_000_000_000
    rows = decode(connection.frames, time=time)["operations"]
    assert {int(r["transaction"]): r["outcome"] for r in rows} == {
        1: "ok",
        2: "no-answer",
        3: "no-answer",
        4: "unknown",
    }


def _arp(operation: int, sender: int, target: int, *, everyone: bool = False) -> bytes:
    """An ARP packet (RFC 826) for IPv4 over Ethernet between two of the builder's machines."""
    head = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation)
    ends = (
        feed.MACS[sender]
        + feed.IPS[sender]
        + (bytes(6) if everyone else feed.MACS[target])
        + feed.IPS[target]
    )
    return feed.ethernet(head + ends, 0x0806, side=sender, target=b"\xff" * 6 if everyone else None)


@pytest.mark.parametrize("batch", [0, 1])
def test_a_question_to_a_group_is_closed_by_the_first_answer_which_is_a_row_of_its_own(batch: int) -> None:
    rows = feed.run([_arp(1, 0, 1, everyone=True), _arp(2, 1, 0), _arp(2, 1, 0)], batch=batch)["operations"]
    told = sorted((r["frame"] or 0, r["response_frame"] or 0, r["outcome"]) for r in rows)
    assert told == [(0, 2, "ok"), (0, 3, "ok"), (1, 0, "ok")]
    question = next(r for r in rows if r["frame"] == 1)
    assert question["latency"] == feed.STEP_NS
    assert len({r["operation"] for r in rows}) == 3


@pytest.mark.parametrize("batch", [0, 1])
def test_a_question_to_a_group_that_nobody_answers_stays_unknown(batch: int) -> None:
    rows = feed.run([_arp(1, 0, 1, everyone=True), _arp(1, 1, 0, everyone=True)], batch=batch)["operations"]
    assert [(r["frame"], r["outcome"], r["latency"]) for r in rows] == [
        (1, "unknown", None),
        (2, "unknown", None),
    ]


ITEMS = s7_read(9, s7any(2, 1, 0x83, 0), s7any(2, 1, 0x83, 8), s7any(4, 1, 0x83, 16))
ITEM_ANSWERS = read_answer(9, item(4, b"\x0d"), item(0, b"", 0x0A), item(4, b"\x00\x07"))


@pytest.mark.parametrize("between", [0, 3])
@pytest.mark.parametrize("batch", [0, 1, 2])
def test_items_of_a_message_keep_together_until_their_answer_in_a_later_batch(
    batch: int, between: int
) -> None:
    others = [(0, s7_read(20 + k, s7any(2, 1, 0x83, 0))) for k in range(between)]
    rows = feed.tcp([(0, ITEMS), *others, (1, ITEM_ANSWERS)], port=102, batch=batch)["operations"]
    mine = sorted((r["item"], r["items"], r["outcome"], r["code"]) for r in rows if r["transaction"] == "9")
    assert mine == [(0, 3, "ok", None), (1, 3, "refused", 10), (2, 3, "ok", None)]
    assert len({r["operation"] for r in rows}) == 1 + between
    assert all(r["outcome"] == "unknown" for r in rows if r["transaction"] != "9")


@pytest.mark.parametrize("batch", [0, 1])
def test_items_that_nobody_answers_end_together(batch: int) -> None:
    rows = feed.tcp([(0, ITEMS)], port=102, batch=batch)["operations"]
    assert sorted((r["item"], r["items"], r["outcome"]) for r in rows) == [
        (k, 3, "unknown") for k in range(3)
    ]


def _asked(payloads: list[tuple[int, bytes]], *, port: int, batch: int = 0) -> list[tuple[str, ...]]:
    rows = feed.tcp(payloads, port=port, batch=batch, pending=PRESSING)["operations"]
    return [(r["verb"], r["item"], r["items"], r["outcome"], r["operation"]) for r in rows]


WRITE = struct.pack(">HHHBBHH", 5, 0, 6, 1, 6, 10, 77)
READ_AND_WRITE = struct.pack(">HHHBBHHHHBH", 6, 0, 13, 1, 23, 0, 1, 10, 1, 2, 77)
"""Write Single Register, whose answer repeats it; Read/Write Multiple Registers (Modbus protocol, 6.6 and 6.17)."""


def test_a_request_that_presses_is_shown_once_before_it_ends_and_once_after() -> None:
    later = [(0, read(n)) for n in (7, 8)]
    pending, *finals = _asked([(0, WRITE), *later, (1, WRITE)], port=502, batch=1)
    assert pending[:4] == ("write", 0, 1, "pending")
    assert sorted(f[0] for f in finals) == ["read", "read", "write"]
    assert [f[3] for f in finals if f[4] == pending[4]] == ["ok"]


def test_what_is_answered_in_its_batch_is_shown_once() -> None:
    assert [row[3] for row in _asked([(0, WRITE), (1, WRITE)], port=502)] == ["ok"]


def test_a_read_does_not_press() -> None:
    assert [row[3] for row in _asked([(0, read()), (1, answer(1, 7))], port=502, batch=1)] == ["ok"]


def test_all_items_are_shown_where_one_presses() -> None:
    known = [(0, read()), (1, answer(1, 7))]
    rows = _asked([*known, (0, READ_AND_WRITE)], port=502, batch=1)
    assert [row[:4] for row in rows[1:]] == [
        (verb, item, 2, outcome)
        for outcome in ("pending", "unknown")
        for item, verb in enumerate(("read", "write"))
    ]


def test_nothing_is_shown_early_where_nobody_asks_for_it() -> None:
    rows = feed.tcp([(0, WRITE)], port=502, batch=1)["operations"]
    assert [row["outcome"] for row in rows] == ["unknown"]


def test_a_request_in_two_segments_is_shown_when_it_is_whole() -> None:
    rows = feed.tcp([(0, WRITE[:9]), (0, WRITE[9:])], port=502, batch=1, pending=PRESSING)["operations"]
    assert [(row["frame"], row["outcome"]) for row in rows] == [(5, "pending"), (5, "unknown")]


ASKED, KEY = 1_000_000, 7


def _waiting(timeout: int, after: int) -> list[str]:
    """Outcomes of a request that waits so long, and of what its server says so much later (ns each)."""
    objects, names, messages = Words(), Words(), Messages()
    sheet, functions = Sheet(objects, names), Functions("x", 0, {}, names)
    for side, clock in ((0, ASKED), (1, ASKED + after)):
        messages.append(0, side, side, 0, 1, clock, 1 + side, 0, clock)
    row = sheet.ask(messages, 0, functions, 1, KEY)
    sheet.set_timeout(row, timeout)
    if sheet.answer(messages, 1, KEY) < 0:
        sheet.orphan(messages, 1, functions, 1, KEY)
    heard, over = np.array([[ASKED, ASKED]], np.int64), np.zeros(1, np.int64)
    sheet.expire(ASKED + after, heard, over)
    return [OUTCOMES[outcome] for outcome in sheet.end_batch()["outcome"]]


@pytest.mark.parametrize("timeout", [0, 1, 5_000])
def test_a_request_waits_for_its_answer_as_long_as_it_says(timeout: int) -> None:
    assert _waiting(timeout, timeout) == ["ok"]
    assert _waiting(timeout, timeout + 1) == ["no-answer", "ok"]


def test_a_request_that_expects_no_answer_is_settled_and_never_answered() -> None:
    names, messages = Words(), Messages()
    sheet, functions = Sheet(Words(), names), Functions("x", 0, {}, names)
    for side in (0, 1):
        messages.append(0, side, side, 0, 1, ASKED, 1 + side, 0, ASKED)
    sheet.settle(sheet.ask(messages, 0, functions, 1, KEY), UNSOLICITED, NO_NUMBER)
    assert sheet.answer(messages, 1, KEY) == -1
    sheet.orphan(messages, 1, functions, 1, KEY)
    assert sheet.end_batch()["outcome"].tolist() == [UNSOLICITED, OK]
