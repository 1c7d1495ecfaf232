"""Units of IEC 61131-3 projects as text: which of them differ between two exports, whatever their times and spaces."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.contents import describe
from interlock.decode.iec_text import MAX_UNITS, REST, units_of

ST = """(* pump station *)
PROGRAM Main
VAR level : REAL; END_VAR
IF level > 8.0 THEN valve := TRUE; END_IF;
END_PROGRAM
FUNCTION_BLOCK "Pump Control"
  speed := 3.0; // slow
END_FUNCTION_BLOCK
VAR_GLOBAL setpoint : REAL := 7.5; END_VAR
"""
XML = """<?xml version="1.0"?><project xmlns="http://www.plcopen.org/xml/tc6_0201">
<fileHeader creationDateTime="2026-01-01T00:00:00"/>
<pou name="Main" pouType="program"><body><ST>x := 1;</ST></body></pou>
<pou name="Trip" pouType="function"><body><ST>y := 2;</ST></body></pou></project>"""
L5X = """<RSLogix5000Content ExportDate="Mon Jan 01"><Controller Name="C"><Tags>
<Tag Name="SetPoint" DataType="REAL"><Data>7.5</Data></Tag><Tag Name="Spare" DataType="DINT"/></Tags>
<Routine Name="Main" Type="RLL"><Rung>XIC(a)OTE(b);</Rung></Routine></Controller></RSLogix5000Content>"""


def changed(before: str, after: str) -> set[str]:
    one, other = units_of(before.encode()), units_of(after.encode())
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


@pytest.mark.parametrize(
    ("text", "old", "new", "told"),
    [
        (ST, "8.0", "18.0", {"PROGRAM Main"}),
        (ST, "3.0", "9.0", {"FUNCTION_BLOCK Pump Control"}),
        (ST, "7.5", "12.5", {"VAR_GLOBAL"}),
        (ST, "pump station", "another comment", set()),
        (ST, "\n", "\r\n  ", set()),
        (XML, "y := 2", "y := 3", {"pou Trip"}),
        (XML, "2026-01-01", "2026-02-02", set()),
        (L5X, "<Data>7.5", "<Data>9.5", {"Tag SetPoint"}),
        (L5X, "XIC(a)", "XIO(a)", {"Routine Main"}),
        (L5X, "Mon Jan", "Tue Feb", set()),
        (L5X, '<Controller Name="C">', '<Controller Name="C" Rate="5">', {REST}),
        (L5X, '<Tag Name="Spare" DataType="DINT"/>', "", {"Tag Spare"}),
    ],
)
def test_what_changed_is_named(text: str, old: str, new: str, told: set[str]) -> None:
    assert old in text
    assert changed(text, text.replace(old, new)) == told


def test_what_runs_has_a_hash_of_its_own() -> None:
    one, other = (
        describe("file", XML.encode()),
        describe("file", XML.replace("2026-01-01", "2027-01-01").encode()),
    )
    assert one[0] is not None
    assert one == other
    assert describe("file", XML.replace("y := 2", "y := 3").encode())[0] != one[0]
    assert describe("file", b"only some words") == (None, {})


@given(st.text(max_size=400))
def test_any_text_gives_units_or_none(text: str) -> None:
    assert len(units_of(text.encode("utf-8", "surrogatepass"))) <= MAX_UNITS + 1


@pytest.mark.parametrize(
    "octets",
    [
        b"PROGRAM a\n" * 100_000,
        b'<RSLogix5000Content <Tag Name="a">' * 50_000,
        b"(*" * 500_000,
        b"<pou " * 400_000,
    ],
)
def test_work_is_bounded(octets: bytes) -> None:
    begun = time.process_time()
    units_of(octets)
    assert time.process_time() - begun < 2
