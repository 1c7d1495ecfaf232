from __future__ import annotations

import pytest

from conformance.baseline import Rule, compare, same
from conformance.untold import UNTOLD

HEAD = "#fields\tts\tuid\tclient\tkind\tvalue\tnote\n"
RULE = {
    "log": "a.log",
    "protocol": "p",
    "view": "v",
    "key": ["client"],
    "columns": {"client": "client", "kind": "type", "value": "number"},
    "words": {"kind": {"Relay Block": "g12v1"}},
}


def compared(tmp_path, *rows: str, ours, **changes: object):
    lines = ["\t".join(row.split("|")) for row in rows]
    (tmp_path / "a.log").write_text(HEAD + "\n".join(lines) + "\n")
    return compare(Rule.read(RULE | changes), tmp_path, ours)


def mine(**changes: object):
    return {"frame": 4, "client": "a", "type": "g12v1", "number": 7} | changes


def test_columns_that_say_something_are_told_from_those_that_do_not(tmp_path):
    found = compared(tmp_path, "1|u|a|Relay Block|7|-", ours=[mine()])
    assert (found.width, sorted(found.spoke)) == (4, ["client", "kind", "value"])
    assert found.equal == found.said == {"client": 1, "kind": 1, "value": 1}


def test_a_cell_that_differs_is_counted_and_shown_with_its_frame(tmp_path):
    found = compared(tmp_path, "1|u|a|Relay Block|8|-", ours=[mine()])
    assert (found.said["value"], found.equal["value"]) == (1, 0)
    assert found.first["value"] == "frame 4: theirs 8, ours 7"


def test_rows_meet_by_key_in_order_and_a_row_without_ours_is_missing(tmp_path):
    rows = ["1|u|a|-|7|-", "1|u|b|-|1|-", "1|u|a|-|8|-", "1|u|a|-|9|-"]
    found = compared(tmp_path, *rows, ours=[mine(), mine(number=8), mine(client="c")])
    assert (found.rows, found.missing, found.equal["value"]) == (4, 2, 2)


def test_rows_that_are_left_aside_are_counted_apart(tmp_path):
    found = compared(tmp_path, "1|u|a|x|7|-", "1|u|a|y|7|-", ours=[mine()], where={"kind": ["y"]})
    assert (found.rows, found.aside) == (1, 1)


def test_spoken_words_are_compared_by_letters_and_digits(tmp_path):
    ours = [mine(type="PULSE_ON")]
    assert compared(tmp_path, "1|u|a|Pulse On|7|-", ours=ours, spoken=["kind"]).equal["kind"] == 1
    assert compared(tmp_path, "1|u|a|Pulse On|7|-", ours=ours).equal["kind"] == 0


def test_a_log_without_a_header_has_its_columns_by_index(tmp_path):
    (tmp_path / "a.log").write_text("XXXXXXXXXX.XXXXXX\tCHhAvVGS1DHFjwGM9\ta\t7\n")
    rule = Rule.read(RULE | {"key": ["2"], "columns": {"2": "client", "3": "number"}, "words": {}})
    found = compare(rule, tmp_path, [mine()])
    assert (found.width, found.equal) == (2, {"2": 1, "3": 1})


def test_a_rule_by_index_leaves_logs_with_a_header_aside_and_the_other_way_round(tmp_path):
    by_index = {"key": ["2"], "columns": {"2": "client"}, "words": {}}
    assert compared(tmp_path, "1|u|a|-|7|-", ours=[mine()], **by_index).rows == 0
    (tmp_path / "a.log").write_text("1\tu\ta\t7\n")
    assert compare(Rule.read(RULE), tmp_path, [mine()]).rows == 0


def test_a_field_that_is_untold_of_this_row_is_not_counted(tmp_path):
    found = compared(tmp_path, "1|u|a|Relay Block|7|-", ours=[mine(number=UNTOLD)])
    assert found.said == {"client": 1, "kind": 1}


def test_keys_meet_by_number_whatever_they_are_written_in(tmp_path):
    rows = ["1|u|a|-|0x10|-", "1|u|a|-|Run (16)|-", "1|u|a|-|16|-"]
    found = compared(tmp_path, *rows, ours=[mine(number=16)] * 3, key=["client", "value"])
    assert (found.missing, found.equal["value"]) == (0, 3)


def test_a_key_that_is_not_mapped_is_refused():
    with pytest.raises(ValueError, match="not mapped"):
        Rule.read(RULE | {"key": ["note"]})


@pytest.mark.parametrize(
    ("said", "our", "equal"),
    [
        ("7", 7, True),
        ("0x10", 16, True),
        ("Run (0x0401)", 1025, True),
        ("7", 8, False),
        ("seven", 7, False),
        ("1.1", 1.1, True),
        ("1.1", 1.2, False),
        ("T", True, True),
        ("F", True, False),
        ("true", True, True),
        ("1", True, True),
        ("0", True, False),
        ("1,2", [1, 2], True),
        ("1,2", [1, 2, 3], False),
        ("1,3", [1, 2], False),
        ("a", "a", True),
        ("a", "b", False),
        ("0", None, False),
    ],
)
def test_cells_are_compared_by_what_they_say(said, our, equal):
    assert same(said, our) is equal
