"""The page in a real browser: what a plant engineer does with it, and what a hostile name tries."""
# ruff: noqa: E501 - scripts for the page stand on one line each

from __future__ import annotations

import dataclasses

import pytest
from tests.report.test_zone_map import scenes

from interlock.report.output import write_report

from ..browser import CHROMIUM, DRIVER, MISSING, Browser  # noqa: TID252 - the fixtures of this room

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)


@pytest.fixture(scope="module")
def pages(plant_report, hostile_report, large_page, tmp_path_factory):
    made = {"large": tmp_path_factory.mktemp("large") / "report.html"}
    made["large"].write_text(large_page, encoding="utf-8")
    zoned = dataclasses.replace(plant_report, zones=scenes()["map"])
    for name, report in (("plant", plant_report), ("hostile", hostile_report), ("zoned", zoned)):
        folder = tmp_path_factory.mktemp(name)
        write_report(report, folder)
        made[name] = folder / "report.html"
    return made


@pytest.fixture(scope="module")
def desktop():
    with Browser(1280, 900) as browser:
        yield browser


@pytest.fixture(scope="module")
def phone():
    with Browser(390, 844) as browser:
        yield browser


@pytest.mark.parametrize("name", ["plant", "hostile", "large", "zoned"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_opens_without_a_complaint_or_a_request_and_fits(name, size, pages, request) -> None:
    browser = request.getfixturevalue(size)
    browser.log()
    browser.open(pages[name])
    assert browser.run("return document.documentElement.classList.contains('scripted')")
    assert browser.log() == []
    assert browser.requests() == []
    wide, window = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def test_search_and_role_filter_the_machines(desktop, pages) -> None:
    desktop.open(pages["plant"])
    shown = "return document.querySelectorAll('#rows > .m:not([hidden])').length"
    assert desktop.run(shown) == 41
    desktop.run(
        "document.getElementById('find').value = 'siemens plc'; document.getElementById('find').dispatchEvent(new Event('input'))"
    )
    assert desktop.run(shown) == 3
    desktop.run(
        "document.getElementById('find').value = 'S C-L1N28137'; document.getElementById('find').dispatchEvent(new Event('input'))"
    )  # a serial no row shows
    assert desktop.run(shown) == 1
    desktop.run(
        "document.getElementById('find').value = ''; document.getElementById('find').dispatchEvent(new Event('input')); role.value = 'drive'; role.dispatchEvent(new Event('change'))"
    )
    assert desktop.run(shown) == 4
    assert desktop.run("return shown.textContent") == "4 of 41"


def test_columns_sort_both_ways(desktop, pages) -> None:
    desktop.open(pages["plant"])
    column = "return Array.from(document.querySelectorAll('#rows > .m > summary'), (s) => s.children[%d].textContent)"
    risks = [int(risk) for risk in desktop.run(column % 7)]
    assert risks == sorted(risks, reverse=True)
    desktop.run("document.querySelectorAll('.heads button')[2].click()")
    addresses = [tuple(map(int, a.split(" ")[0].split("."))) for a in desktop.run(column % 2)]
    assert addresses == sorted(addresses)
    desktop.run("document.querySelectorAll('.heads button')[2].click()")
    assert desktop.run(column % 2)[0] == "10.20.35.10"


def test_opening_a_finding_shows_its_frames(desktop, pages) -> None:
    desktop.open(pages["plant"])
    code = "document.querySelector('#f0 .frames code')"
    assert desktop.run(f"return {code}.checkVisibility()") is False
    desktop.run("document.querySelector('#f0 > summary').click()")
    assert desktop.wait(f"{code}.checkVisibility()")
    assert (
        desktop.run(f"return {code}.textContent")
        == "frame.number in {41022, 41030, 41038, 41046, 41054, 41062, 41070}"
    )


def test_map_opens_a_machine_lights_its_lines_and_closes(desktop, pages) -> None:
    desktop.open(pages["plant"])
    assert desktop.run("return document.querySelectorAll('#nodes .n').length") == 39
    desktop.run(
        "document.querySelector('.n[aria-label^=ENG-LAPTOP]').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    assert desktop.wait("!panel.hidden")
    assert "Engineering station" in desktop.run("return card.textContent")
    assert "frame.number ==" in desktop.run("return card.textContent")
    lit = desktop.run("return Array.from(document.querySelectorAll('.e.on title'), (t) => t.textContent)")
    assert lit
    assert all("ENG-LAPTOP-7" in title for title in lit)
    desktop.run("dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    assert desktop.run("return panel.hidden && !map.classList.contains('lit')")


def test_map_zooms_and_sifts_lines(desktop, pages) -> None:
    desktop.open(pages["plant"])
    before = desktop.run("return map.getBoundingClientRect().width")
    desktop.run("document.getElementById('in').click()")
    assert desktop.run("return map.getBoundingClientRect().width") > before * 1.2
    desktop.run("fit.click()")
    assert desktop.run("return map.getBoundingClientRect().width <= view.clientWidth")
    drawn = "return Array.from(document.querySelectorAll('.e'), (e) => [e.classList.contains('off'), e.classList.contains('program')])"
    desktop.run(
        "document.getElementById('show').value = 'program'; document.getElementById('show').dispatchEvent(new Event('change'))"
    )
    assert all(off != program for off, program in desktop.run(drawn))
    assert any(program for _, program in desktop.run(drawn))


def test_the_keyboard_reaches_a_machine_on_the_map(desktop, pages) -> None:
    desktop.open(pages["plant"])
    desktop.run("document.querySelector('.n').focus()")
    assert desktop.run(
        "return document.activeElement.classList.contains('n') && map.classList.contains('lit')"
    )


def test_a_packed_machine_opens_like_any_other(desktop, pages) -> None:
    desktop.open(pages["large"], "#m4999")
    assert desktop.wait("document.querySelector('#m4999[open] .fields code')")
    assert "frame.number ==" in desktop.run("return document.querySelector('#m4999').textContent")
    assert desktop.log() == []


def test_a_group_on_the_map_lists_and_filters_its_machines(desktop, pages) -> None:
    desktop.open(pages["large"])
    node = "Array.from(document.querySelectorAll('.n.many')).find((n) => n.dataset.g.split(' ').length > 100)"
    count = desktop.run(f"return {node}.dataset.g.split(' ').length")
    desktop.run(f"{node}.dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))")
    desktop.wait("!panel.hidden")
    desktop.run("card.querySelector('button').click()")
    assert desktop.run("return document.querySelectorAll('#rows > .m:not([hidden])').length") == count


def test_search_in_five_thousand_machines_is_quick(desktop, pages) -> None:
    desktop.open(pages["large"])
    took = desktop.run(
        "const start = performance.now(); document.getElementById('find').value = 'plc-4'; document.getElementById('find').dispatchEvent(new Event('input')); "
        "document.body.getBoundingClientRect(); return performance.now() - start"
    )
    assert took < 2_000


@pytest.mark.parametrize("number", range(0, 17, 4))
def test_hostile_names_do_nothing_when_opened(number, desktop, pages) -> None:
    desktop.open(pages["hostile"])
    title = desktop.run("return document.title")
    desktop.run(f"document.getElementById('m{number}').open = true; document.querySelector('.f').open = true")
    desktop.run(
        "for (const node of document.querySelectorAll('.n')) node.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    assert desktop.run("return document.title") == title
    assert "owned" not in title.removeprefix("</script><script>document.title='owned'</script>")
    assert (
        desktop.run(
            "return document.images.length + document.querySelectorAll('iframe, object, embed').length"
        )
        == 0
    )
    assert desktop.log() == []


def test_without_javascript_everything_opens(pages) -> None:
    with Browser(script=False) as browser:
        browser.open(pages["plant"])
        assert not browser.run("return document.documentElement.classList.contains('scripted')")
        assert browser.run("return document.getElementById('find').checkVisibility()") is False
        browser.run("document.querySelector('#m3 > summary').click()")
        assert browser.run("return document.querySelector('#m3 .fields code').checkVisibility()")
        assert browser.run("return map.checkVisibility()")
