"""The report page: one file, no network, nothing from the wire unescaped.

Every text goes through jinja2 with autoescape on, and before that through `printable` (the environment's
`finalize`), so that no template can forget either; what a machine opens to is written by `machine`, through the same
two. The Content-Security-Policy forbids everything but the one style sheet and the one script whose SHA-256 it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from interlock.records.counting import counted
from interlock.report.headline import headline, subheadline
from interlock.report.html.environment import environment
from interlock.report.html.layout import CARD_HEIGHT, CARD_WIDTH, draw
from interlock.report.html.machine import detail, row
from interlock.report.html.nodes import graph_of
from interlock.report.html.packing import inline, pack
from interlock.report.html.timeline import stories_of
from interlock.report.html.views import MAX_ROWS, views_of
from interlock.report.limits import limits_of, unnamed_services
from interlock.report.logins import zone_logins
from interlock.report.order import count_by_severity
from interlock.report.words import CONTROLLER_ROLES, EFFECTS, KIND_LABELS, role_label
from interlock.report.zone_map import zone_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.report.html.nodes import Graph
    from interlock.report.html.views import Views
    from interlock.report.record import Report, Run
    from interlock.report.traffic import Service

__all__ = ["render_page"]

_FIRST: Final = 5
_HEALTH_SHOWN: Final = 8
_FINDINGS_SHOWN: Final = 400
_PAIRS_SHOWN: Final = 300
_PROTOCOLS_ON_MAP: Final = 200

_BASES: Final = {
    "parsed": "its messages, decoded",
    "heuristic": "the look of its octets",
    "port": "the port alone",
    "unknown": "nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProtocolRow:
    name: str
    basis: str
    ports: str
    flows: int
    packets: int
    octets: int
    share: float


def render_page(report: Report) -> str:
    """Return the whole page as text; the same report gives the same page."""
    templates = environment()
    views = views_of(report)
    style, script = _asset_text("report.css"), _asset_text("report.js")
    graph = graph_of(views)
    sources = {source.name for source in report.run.sources}
    only = next(iter(sources)) if len(sources) == 1 else ""
    shown = views.machines[:MAX_ROWS]
    details = (detail(machine, report.run.last, only) for machine in shown)
    inlined = inline(details)
    rows = "\n".join(row(machine, inside) for machine, inside in zip_longest(shown, inlined))
    packed = pack(details, len(inlined))
    page = templates.get_template("page.html.j2")
    return page.render(
        report=report,
        views=views,
        title=_title(report.run),
        headline=headline(report),
        subheadline=subheadline(report),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        packed=Markup(packed),  # noqa: S704 - JSON of digits, quotes, brackets and base64 only
        inlined=inlined,
        rows=Markup(rows),  # noqa: S704 - escaped there
        shown_machines=shown,
        kinds=KIND_LABELS,
        bases=_BASES,
        limits=limits_of(report),
        logins=zone_logins(report.assets, report.findings),
        withheld=list(dict.fromkeys((one.detector, one.reason.rstrip(".")) for one in report.withheld)),
        health_shown=_HEALTH_SHOWN,
        unnamed=unnamed_services(report),
        protocols=_protocol_rows(report.traffic.services),
        zone_map=_zone_map(report),
        **_finding_facts(report, views),
        **_machine_facts(views),
        **_map_facts(graph),
    )


def _zone_map(report: Report) -> Markup | None:
    """The site's zones; None where it has none."""
    if report.zones is None:
        return None
    if report.zones.judged:
        note = "what was seen and no conduit allows is red"
    elif report.zones.arrows:
        note = "interlock zone check finds mistakes in the policy, so nothing is held against it here"
    else:
        note = "no conduits are written yet"
    return Markup(zone_map(report.zones, title="Who may ask whom", note=note))  # noqa: S704 - escaped there


def _title(run: Run) -> str:
    """Name the page after the site, else after its captures' file names."""
    if run.site or not run.sources:
        return run.site or "This network"
    name = run.sources[0].name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    more = len(run.sources) - 1
    return f"{name} and {counted(more, 'more capture')}" if more else name


def _asset_text(name: str) -> str:
    text = resources.files("interlock.report.html").joinpath("templates", name).read_text("utf-8")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _policy(style: str, script: str) -> str:
    """Return the strictest policy under which the page still works.

    Source: Content Security Policy Level 3, hash-source; `frame-ancestors` has no effect in a meta element.
    """
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _finding_facts(report: Report, views: Views) -> Mapping[str, object]:
    accepted = sum(finding.accepted is not None for finding in report.findings)
    return {
        "severities": count_by_severity(f for f in report.findings if f.accepted is None),
        "open": len(report.findings) - accepted,
        "stories": stories_of(report.incidents, views.findings[:_FINDINGS_SHOWN]),
        "urgent": [view for view in views.findings if view.finding.accepted is None][:_FIRST],
        "shown_findings": views.findings[:_FINDINGS_SHOWN],
        "shown_pairs": views.pairs[:_PAIRS_SHOWN],
        "changing": sum(pair.effect in {"program", "write"} for pair in views.pairs),
    }


def _machine_facts(views: Views) -> Mapping[str, object]:
    counts = Counter(machine.icon for machine in views.machines)
    named = ((name, role_label(None if name == "unknown" else name), n) for name, n in counts.items())
    return {
        "controllers": sum(machine.asset.role in CONTROLLER_ROLES for machine in views.machines),
        "roles": sorted(named, key=lambda role: role[1]),
    }


def _map_facts(graph: Graph) -> Mapping[str, object]:
    drawing = draw(graph)
    names = {name for edge in graph.edges for name in edge.protocols[:8]}
    used = {edge.effect for edge in graph.edges}
    return {
        "drawing_graph": graph,
        "drawing": drawing,
        "number": {node.key: index for index, node in enumerate(drawing.nodes)},
        "card_width": CARD_WIDTH,
        "card_height": CARD_HEIGHT,
        "effects": {effect: words for effect, words in EFFECTS.items() if effect in used},
        "protocol_number": {name: place for place, name in enumerate(sorted(names)[:_PROTOCOLS_ON_MAP])},
    }


def _protocol_rows(services: Iterable[Service]) -> list[_ProtocolRow]:
    """One row per protocol and basis, most octets first."""
    rows: dict[tuple[str, str], list[Service]] = {}
    for service in services:
        rows.setdefault((service.protocol or "unknown", service.basis), []).append(service)
    total = sum(service.octets for listed in rows.values() for service in listed) or 1
    made = [_protocol_row(name, basis, listed, total) for (name, basis), listed in rows.items()]
    return sorted(made, key=lambda row: (-row.octets, row.name, row.basis))


def _protocol_row(name: str, basis: str, services: list[Service], total: int) -> _ProtocolRow:
    services.sort(key=lambda service: (-service.octets, service.port or 0))
    ports = [s.transport + (f" {s.port}" if s.port is not None else "") for s in services]
    octets = sum(service.octets for service in services)
    return _ProtocolRow(
        name=name,
        basis=basis,
        ports=", ".join(ports[:3]) + (f" and {len(ports) - 3} more" if len(ports) > 3 else ""),
        flows=sum(service.flows for service in services),
        packets=sum(service.packets for service in services),
        octets=octets,
        share=octets / total,
    )
