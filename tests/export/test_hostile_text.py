"""Names on the wire are chosen by whoever sends them."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.export.escape import escaped
from interlock.export.plain import plain_columns
from interlock.export.sink import open_sink

HOSTILE = [
    "\x1b]0;owned\x07",
    "pump\u202egpj.exe",
    "\u2066hidden\u2069",
    "a\u061cb",
    "\x9b31m",
    "two\r\nlines",
    '=HYPERLINK("http://203.0.113.9","x")',
    "@SUM(1)",
    "+1",
    "-2+3",
    "\t=1",
    "\n=1",
    'quote"comma,',
    "\x00",
    "ordinary",
    None,
]
SCHEMA = pa.schema(
    [("word", pa.dictionary(pa.int32(), pa.utf8())), ("text", pa.utf8()), ("octets", pa.binary())]
)


def batch(texts: list[str | None]) -> pa.RecordBatch:
    words = pa.array(texts, pa.utf8())
    octets = pa.array([None if t is None else t.encode() for t in texts], pa.binary())
    return pa.RecordBatch.from_arrays([words.dictionary_encode(), words, octets], schema=SCHEMA)


def written(form: str, texts: list[str | None]) -> str:
    file = io.BytesIO()
    sink = open_sink(form, SCHEMA, file)
    sink.write(batch(texts))
    sink.close()
    return file.getvalue().decode("utf-8")


def steers(text: str) -> bool:
    """Whether a character moves the cursor, turns the direction or hides."""
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    marks = "\u061c\u200b\u200e\u200f\ufeff"
    return any(
        unicodedata.bidirectional(c) in turns
        or c in marks
        or (unicodedata.category(c) in {"Cc", "Zl", "Zp"} and c not in "\t\n")
        for c in text
    )


@pytest.mark.parametrize("text", [t for t in HOSTILE if t is not None])
def test_plain_text_steers_nothing_and_word_equals_text(text):
    columns = plain_columns(batch([text]))
    assert not steers(columns["text"][0].as_py())
    assert columns["word"].to_pylist() == columns["text"].to_pylist()
    assert columns["octets"][0].as_py() == text.encode().hex()


@given(st.text(st.characters(codec="utf-8")))
def test_escaping_leaves_nothing_that_steers(text):
    shown = escaped(text)
    assert not steers(shown)
    if text.isprintable():
        assert shown == text


def test_json_lines_are_one_line_a_row():
    lines = written("jsonl", HOSTILE).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(HOSTILE)
    assert not any(steers(line) for line in lines)
    assert [json.loads(line)["text"] for line in lines] == [
        None if t is None else escaped(t) for t in HOSTILE
    ]


def test_csv_cells_are_no_formulas():
    rows = list(csv.reader(io.StringIO(written("csv", HOSTILE), newline="")))
    assert rows[0] == SCHEMA.names
    assert len(rows) == len(HOSTILE) + 1
    for row, text in zip(rows[1:], HOSTILE, strict=True):
        assert len(row) == 3
        for cell in row[:2]:
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
            assert cell in ({""} if text is None else {escaped(text), "'" + escaped(text)})


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=5))
def test_csv_gives_back_every_row(texts):
    rows = list(csv.reader(io.StringIO(written("csv", texts), newline="")))[1:]
    shown = ["" if t is None else escaped(t) for t in texts]
    assert [
        row[1] if row[1] == text else row[1].removeprefix("'") for row, text in zip(rows, shown, strict=True)
    ] == shown
