"""A machine's row, and what it opens to, as HTML: written straight, for a site has thousands, each with a dozen proofs.

Here no environment stands between a text and the page: everything that is not written here, and no number, goes
through `filters.SHOWN` or `filters.shown`, which make it printable and escape it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.report.html.filters import SHOWN, age, shown
from interlock.report.order import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.report.html.views import FieldView, Link, MachineView

__all__ = ["detail", "row"]

_FINDINGS: Final = 8
_REASONS: Final = 8
_UNITS: Final = 40
_PROOFS: Final = 4
_AGAINST: Final = 6
_clip, _path, _percent, _clock, _icon = (SHOWN[name] for name in ("clip", "path", "percent", "clock", "icon"))


def detail(machine: MachineView, end: int | None, only: str) -> str:
    """The HTML of one machine. end: last instant of the capture, UTC ns. only: the one capture there is, or empty."""
    asset = machine.asset
    parts = ['<div class="in">', *_told(machine), '<dl class="fields">']
    parts += [_field(field, end, only) for field in machine.fields]
    parts.append("</dl>")
    for title, links in (("Asks", machine.asks), ("Is asked by", machine.asked)):
        if links:
            parts += (f'<p class="talks"><b>{title}</b></p><ul class="talk">', *map(_talk, links), "</ul>")
    if machine.more_talks:
        parts.append(f"<p>and {machine.more_talks} more in summary.json</p>")
    numbered = f"Frames are numbered in {_path(only, 80)}. " if only else ""
    parts.append(
        f'<p class="seen">{numbered}First seen {_clock(asset.first_seen)}, last seen {_clock(asset.last_seen)}. '
        f'<span class="addr">{shown(asset.id)}</span></p></div>'
    )
    return "".join(parts)


def row(machine: MachineView, inside: str | None) -> str:
    """The row of one machine. inside: what it opens to (`detail`), where that is not packed."""
    asset, number, name = machine.asset, machine.number, _clip(machine.name, 48)
    search = f' data-q="{_clip(words, 300)}"' if (words := machine.search) else ""
    return (
        f'<details class="m" id="m{number}"{search} data-r="{_clip(machine.icon, 60)}"><summary>'
        f'<span><svg class="ic"><use href="#i-{_icon(machine.icon)}"/></svg><b>{name}</b></span>'
        f"<span>{_clip(machine.role, 30)}</span><span>{_clip(machine.address, 44)}</span>"
        f"<span>{_clip(asset.vendor or '', 34)}</span><span>{_clip(asset.product or '', 34)}</span>"
        f"<span>{_clip(asset.firmware or '', 20)}</span><span>{_clip(' '.join(spoken(asset)[:6]), 40)}</span>"
        f'<span class="{machine.risk}">{asset.risk.score}</span></summary>{inside or ""}</details>'
    )


def _told(machine: MachineView) -> Iterable[str]:
    """What was found about it, how risky it is, and what it stands behind or before."""
    risk = machine.asset.risk
    if machine.findings:
        yield '<p class="tags"><b>Findings</b> '
        for view in machine.findings[:_FINDINGS]:
            finding = view.finding
            yield (
                f'<a class="tag {shown(finding.severity)}" href="#f{view.number}">{_clip(finding.title, 90)}</a> '
            )
        yield _more(machine.findings, _FINDINGS) + "</p>"
    if risk.reasons:
        yield f'<p><b>Risk {risk.score} of 100</b></p><ul class="why">'
        for reason in risk.reasons[:_REASONS]:
            yield f"<li>{_clip(reason, 200)}</li>"
        yield (f"<li>{more}</li>" if (more := _more(risk.reasons, _REASONS)) else "") + "</ul>"
    if machine.behind:
        yield f"<p><b>Behind</b> {_ref(machine.behind)}</p>"
    if machine.units:
        units = "".join(f"{_ref(unit)} " for unit in machine.units[:_UNITS])
        yield f"<p><b>Behind its address</b> {units}{_more(machine.units, _UNITS)}</p>"


def _more(rows: Sequence[object], shown_rows: int) -> str:
    return f"and {len(rows) - shown_rows} more" if len(rows) > shown_rows else ""


def _ref(link: Link) -> str:
    text = _clip(link.text, 60)
    return (
        f'<span class="addr">{text}</span>'
        if link.number is None
        else f'<a href="#m{link.number}">{text}</a>'
    )


def _talk(link: Link) -> str:
    return (
        f'<li><i class="dot {shown(link.effect)}"></i>{_ref(link)} <span>{_clip(link.note, 160)}</span></li>'
    )


def _field(field: FieldView, end: int | None, only: str) -> str:
    """One field with what it rests on, and what contradicts it."""
    values = "".join([f'<span class="v">{_clip(value, 160)}</span> ' for value in field.values])
    if field.more:
        values += f"and {field.more} more "
    if field.proofs:
        lines = [_where(row, end, only, says=field.says(row)) for row in field.proofs[:_PROOFS]]
        if len(field.proofs) > _PROOFS:
            lines.append(f"<li>and {len(field.proofs) - _PROOFS} more in assets.json</li>")
        values += f'<ul class="proof">{"".join(lines)}</ul>'
    if not field.against:
        return f"<div><dt>{shown(field.label)}</dt><dd>{values}</dd></div>"
    lines = [
        f'<li class="v">{_clip(row[0], 160)}</li>{_where(row, end, only, says=False)}'
        for row in field.against[:_AGAINST]
    ]
    return (
        f'<div class="clash"><dt>{shown(field.label)}</dt><dd>{values}'
        '<div class="against"><b>Clues that contradict each other</b>'
        f'<ul class="proof">{"".join(lines)}</ul></div></dd></div>'
    )


def _where(row: tuple[Any, ...], end: int | None, only: str, *, says: bool) -> str:
    """Where a proof is to be seen. row: its values, in the order of a Proof's fields. says: with its value."""
    value, protocol, source, frame, confidence, _, last, count, note = row
    return (
        f"<li><b>{_clip(protocol, 40)}</b>{f' <i>{_clip(value, 80)}</i>' if says else ''}"
        f" <code>frame.number == {frame}</code> "
        f"{'' if source == only else f'<span>{_path(source, 60)}</span> '}"
        f"<span>{_percent(confidence)} sure</span>{f' <span>{count:,} times</span>' if count > 1 else ''}"
        f" <span>{age(last, end)}</span>{f' <span>{_clip(note, 120)}</span>' if note else ''}</li>"
    )
