from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.layouts import MAX_PARAMETERS, Parameters, parameters_table

LAYOUT = "kind:1 2 label:t4 count:1 *count( tag:h2 ) ?kind=3( level:f32 ) size:1 data:h=size"


class Facts:
    """Keeps the rows; nobody asks for other tables."""

    def __init__(self):
        self.rows = []

    def wants(self, table):
        return table == "x_parameters"

    def detail(self, table, m, i, row):
        self.rows.append(row)


def told(layout, octets, **options):
    facts = Facts()
    Parameters(facts, "x_parameters", {"flag": lambda reader: bool(reader.number(1))}, **options).tell(
        None, 0, 7, layout, octets, answer=True
    )
    return [(row["element"], row["name"], row["value"]) for row in facts.rows]


def test_a_layout_names_numbers_texts_octets_and_what_repeats():
    octets = bytes.fromhex("03 ffff 41420043 02 0102 a0b0 3fc00000 02 beef".replace(" ", ""))
    assert told(LAYOUT, octets) == [
        (0, "kind", "3"),
        (0, "label", "AB"),
        (0, "count", "2"),
        (1, "tag", "0x0102"),
        (2, "tag", "0xa0b0"),
        (0, "level", "1.5"),
        (0, "size", "2"),
        (0, "data", "0xbeef"),
    ]


def test_what_repeats_within_what_repeats_is_numbered_through_the_message():
    found = told("sets:1 *sets( size:1 *size( tag:1 ) last:1 )", bytes([2, 2, 7, 8, 9, 1, 5, 6]))
    assert [row for row in found if row[1] == "tag"] == [(1, "tag", "7"), (2, "tag", "8"), (3, "tag", "5")]
    assert [row for row in found if row[1] == "last"] == [(1, "last", "9"), (2, "last", "6")]


def test_a_condition_that_does_not_hold_is_passed_over():
    assert told("kind:1 ?kind=3( level:f32 ) end:1", b"\x02\x09") == [(0, "kind", "2"), (0, "end", "9")]


def test_octets_that_end_early_end_the_rows():
    assert told(LAYOUT, b"\x03\xff\xffAB") == [(0, "kind", "3")]


def test_numbers_have_the_order_of_the_protocol_and_kinds_of_its_own():
    assert told("a:2 b:flag", b"\x01\x02\x01", big=False) == [(0, "a", "513"), (0, "b", "true")]


def test_rows_of_one_message_are_bounded():
    assert len(told("*( a:1 )", bytes(5000))) == MAX_PARAMETERS


def test_nobody_asked_nothing_is_read():
    facts = Facts()
    Parameters(facts, "y_parameters", {}).tell(None, 0, 7, "a:1", b"\1", answer=False)
    assert not facts.rows


@pytest.mark.parametrize("layout", ["a", "*( a:1", "a:1 )"])
def test_a_layout_that_is_none_is_refused(layout):
    with pytest.raises(ValueError, match=r".*"):
        told(layout, b"\0")


@given(st.binary(max_size=80))
def test_any_octets_give_rows(octets):
    table = parameters_table("x", "X")
    assert {"element", "name", "value"} <= {column.name for column in table.columns}
    assert all(isinstance(value, str) for _, _, value in told(LAYOUT, octets))
