from __future__ import annotations

import pyarrow as pa

from conformance.interlock_side import read_messages
from conformance.message import key_text
from interlock.records.tables import OPERATIONS

ROW = {
    "client": "a",
    "server": "b",
    "protocol": "modbus",
    "function": 3,
    "function_name": "Read Holding Registers",
    "item": 0,
    "frame": 1,
    "response_frame": 2,
    "outcome": "ok",
}


def read(*changes: dict, names: dict | None = None, by_name: frozenset[str] = frozenset()):
    rows = [ROW | change for change in changes]
    schema = pa.schema([OPERATIONS.schema.field(name) for name in ROW])
    table = pa.Table.from_pylist(rows, schema=schema)
    return [f"{m.frame} {m.protocol} {key_text(m.key())}" for m in read_messages(table, names or {}, by_name)]


def test_a_row_is_a_request_and_its_answer():
    assert read({}) == ["1 modbus a > b function 3 request", "2 modbus a > b function 3 answer"]


def test_only_item_0_counts():
    assert read({"item": 1}) == []


def test_an_answer_alone_is_one_message():
    assert read({"frame": None}) == ["2 modbus a > b function 3 answer"]


def test_an_unsolicited_message_is_one_request():
    assert read({"outcome": "unsolicited", "response_frame": None}) == ["1 modbus a > b function 3 request"]


def test_a_function_is_a_number_or_a_name_or_unknown():
    one = {"response_frame": None}
    assert read(one | {"function": None}) == ["1 modbus a > b function - request"]
    named = read(
        one | {"protocol": "web", "function_name": "GET"}, names={"web": "http"}, by_name=frozenset({"http"})
    )
    assert named == ["1 http a > b function GET request"]
