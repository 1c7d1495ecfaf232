from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from interlock.records.asset import Asset, Conflict, Proof, Risk
from interlock.report.html.filters import SHOWN
from interlock.report.html.machine import detail, row
from interlock.report.html.views import Link, MachineView, views_of
from interlock.report.printable import printable

EVIL = st.text(
    st.sampled_from("<>&\"'/=;{}%\x1b\x00\u202e\u200b") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=40,
)


class _Read(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.words = ""
        self.depth = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, tuple(name for name, _ in attrs)))
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.words += data


def _machine(text: str) -> MachineView:
    proof = Proof(value=text, protocol=text, source=text, frame=7, confidence=0.5, first=1, last=2, note=text)
    asset = Asset(
        id=text, realm=text, names=(text,), ips=(text,), vendor=text, product=text, role="plc", served=(text,),
        risk=Risk(score=3, reasons=(text,)), provenance=(("vendor", (proof,) * 6), (text, (proof,))),
        conflicts=(Conflict(field="vendor", proofs=(proof,)), Conflict(field="os", proofs=(proof,))),
    )  # fmt: skip
    link = Link(number=None, text=text, note=text, effect="read")
    return MachineView(
        number=1, asset=asset, name=text, address=text, role=text, icon=text, risk="calm", behind=link,
        units=[link] * 50, asks=[link], asked=[link], more_talks=2,
    )  # fmt: skip


def _whole(text: str) -> str:
    machine = _machine(text)
    return row(machine, detail(machine, 5, "other"))


PLAIN = _Read(_whole("plain"))


@given(EVIL)
def test_no_text_adds_an_element_or_an_attribute_and_each_is_told(text: str) -> None:
    read = _Read(_whole(text))
    assert read.tags == PLAIN.tags
    assert read.depth == PLAIN.depth == 0
    assert read.words.count(printable(text)[:20].strip()) >= 8
    assert not set(read.words) & set("\x1b\x00\u202e\u200b")


def test_all_proofs_of_a_field_are_shown_or_counted(plant_report) -> None:
    for machine in views_of(plant_report).machines:
        words = _Read(detail(machine, plant_report.run.last, "")).words
        proofs = sum(min(4, len(field.proofs)) + min(6, len(field.against)) for field in machine.fields)
        assert words.count("frame.number == ") == proofs
        assert words.count("more in assets.json") == sum(len(field.proofs) > 4 for field in machine.fields)


@pytest.mark.parametrize("first", ["text", "markup"])
def test_a_text_that_equals_markup_is_escaped_whichever_came_first(first: str) -> None:
    text = f"<b>{first}</b>"
    both = [(text, f"&lt;b&gt;{first}&lt;/b&gt;"), (Markup(text), text)]
    for value, shown in both if first == "text" else reversed(both):
        assert SHOWN["clip"](value, 60) == shown
