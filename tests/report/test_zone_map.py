"""The zone map's SVG: the same each time, whole as XML, without script or reference, and nothing breaks out of it."""

from __future__ import annotations

import dataclasses
import struct
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.segment.draw.plants import LATER, SITE, large, policy
from tests.segment.draw.test_scene import violation

from interlock.records.site import Site
from interlock.report.schema import check
from interlock.report.zone_map import zone_map
from interlock.report.zone_map_document import map_document
from interlock.segment.draw.difference import difference_of
from interlock.segment.draw.scene import scene_of

from .browser import CHROMIUM, DRIVER, MISSING, Browser
from .golden_text import assert_golden

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert(1)</script><a href="x"> & \x1b[31m \u202e ]]> <!--'
ALLOWED = {"svg", "defs", "marker", "path", "rect", "text", "g"}


def scenes():
    told = (
        violation("10.1.3.1", "operations", "10.1.1.11", "trips"),
        violation("172.16.0.9", None, "10.1.1.1", "boiler", reason="no-zone"),
        violation("172.16.0.9", None, "172.16.0.8", None, reason="no-zone"),
    )
    plain, later = scene_of(policy(), "default", (), told), scene_of(policy(LATER), "default", ())
    return {
        "map": plain,
        "difference": difference_of(plain, later),
        "large": scene_of(policy(large(300)), "default", ()),
    }


@pytest.mark.parametrize("name", ["map", "difference"])
def test_golden(name):
    assert_golden(
        f"zone_{name}.svg", zone_map(scenes()[name], title="Zones and conduits of dairy", note="as of a day")
    )


@pytest.mark.parametrize("name", ["map", "difference", "large"])
def test_it_is_self_contained(name):
    root = ET.fromstring(zone_map(scenes()[name], title="t"))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        for key, value in element.attrib.items():
            assert key not in {"href", "style", "class"}
            assert not key.startswith("on")
            assert "url(" not in value or value.startswith("url(#zm-")


def test_what_differs_has_its_word_and_violations_are_red():
    texts = [
        element.text or ""
        for element in ET.fromstring(zone_map(scenes()["difference"], title="t")).iter(f"{SVG}text")
    ]
    assert "+ laboratory" in texts
    assert "\N{MINUS SIGN} filling" in texts
    assert any(text.startswith("+ added: samples") for text in texts)
    assert any(text.startswith("\N{MINUS SIGN} removed: vendor") for text in texts)
    root = ET.fromstring(zone_map(scenes()["map"], title="t"))
    red = [e for e in root.iter(f"{SVG}path") if e.get("marker-end") == "url(#zm-denied)"]
    assert len(red) == 3
    assert {e.get("stroke") for e in red} == {"#c2183a"}
    said = [e.text for e in root.iter(f"{SVG}text") if e.get("fill") == "#c2183a"]
    assert any("denied \N{MULTIPLICATION SIGN} 3" in text for text in said)


def renamed(name: str) -> Site:
    """The plant with a hostile name wherever people write one."""
    zones = tuple(dataclasses.replace(z, name=f"{name}{n}", owner=name, parent=z.parent and f"{name}3")
                  for n, z in enumerate(SITE.zones))  # fmt: skip
    new = {old.name: one.name for old, one in zip(SITE.zones, zones, strict=True)}
    conduits = tuple(
        dataclasses.replace(
            c,
            name=name,
            reason=name,
            objects=(name,),
            from_=tuple(new[z] for z in c.from_),
            to=tuple(new[z] for z in c.to),
        )
        for c in SITE.conduits
    )
    return Site(name=name, zones=zones, conduits=conduits)


@given(name=st.one_of(st.just(HOSTILE), st.text(max_size=60)))
@settings(deadline=None, max_examples=60)
def test_no_name_breaks_out(name):
    text = zone_map(scene_of(policy(renamed(name)), "default", ()), title=name, note=name)
    root = ET.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
    assert all(sign == "\n" or sign.isprintable() or sign in name for sign in text)
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("name", ["map", "difference", "large"])
def test_the_document_keeps_its_schema(name):
    check(map_document(scenes()[name]), "zone-map")


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
@pytest.mark.parametrize("name", ["map", "difference", "large"])
def test_a_browser_draws_it_and_no_words_leave_the_picture(name, tmp_path):
    path = tmp_path / "zones.svg"
    path.write_text(zone_map(scenes()[name], title="Zones and conduits"), "utf-8")
    root = ET.fromstring(path.read_text("utf-8"))
    wide, high = (int(root.get(word)) for word in ("width", "height"))
    with Browser(wide, high) as browser:
        browser.open(path)
        assert browser.log() == []
        out = browser.run(
            "const w = document.documentElement.width.baseVal.value;"
            "const leaves = (t) => { const b = t.getBoundingClientRect(); return b.right > w + 1 || b.left < -1; };"
            "return [...document.querySelectorAll('text')].filter(leaves).map((t) => t.textContent)"
        )
        assert out == []
        browser.picture(tmp_path / "zones.png")
    octets = (tmp_path / "zones.png").read_bytes()
    assert struct.unpack(">II", octets[16:24])[0] == wide
    assert len(octets) > 10_000
