from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from interlock.report.printable import clip, clip_path, printable

# All of Unicode, lone surrogates included: what decoding octets with errors can leave behind.
ANY_TEXT = st.text(st.characters())


@given(ANY_TEXT)
def test_nothing_that_steers_a_terminal_or_reorders_text_survives(text: str) -> None:
    for letter in printable(text):
        assert unicodedata.category(letter) not in {"Cc", "Cs", "Zl", "Zp"}, repr(letter)
        assert unicodedata.bidirectional(letter) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }


@given(ANY_TEXT)
def test_printing_twice_changes_nothing_more(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(ANY_TEXT)
def test_result_is_utf8(text: str) -> None:
    printable(text).encode("utf-8")


@given(ANY_TEXT, st.integers(2, 80))
def test_clip_keeps_its_limit(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


@given(ANY_TEXT, st.integers(2, 80))
def test_a_path_keeps_its_limit(path: str, limit: int) -> None:
    assert len(clip_path(path, limit)) <= limit


def test_a_path_keeps_its_end() -> None:
    assert clip_path("/a/very/long/way/to/line1.pcap", 12) == "…/line1.pcap"
    assert clip_path("x" * 100 + "/line1.pcap", 13).endswith("/line1.pcap")


def test_ordinary_names_of_all_languages_stay() -> None:
    for name in ("Füllanlage 3", "Комп-1", "工場ライン", "Ligne d'embouteillage", "مضخة", "PLC_01"):
        assert printable(name) == name


def test_escapes_say_what_was_there() -> None:
    assert printable("a\x1b[2Jb\u202ec\x9b") == "a\\x1b[2Jb\\u{202e}c\\x9b"


def test_stacked_marks_are_cut() -> None:
    assert len(printable("Z" + "\u0301" * 400)) == 5
