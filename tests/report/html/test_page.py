from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import pytest

from interlock.report.html.page import render_page
from interlock.report.record import Report, Run

from ..plant import HOSTILE  # noqa: TID252 - the fixtures of this room

ALLOWED_SCHEMES = ("#", "data:,")


class Page(HTMLParser):
    """Every element with its attributes, texts of script and style apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.styles, self._inside = [], [], [], None
        self.ids, self.words = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in {"script", "style"} else None
        if dict(attrs).get("id"):
            assert dict(attrs)["id"] not in self.ids, "an id stands twice"
            self.ids.add(dict(attrs)["id"])

    def handle_endtag(self, tag) -> None:
        self._inside = None

    def handle_data(self, data) -> None:
        {"script": self.scripts, "style": self.styles}.get(self._inside, self.words).append(data)


@pytest.fixture(scope="module")
def page(plant_report) -> Page:
    return Page(render_page(plant_report))


@pytest.fixture(scope="module")
def hostile(hostile_report) -> Page:
    return Page(render_page(hostile_report))


def test_policy_names_exactly_the_style_and_the_script(page) -> None:
    policy = next(
        a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    (style,), (script,) = page.styles, page.scripts
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_nothing_points_outside(which, request) -> None:
    made = request.getfixturevalue(which)
    for tag, attributes in made.elements:
        assert not set(attributes) & {
            "src",
            "srcset",
            "action",
            "formaction",
            "style",
            "ping",
            "poster",
            "background",
        }, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "xlink:href"):
            if name in attributes:
                assert attributes[name].startswith(ALLOWED_SCHEMES), attributes[name]
    assert not re.search(
        r"https?:|//[a-z]|@import|url\(|\beval\b|innerHTML|document\.write", "".join(made.styles)
    )
    assert not re.search(
        r"https?:|\beval\b|innerHTML|document\.write|\bimport\b|fetch\(|XMLHttp", "".join(made.scripts)
    )


def test_hostile_texts_add_no_element_and_no_attribute(page, hostile) -> None:
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in page.elements} | {"br", "em", "option"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert {name for _, attributes in hostile.elements for name in attributes} <= names | {"data-g"}


def test_hostile_texts_are_shown_as_they_are(hostile) -> None:
    words = "".join(hostile.words)
    for evil in HOSTILE[:8]:
        assert evil in words
    assert "{{ 7 * 7 }}{% raw %}" in words  # no template inside a template
    assert not set(words) & set("\x1b\x9b\x07\x00\u202e\u2066\u200b\ufeff")


def test_page_is_utf8(hostile_report) -> None:
    render_page(hostile_report).encode("utf-8")


def test_every_link_has_its_target(page) -> None:
    for _, attributes in page.elements:
        href = attributes.get("href", "")
        if href.startswith("#"):
            assert href[1:] in page.ids, href


def test_sections_come_in_order_health_first(page) -> None:
    sections = [a["id"] for tag, a in page.elements if tag == "section"]
    assert sections == [
        "health",
        "summary",
        "first",
        "map-section",
        "machines",
        "findings",
        "relations",
        "protocols",
        "limits",
        "captures",
    ]


def test_every_finding_says_where_to_look(page, plant_report) -> None:
    words = "".join(page.words)
    for finding in plant_report.findings:
        frames = finding.evidence[0].frames
        assert (
            f"frame.number == {frames[0]}" in words
            or f"frame.number in {{{', '.join(map(str, frames))}}}" in words
        )


def test_every_field_says_where_it_came_from_and_what_contradicts_it(page, plant_report) -> None:
    words = "".join(page.words)
    for asset in plant_report.assets:
        for _, proofs in asset.provenance:
            assert all(f"frame.number == {proof.frame}" in words for proof in proofs)
    assert "V2.5.2" in words  # the losing side of a conflict


def test_same_report_same_page(plant_report) -> None:
    assert render_page(plant_report) == render_page(plant_report)


def test_an_empty_run_has_a_page() -> None:
    words = "".join(Page(render_page(Report(run=Run(version="0.1.0", sources=())))).words)
    assert "No machine was seen." in words
    assert "That is not the same as safe." in words


def test_five_thousand_machines_stay_below_five_megabytes_and_all_open(large_page) -> None:
    text = large_page
    assert len(text.encode()) < 5_000_000
    page = Page(text)
    rows = [a["id"] for tag, a in page.elements if tag == "details" and a.get("class") == "m"]
    assert len(rows) == 5_000
    packed = json.loads(page.scripts[0])
    fragments = [
        fragment
        for chunk in packed["chunks"]
        for fragment in json.loads(zlib.decompress(base64.b64decode(chunk), -15))
    ]
    assert packed["first"] + len(fragments) == 5_000
    assert packed["first"] >= 100
    assert all(
        fragment.startswith('<div class="in">') and "frame.number" in fragment for fragment in fragments
    )
    assert set(page.scripts[0]) <= set(
        '{}[]": ,abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/='
    )
    assert sum(tag == "a" and "n" in (a.get("class") or "").split() for tag, a in page.elements) <= 150
