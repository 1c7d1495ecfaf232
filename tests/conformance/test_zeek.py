from __future__ import annotations

import pyarrow as pa
import pytest

from conformance.checks import count_rows
from conformance.message import REQUEST, Message, key_text
from conformance.zeek import compare_cells, covered, read_messages

HEAD = "#separator \\x09\n#fields\tclient\tserver\tport\tfunc\tkind\ttid\n#types\tx\n"
RULE = {
    "log": "a.log",
    "protocol": "modbus",
    "ends": ["client", "server"],
    "ports": ["port", "port"],
    "messages": [
        {"kind": "request", "function": "func", "where": {"kind": ["Q", "P"]}},
        {"kind": "answer", "function": "func", "where": {"kind": ["R", "P"]}},
    ],
    "functions": {"READ_COILS": 1},
    "without": [10],
    "cells": {"tid": "transaction"},
}


def logged(tmp_path, *rows: str, head: str = HEAD, rule: dict | None = None):
    (tmp_path / "deep").mkdir(exist_ok=True)
    lines = ["\t".join(row.split()) for row in rows]
    (tmp_path / "deep" / "a.log").write_text(head + "\n".join(lines) + "\n#close\n")
    return [key_text(m.key()) for m in read_messages(tmp_path, [RULE | (rule or {})]).get("modbus", [])]


def test_a_row_is_the_messages_whose_conditions_it_meets(tmp_path):
    assert logged(tmp_path, "a b 1 READ_COILS P 7", "a b 1 0x03 R 8", "a b 1 unknown-156 Q 9") == [
        "a > b function 1 request",
        "a > b function 1 answer",
        "a > b function 3 answer",
        "a > b function 28 request",
    ]


def test_rows_without_a_function_or_with_one_that_wraps_are_left_out(tmp_path):
    assert logged(tmp_path, "a b 1 - Q 7", "a b 1 0x0a Q 7") == []


def test_a_log_without_a_header_has_its_columns_by_index(tmp_path):
    form = [{"kind": "answer", "function": 2, "if_set": 3, "otherwise": 3, "add": -3}]
    rule = {"ends": [0, 1], "messages": form, "without": []}
    assert logged(tmp_path, "a b 631 634", "a b 631 -", "a b - 431", head="", rule=rule) == [
        "a > b function 631 answer",
        "a > b function 428 answer",
    ]


def test_a_group_and_its_subfunction_are_one_number(tmp_path):
    form = [{"kind": "request", "function": 2, "subfunction": 3}]
    rule = {"ends": [0, 1], "messages": form, "without": []}
    assert logged(tmp_path, "a b 0x44 0x01", "a b 0x44 -", head="", rule=rule) == [
        "a > b function 1025 request"
    ]


def row(**changes: object):
    values = {"client": "a", "client_port": 1, "server": "b", "function": 1, "frame": 4, "transaction": "7"}
    return values | changes


@pytest.mark.parametrize(
    ("ours", "equal", "missing"),
    [
        ([row(), row(transaction="8", frame=5)], 2, 0),
        ([row(), row(transaction="9", frame=5)], 1, 0),
        ([row()], 1, 1),
        ([row(client_port=2), row(function=2)], 0, 2),
    ],
)
def test_cells_align_by_ends_and_function_in_order(tmp_path, ours, equal, missing):
    logged(tmp_path, "a b 1 READ_COILS Q 7", "a b 1 READ_COILS Q 8", "a b 1 READ_COILS Q -")
    cells = compare_cells(tmp_path, RULE, [*ours, *([row(frame=9)] if not missing else [])])
    assert (cells.equal["tid=transaction"], cells.missing - bool(missing)) == (equal, missing)


def test_a_cell_that_says_nothing_is_not_counted(tmp_path):
    logged(tmp_path, "a b 1 READ_COILS Q -")
    cells = compare_cells(tmp_path, RULE, [row()])
    assert (cells.rows, cells.said.total()) == (1, 0)


def test_a_number_read_in_the_other_byte_order_is_swapped(tmp_path):
    logged(tmp_path, "a b 1 READ_COILS Q 1")
    swapped = RULE | {"swapped": ["tid"]}
    assert compare_cells(tmp_path, swapped, [row(transaction="256")]).equal["tid=transaction"] == 1
    assert compare_cells(tmp_path, RULE, [row(transaction="256")]).equal["tid=transaction"] == 0


def test_checks_count_rows_that_fit_every_column():
    table = pa.table({"protocol": ["m", "m", "x"], "function": [1, None, 1], "unit": ["10", "10", "10"]})
    assert count_rows(table, {"protocol": "m"}) == 2
    assert count_rows(table, {"protocol": "m", "function": "*"}) == 1
    assert count_rows(table, {"function": [1, 2], "unit": "10"}) == 2
    assert count_rows(table, {"function": 2}) == 0


def test_a_row_may_be_a_message_without_a_function(tmp_path):
    rule = {"messages": [{"kind": "request", "unnumbered": True, "where": {"kind": ["N"]}}]}
    assert logged(tmp_path, "a b 1 - N 7", "a b 1 - Q 8", rule=rule) == ["a > b function - request"]


def test_messages_of_functions_that_a_log_never_tells_are_left_aside():
    sides = {"kind": REQUEST, "client": "a", "server": "b", "protocol": "mqtt"}
    ours = [Message(frame=k, function=str(k), **sides) for k in (3, 12, 14)]
    assert [message.function for message in covered(ours, {"12", "14"})] == ["3"]
    assert covered(ours, ()) == ours
