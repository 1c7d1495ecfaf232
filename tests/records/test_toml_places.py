"""Line and column of every kind of mistake in what people write, as an editor counts them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.bootstrap import read_site
from interlock.errors import ConfigError
from interlock.records.site import Site
from interlock.records.site_text import load_site
from interlock.records.toml_places import decode_text, locate, parse_toml
from interlock.records.toml_walk import walk

MISTAKES = {
    "unknown table": ("[site]\nname = 'x'\n\n[[ zone ]]\nname = 'y'\n", 4, 4, "did you mean 'zones'?"),
    "unknown plain table": ("# a\n[tables]\nx = 1\n", 2, 2, "found 'tables'"),
    "unknown table in a line": ("\nzone = [{name = 'x'}]\n", 2, 1, "did you mean 'zones'?"),
    "unknown dotted table": ("[site]\nname = 'x'\n[a.b.c]\n", 3, 2, "found 'a'"),
    "unknown key": ("[[zones]]\nname = 'x'\n  naem = 'y'\n", 3, 3, "did you mean 'name'?"),
    "unknown quoted key": ("[[zones]]\nname = 'x'\n\"co lour\" = 'y'\n", 3, 1, "found 'co lour'"),
    "unknown key of the second": (
        "[[zones]]\nname = 'x'\n[[zones]]\nname = 'y'\nx = 1\n", 5, 1, "found 'x'",
    ),
    "unknown key in a line": ("zones = [{name = 'x'}, {name = 'y', z = 1}]\n", 1, 37, "found 'z'"),
    "wrong type": ("[[zones]]\nname = 3\n", 2, 8, "found an integer"),
    "wrong type after a tab": ("[[zones]]\n\tname\t=\t3\n", 2, 9, "found an integer"),
    "wrong type, dotted": ("site.name = 3\n", 1, 13, "found an integer"),
    "wrong item over lines": (
        "[[zones]]\nname = 'x'\nmembers = [\n  '10.0.0.1', # one\n  'ten',\n]\n", 5, 3, "found 'ten'",
    ),
    "a table for an array": ("[zones]\nname = 'x'\n", 1, 1, "written [[zones]]"),
    "missing key": ("[[zones]]\nname = 'x'\n\n[[zones]]\nsl_t = 2\n", 4, 1, "expected `name`"),
    "key twice": ("[site]\nname = 'x'\nname = 'y'\n", 3, 1, "second time, first on line 2"),
    "key twice in a line": ("zones = [{name = 'x', name = 'y'}]\n", 1, 23, "first on line 1"),
    "table twice": ("[site]\nname = 'x'\n\n[site]\nname = 'y'\n", 4, 2, "first on line 1"),
    "table and array": ("[zones]\n[[zones]]\n", 2, 3, "first on line 1"),
    "name twice": ("[[zones]]\nname = 'x'\n[[zones]]\nname = 'x'\n", 4, 8, "stands twice"),
    "unclosed text": ('[site]\nname = "x\n[[zones]]\n', 2, 8, 'no closing "'),
    "unclosed text at the end": ('[site]\nname = "x', 2, 8, 'no closing "'),
    "unclosed literal": ("[site]\nname = 'x\n", 2, 8, "no closing '"),
    "unclosed long text": ('[site]\nname = """x\n\n[[zones]]\n', 2, 8, 'no closing """'),
    "unclosed array": ("[[zones]]\nname = 'x'\nmembers = ['10.0.0.1'\nsl_t = 1\n", 3, 11, "array that begins"),
    "unclosed array at the end": ("[[zones]]\nname = 'x'\nmembers = ['10.0.0.1',\n", 3, 11, "no closing ]"),
    "unclosed table": ("zones = [{name = 'x']\n", 1, 10, "no closing }"),
    "unclosed header": ("[[zones]\nname = 'x'\n", 1, 8, "expected ']]'"),
    "no value": ("[site]\nname =\n", 2, 7, "invalid value"),
    "no quotes": ("[site]\nname = hall\n", 2, 8, "invalid value"),
    "typographic quotes": ("[site]\nname = \u201chall\u201d\n", 2, 8, "invalid value"),
    "a colon": ("[site]\nname: 'x'\n", 2, 5, "expected '='"),
    "an escape that there is not": ('[site]\nname = "C:\\plant"\n', 2, 11, "single quotes"),
    "a control character": ('[site]\nname = "a\x01b"\n', 2, 10, "illegal character"),
    "umlauts before it": ("[site]\nname = 'Würzküche' # süß\nnaem = 1\n", 3, 1, "found 'naem'"),
    "umlaut in a key": ("[site]\nn\u00e4me = 'x'\n", 2, 2, "expected '='"),
}  # fmt: skip


def place_of(text: str) -> tuple[int, int, str]:
    with pytest.raises(ConfigError) as caught:
        load_site(text)
    said = str(caught.value)
    found = re.match(r"site\.toml, line (\d+), column (\d+): expected (.*)", said)
    assert found, said
    return int(found[1]), int(found[2]), said


@pytest.mark.parametrize("kind", MISTAKES)
def test_line_and_column_are_exact(kind: str) -> None:
    text, line, column, expected = MISTAKES[kind]
    at_line, at_column, said = place_of(text)
    assert (at_line, at_column) == (line, column), said
    assert expected in said


@pytest.mark.parametrize("kind", MISTAKES)
@pytest.mark.parametrize("how", ["crlf", "cr", "bom", "bom and crlf"])
def test_how_lines_end_and_a_byte_order_mark_move_nothing(kind: str, how: str, tmp_path) -> None:
    text, line, column, _ = MISTAKES[kind]
    ended = text.replace("\n", "\r\n" if "crlf" in how else "\r" if how == "cr" else "\n")
    path = tmp_path / "site.toml"
    path.write_bytes(("\ufeff" if "bom" in how else "").encode() + ended.encode())
    with pytest.raises(ConfigError, match=rf"site\.toml, line {line}, column {column}: "):
        read_site(str(path))


def test_the_same_ways_of_ending_lines_are_read(tmp_path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf[site]\r\nname = 'x'\r\n")
    assert read_site(str(path)).name == "x"
    for nothing in (b"", b"\n", b"\xef\xbb\xbf", b"# nothing yet"):
        path.write_bytes(nothing)
        assert read_site(str(path)) == Site()


@pytest.mark.parametrize(
    ("octets", "line", "column", "octet"),
    [
        (b"[site]\nname = 'K\xfcche'\n", 2, 10, "FC"),
        ("# süß\nname = '".encode() + b"\xff'", 2, 9, "FF"),
        ("[site]\n".encode("utf-16"), 1, 1, "FF"),
        (b"\xef\xbb\xbf[site]\r\n\xe4", 2, 1, "E4"),
        (b"name = '\xc3", 1, 9, "C3"),
    ],
)
def test_the_first_octet_that_is_no_utf_8_is_named(octets, line, column, octet) -> None:
    with pytest.raises(ConfigError, match=rf"f, line {line}, column {column}: expected UTF-8.*0x{octet}"):
        decode_text(octets, file="f")


WHOLE = """\
a = 1
'b c'.d = [1, [2, 3], {e = "x", f.g = '''y
z'''}] # end
[t]
k = \"\"\"one \\" two\"\"\"\"\"
[[t.list]]
n = 2026-01-01 00:00:00
[[t.list]]
[t.list.sub]
n = true
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("a",), (1, 5), (1, 1)),
        (("b c", "d"), (2, 11), (2, 7)),
        (("b c", "d", 1, 1), (2, 19), (2, 19)),
        (("b c", "d", 2, "e"), (2, 28), (2, 24)),
        (("b c", "d", 2, "f", "g"), (2, 39), (2, 35)),
        (("t",), (4, 1), (4, 2)),
        (("t", "k"), (5, 5), (5, 1)),
        (("t", "list"), (6, 1), (6, 5)),
        (("t", "list", 0, "n"), (7, 5), (7, 1)),
        (("t", "list", 1), (8, 1), (8, 5)),
        (("t", "list", 1, "sub", "n"), (10, 5), (10, 1)),
        (("t", "list", 1, "sub", "missing"), (9, 1), (9, 1)),
        (("missing",), (1, 1), (1, 1)),
    ],
)
def test_every_place_of_a_right_text(path, value, key) -> None:
    parse_toml(WHOLE, file="f")
    assert locate(WHOLE, path) == value
    assert locate(WHOLE, path, key=True) == key


def test_what_is_right_has_nothing_open_and_nothing_twice() -> None:
    places = walk(WHOLE)
    assert places.unclosed is None
    assert places.twice is None
    assert walk("a = " + "[" * 5000).unclosed is None  # deeper than anybody writes: given up


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=list("ab.=[]{}\"'\\\n# ,1"), max_size=60))
def test_any_text_ends_and_places_lie_in_it(text: str) -> None:
    places = walk(text)
    offsets = [*places.keys.values(), *places.values.values()]
    assert all(0 <= offset <= len(text) for offset in offsets)
