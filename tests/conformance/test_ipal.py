from __future__ import annotations

import json

from conformance.ipal import data_text, read_transcript, seconds


def line(**changes: object) -> str:
    read = {
        "id": 0,
        "timestamp": 1.5,
        "src": "a:1",
        "dest": "b:2",
        "type": 3,
        "activity": "command",
        "responds to": [],
        "length": 4,
        "data": {},
    }
    return json.dumps(read | changes)


def test_an_answer_has_the_time_of_what_it_answers(tmp_path):
    path = tmp_path / "a.ipal"
    path.write_text(line() + "\n" + line(id=1, timestamp=1.25, **{"responds to": [0]}) + "\n")
    asked, answered = read_transcript(path)
    assert (asked.get("responds to"), answered.get("responds to")) == (None, "1.500000")
    assert (asked.get("data"), asked.get("sequence"), asked.get("type")) == (None, None, "3")


def test_data_is_told_in_order_and_numbers_by_value(tmp_path):
    path = tmp_path / "a.ipal"
    path.write_text(line(data={"y": 1, "x": 2.0, "SEQ": 7, "flag": True}))
    (row,) = read_transcript(path)
    assert (row.get("data"), row.get("sequence")) == ("flag=1 x=2 y=1", "7")
    assert data_text({"x": 2}) == data_text({"x": 2.0})
    assert data_text({"x": 2}) != data_text({"x": 3})


def test_times_of_ours_are_rounded_to_microseconds():
    assert seconds(1_500_000_499) == "1.500000"
    assert seconds(1_999_999_501) == "2.000000"
