"""The zone map as SVG: one file without script, style sheet, link or font of its own; texts escaped.

Only presentation attributes are used, so that the report's page, whose policy forbids styles, can hold it, too.
Colours tell apart for eyes that confuse red and green, and each says its word besides: + added, - removed, denied.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.counting import counted
from interlock.report.printable import clip, printable
from interlock.report.words import LEVEL_LABELS, role_label
from interlock.segment.draw.layout import LINE, TITLE, draw
from interlock.segment.draw.scene import ADDED, DENIED, REMOVED, SAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.segment.draw.layout import Band, Drawn, Place, Route
    from interlock.segment.draw.scene import Arrow, Box, Scene

__all__ = ["zone_map"]

_INK, _SOFT, _PAPER, _BAND, _LINE = "#182026", "#586670", "#ffffff", "#f1f4f2", "#c9d1d0"
_COLOURS: Final = {SAME: "#31525b", ADDED: "#00795a", REMOVED: "#c43100", DENIED: "#c2183a"}
"""Bluish green and vermilion (after Okabe and Ito) for differences."""
_ARROW_ACTS, _ARROW_LOOKS = "#31525b", "#7d97a3"
_KINDS: Final = {
    "control": ("#ffffff", "#8fa3a9"), "safety": ("#fff6d6", "#a87300"), "business": ("#f3f0fa", "#7b46b8"),
    "external": ("#f2f2f2", "#586670"), "temporary": ("#eef6fb", "#2d7690"), "wireless": ("#eef6fb", "#2d7690"),
    "": ("#fdeef0", "#c2183a"),
}  # fmt: skip
"""Fill and border by kind; the last one is `no zone`."""
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
_MOST_ROLES, _MOST_WITHIN, _MOST_ROWS = 5, 3, 240
_MARKS: Final = {ADDED: "+ ", REMOVED: "\N{MINUS SIGN} "}
_HEAD: Final = 86
_ROW: Final = 17
_WIDE_LETTERS: Final = 32
"""Characters of a line within a box."""


class _Line(NamedTuple):
    text: str
    state: str = SAME


def zone_map(scene: Scene, *, title: str, note: str = "") -> str:
    """Draw a scene. title, note: for people, above the map."""
    lines = {box.key: list(_lines(box)) for box in scene.boxes}
    badges = [_badge(number, arrow) for number, arrow in enumerate(scene.arrows, 1)]
    widths = [14 + 6.6 * len(text) for text in badges]
    drawn = draw(scene, {key: len(found) for key, found in lines.items()}, widths)
    width = max(drawn.width, 900.0)
    rows = list(_rows(scene, int(width / 6.9)))
    height = _HEAD + drawn.height + 30 + _ROW * len(rows) + (30 if rows else 0)
    body = [
        *_head(scene, title, note, width),
        f'<g transform="translate({(width - drawn.width) / 2:.0f} {_HEAD})">',
        *_map(scene, drawn, lines, badges),
        "</g>",
        *_table(rows, _HEAD + drawn.height + 34),
    ]
    label = escape(clip(title, 200), quote=True)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}" role="img" aria-label="{label}" font-family="{_FONT}" font-size="12">'
    )
    paper = f'<rect width="{width:.0f}" height="{height:.0f}" fill="{_PAPER}"/>'
    return "\n".join((opening, *_markers(), paper, *body, "</svg>\n"))


def _text(x: float, y: float, text: str, **more: object) -> str:
    given = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{given}>{escape(printable(text), quote=False)}</text>'


def _markers() -> Iterator[str]:
    yield "<defs>"
    for name, colour in (("acts", _ARROW_ACTS), ("looks", _ARROW_LOOKS), ("gone", _SOFT), *_COLOURS.items()):
        yield (
            f'<marker id="zm-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"'
            f' markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        )
    yield "</defs>"


def _head(scene: Scene, title: str, note: str, width: float) -> Iterator[str]:
    yield _text(24, 32, clip(title, 110), font_size=18, font_weight=600, fill=_INK)
    if note:
        yield _text(24, 52, clip(note, int(width / 6.4)), fill=_SOFT)
    x = 24.0
    for words, colour, width_of_line, dash in _legend(scene):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<path d="M{x:.0f} 70H{x + 30:.0f}" stroke="{colour}" stroke-width="{width_of_line}"{dashes}/>'
        yield _text(x + 38, 74, words, fill=_SOFT)
        x += 38 + 6.6 * len(words) + 26


def _legend(scene: Scene) -> Iterator[tuple[str, str, float, str]]:
    if scene.differs:
        yield "in both", _COLOURS[SAME], 1.6, ""
        yield "+ added", _COLOURS[ADDED], 2.4, ""
        yield "\N{MINUS SIGN} removed", _COLOURS[REMOVED], 2.4, "7 5"
    else:
        yield "may change something", _ARROW_ACTS, 2.4, ""
        yield "may look only", _ARROW_LOOKS, 1.4, ""
    if any(arrow.denied for arrow in scene.arrows):
        yield "denied, and seen", _COLOURS[DENIED], 2.4, "2 4"
        if scene.differs:
            yield "denied, and seen before alone", _SOFT, 1.6, "7 5"


def _lines(box: Box) -> Iterator[_Line]:
    for role, many, names in box.roles[:_MOST_ROLES]:
        kind = "network" if role == "network" else role_label(role) if role else "machine"
        if many == len(names):
            plain = role in {None, "network"}
            yield from (_Line(name if plain else f"{name} ({kind})") for name in names)
        else:
            yield _Line(f"{many:,} \N{MULTIPLICATION SIGN} {kind}")
    rest = box.roles[_MOST_ROLES:]
    if rest:
        yield _Line(f"and {counted(sum(many for _, many, _ in rest), 'more machine')}")
    if box.inside == "conduits" and box.zones == 1 and box.key != "no zone":
        yield _Line("within it: conduits only")
    for entry in box.within[:_MOST_WITHIN]:
        yield _Line(f"\N{CLOCKWISE OPEN CIRCLE ARROW} {entry.text}", entry.state)
    if len(box.within) > _MOST_WITHIN:
        yield _Line(f"\N{CLOCKWISE OPEN CIRCLE ARROW} {len(box.within) - _MOST_WITHIN} more")
    yield from (_Line(text, state) for state, text in box.changes)


def _map(scene: Scene, drawn: Drawn, lines: dict[str, list[_Line]], badges: list[str]) -> Iterator[str]:
    for number, band in enumerate(drawn.bands):
        yield from _band(band, drawn.width, even=number % 2 == 0)
    parents = [place for place in drawn.places if place.children]
    leaves = [place for place in drawn.places if not place.children]
    for place in parents:
        yield _shape(place)
    for route in drawn.routes:
        yield _curve(route, differs=scene.differs)
    for place in leaves:
        yield _shape(place)
    for place in (*parents, *leaves):
        yield from _words(place, lines[place.box.key])
    for route, text in zip(drawn.routes, badges, strict=True):
        yield from _pill(route, text, differs=scene.differs)


def _band(band: Band, width: float, *, even: bool) -> Iterator[str]:
    fill = _BAND if even else _PAPER
    yield f'<rect x="0" y="{band.y:.0f}" width="{width:.0f}" height="{band.height:.0f}" fill="{fill}"/>'
    if band.level == "outside":
        words = "Outside the plant"
    elif band.level is None:
        words = "Level unknown"
    else:
        words = f"Level {band.level} · {LEVEL_LABELS.get(band.level, '')}"
    yield _text(12, band.y + 20, words, fill=_SOFT, font_weight=600)


def _shape(place: Place) -> str:
    box = place.box
    fill, border = _KINDS.get(box.kind, _KINDS["control"])
    dashes = ""
    wide = 2.5 if box.kind == "safety" else 1.3
    if box.state in _MARKS and box.kind:
        border, wide = _COLOURS[box.state], 2.5
        dashes = ' stroke-dasharray="7 5"' if box.state == REMOVED else ""
    elif not box.kind:
        dashes = ' stroke-dasharray="4 4"'
    under = ""
    if box.zones > 1:
        under = (
            f'<rect x="{place.x + 5:.0f}" y="{place.y - 5:.0f}" width="{place.width:.0f}" height="{place.height:.0f}"'
            f' rx="7" fill="{fill}" stroke="{border}"/>'
        )
    return (
        f'{under}<rect x="{place.x:.0f}" y="{place.y:.0f}" width="{place.width:.0f}" height="{place.height:.0f}" rx="7"'
        f' fill="{fill}" stroke="{border}" stroke-width="{wide}"{dashes}/>'
    )


def _words(place: Place, lines: list[_Line]) -> Iterator[str]:
    box = place.box
    name = f"{_MARKS.get(box.state, '')}{box.name}"
    yield _text(
        place.x + 12,
        place.y + 19,
        clip(name, 29),
        font_size=14,
        font_weight=600,
        fill=_COLOURS[box.state] if box.state in _MARKS and box.kind else _INK,
    )
    said = [box.kind if box.zones == 1 else "", _levels(box.sl_t), f"{box.owner}" if box.owner else ""]
    if box.key == "no zone":
        said = ["machines that no zone claims"]
    elif box.machines > 1:
        said.insert(1, counted(box.machines, "member"))
    yield _text(
        place.x + 12, place.y + 34, clip(" · ".join(filter(None, said)), 38), font_size=11, fill=_SOFT
    )
    for number, line in enumerate(lines):
        colour = _COLOURS[line.state] if line.state != SAME else _INK
        text = clip(f"{_MARKS.get(line.state, '')}{line.text}", _WIDE_LETTERS)
        yield _text(place.x + 12, place.y + TITLE + 12 + number * LINE, text, fill=colour)


def _levels(sl_t: tuple[int, ...] | None) -> str:
    if sl_t is None:
        return ""
    return f"SL-T {sl_t[0]}" if len(set(sl_t)) == 1 else f"SL-T {'-'.join(map(str, sl_t))}"


def _look(arrow: Arrow, *, differs: bool) -> tuple[str, str, float, str]:
    """Marker, colour, width and dashes of an arrow. What is denied is red, also where it is new."""
    if arrow.denied and arrow.state == REMOVED:
        return "gone", _SOFT, 1.6, "7 5"
    if arrow.denied:
        return DENIED, _COLOURS[DENIED], 2.4, "2 4"
    if arrow.state in _MARKS:
        return arrow.state, _COLOURS[arrow.state], 2.4, "7 5" if arrow.state == REMOVED else ""
    if differs:
        return SAME, _COLOURS[SAME], 1.6, ""
    acts = any(entry.acts for entry in arrow.entries)
    return ("acts", _ARROW_ACTS, 2.4, "") if acts else ("looks", _ARROW_LOOKS, 1.4, "")


def _curve(route: Route, *, differs: bool) -> str:
    marker, colour, width, dash = _look(route.arrow, differs=differs)
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = route.points
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{x1:.0f} {y1:.0f}C{x2:.0f} {y2:.0f} {x3:.0f} {y3:.0f} {x4:.0f} {y4:.0f}" fill="none"'
        f' stroke="{colour}" stroke-width="{width}"{dashes} marker-end="url(#zm-{marker})"/>'
    )


def _badge(number: int, arrow: Arrow) -> str:
    """The number by which the list below names it, and the verbs."""
    if arrow.denied:
        many = sum(entry.many or 0 for entry in arrow.entries)
        words = [f"denied \N{MULTIPLICATION SIGN} {many:,}"] if many else ["denied"]
        return f"{number}  {_MARKS.get(arrow.state, '')}{words[0]}"
    verbs = list(dict.fromkeys(verb for entry in arrow.entries for verb in entry.verbs))
    verbs.sort(key=lambda verb: verb in {"open", "close"})  # stable
    text = " ".join("any" if verb == "*" else verb for verb in verbs[:3])
    more = f" +{len(verbs) - 3}" if len(verbs) > 3 else ""
    changed = [sum(entry.state == state for entry in arrow.entries) for state in (ADDED, REMOVED)]
    marks = ""
    if arrow.state == SAME and any(changed):
        marks = (
            "  ("
            + " ".join(f"{_MARKS[s].strip()}{n}" for s, n in zip((ADDED, REMOVED), changed, strict=True) if n)
            + ")"
        )
    return clip(f"{number}  {_MARKS.get(arrow.state, '')}{text}{more}{marks}", 40)


def _pill(route: Route, text: str, *, differs: bool) -> Iterator[str]:
    _, colour, _, _ = _look(route.arrow, differs=differs)
    x, y = route.badge
    wide = route.badge_width
    yield (
        f'<rect x="{x - wide / 2:.0f}" y="{y - 10:.0f}" width="{wide:.0f}" height="20" rx="10" fill="{_PAPER}"'
        f' stroke="{colour}"/>'
    )
    yield _text(x, y + 4, text, text_anchor="middle", fill=colour, font_weight=600, font_size=11.5)


def _rows(scene: Scene, letters: int) -> Iterator[tuple[str, str, bool]]:
    """Lines of the list below the map: text, state, and whether it begins an arrow."""
    made = 0
    for number, arrow in enumerate(scene.arrows, 1):
        if made > _MOST_ROWS:
            yield (
                f"and {len(scene.arrows) - number + 1} more arrows; interlock zone draw --json lists all",
                SAME,
                True,
            )
            return
        word = "denied" if arrow.denied else "allowed"
        yield (
            f"{number}  {arrow.client} \N{RIGHTWARDS ARROW} {arrow.server} ({word})",
            DENIED if arrow.denied else SAME,
            True,
        )
        for sentence, state in list(_sentences(arrow))[: _MOST_ROWS // 4]:
            made += 1
            lines = textwrap.wrap(sentence, letters - 8, break_long_words=True, max_lines=3, placeholder=" …")
            yield from ((line, state, False) for line in lines)


def _sentences(arrow: Arrow) -> Iterator[tuple[str, str]]:
    """Each allowance; of denials, and of what was seen, one for each title."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for entry in arrow.entries:
        many = f" \N{MULTIPLICATION SIGN} {entry.many:,}" if entry.many else ""
        together.setdefault((entry.title, entry.note, entry.state), []).append(f"{entry.text}{many}")
    for (title, note, state), texts in together.items():
        word = {ADDED: "added: ", REMOVED: "removed: "}.get(state, "")
        noted = f" ({note})" if note else ""
        sentence = f"{_MARKS.get(state, '')}{word}{title} \N{EM DASH} {', '.join(texts)}{noted}"
        colour = (
            (SAME if state == REMOVED else DENIED) if arrow.denied else state if state in _MARKS else SAME
        )
        yield printable(sentence), colour


def _table(rows: Iterable[tuple[str, str, bool]], top: float) -> Iterator[str]:
    for number, (text, state, begins) in enumerate(rows):
        weight = 600 if begins else 400
        colour = _COLOURS[state] if state != SAME else _INK
        yield _text(24 if begins else 44, top + number * _ROW, text, fill=colour, font_weight=weight)
