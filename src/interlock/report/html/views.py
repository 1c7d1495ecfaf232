"""What the page shows of machines, findings and pairs: records as rows, numbered and cross-linked."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.asset import proof_row, proof_rows
from interlock.report.order import by_risk, by_urgency, display_name
from interlock.report.words import level_label, role_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.records.asset import Asset, ProofRow
    from interlock.records.finding import Finding
    from interlock.report.pairs import Directory, Pair
    from interlock.report.record import Report

__all__ = ["MAX_ROWS", "FieldView", "FindingView", "Link", "MachineView", "Views", "views_of"]

_LABELS: Final[dict[str, str]] = {
    "names": "Name",
    "role": "Role",
    "vendor": "Vendor",
    "product": "Product",
    "order_number": "Order number",
    "serial": "Serial number",
    "firmware": "Firmware",
    "hardware": "Hardware revision",
    "os": "Operating system",
    "ips": "IP address",
    "macs": "MAC address",
    "unit": "Unit behind the address",
    "purdue_level": "Purdue level",
    "zone": "Zone",
    "realm": "Realm",
    "served": "Serves",
    "used": "Uses",
    "status": "Status",
}
_VALUES: Final = attrgetter(*_LABELS)
_MORE_LABELS: Final[dict[str, str]] = {"ttl": "TTL", "vlan": "VLAN", "proxy-arp": "Proxy ARP"}
MAX_ROWS: Final = 10_000
"""So many machines have a row; the calmest beyond them stand in assets.json, and the page says so."""

_TALKS_SHOWN: Final = 12
_VALUES_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference within the page; number: of the machine's or finding's row, None where it has none."""

    number: int | None
    text: str
    note: str = ""
    effect: str = ""


class FieldView(NamedTuple):
    """One field of a machine with its proofs, and what contradicts it. raw: the values as recorded.

    proofs, against: as rows (records.asset.proof_rows), which cost a third of proofs.
    """

    label: str
    values: tuple[str, ...]
    raw: tuple[str, ...]
    more: int
    proofs: Sequence[ProofRow]
    against: Sequence[ProofRow]

    def says(self, proof: ProofRow) -> bool:
        """Whether the proof's own value must be shown beside it, since the field does not make it plain."""
        value, protocol = proof[:2]
        return value not in self.raw or (len(self.raw) > 1 and value != protocol)


@dataclass(slots=True, kw_only=True)
class MachineView:
    """One row of the machines table and what it opens to."""

    number: int
    asset: Asset
    name: str
    address: str
    role: str
    icon: str
    risk: str
    behind: Link | None = None
    units: list[Link] = field(default_factory=list)
    findings: list[FindingView] = field(default_factory=list)
    asks: list[Link] = field(default_factory=list)
    asked: list[Link] = field(default_factory=list)
    more_talks: int = 0

    @property
    def anchor(self) -> int | None:
        """Number of its row to link to; None where it has none on the page."""
        return self.number if self.number < MAX_ROWS else None

    @property
    def fields(self) -> tuple[FieldView, ...]:
        """Every field that is known, in reading order; what inventory adds beyond ours comes last."""
        proofs = dict(proof_rows(self.asset))
        against = {conflict.field: [*map(proof_row, conflict.proofs)] for conflict in self.asset.conflicts}
        shown = [
            _field(name, value, proofs.get(name, ()), against.get(name, ()))
            for name, value in zip(_LABELS, _VALUES(self.asset), strict=True)
            if value or name in against  # nothing is known of most
        ]
        for name in dict.fromkeys((*proofs, *against)):
            if name not in _LABELS:
                told, contrary = proofs.get(name, ()), against.get(name, ())
                if told or contrary:
                    shown.append(_field(name, tuple(row[0] for row in told), told, contrary))
        return tuple(shown)

    @property
    def search(self) -> str:
        """Words to find it by beyond the ones its row shows."""
        asset = self.asset
        more = (asset.serial, asset.order_number, asset.product, asset.os, asset.zone)
        words = (*asset.names[1:], *asset.ips[1:4], *asset.macs[:4], *more)
        return " ".join(dict.fromkeys(word for word in words if word))


def _field(
    name: str,
    value: str | tuple[str, ...] | None,
    proofs: Sequence[ProofRow],
    against: Sequence[ProofRow],
) -> FieldView:
    raw = value if isinstance(value, tuple) else (value,) if value else ()
    values = raw
    if name == "role":
        values = tuple(role_label(role) for role in raw)
    elif name == "purdue_level":
        values = tuple(level_label(level) for level in raw)
    return FieldView(
        _LABELS.get(name) or _MORE_LABELS.get(name) or name.replace("-", " ").capitalize(),
        values[:_VALUES_SHOWN],
        raw,
        max(0, len(values) - _VALUES_SHOWN),
        proofs,
        against,
    )


@dataclass(slots=True, kw_only=True)
class FindingView:
    """One finding with links to its machines."""

    number: int
    finding: Finding
    machines: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """All rows of the page. machines: riskiest first. findings: most urgent first. pairs: gravest first."""

    machines: tuple[MachineView, ...]
    findings: tuple[FindingView, ...]
    pairs: tuple[Pair, ...]
    by_id: dict[str, MachineView]


def views_of(report: Report) -> Views:
    """Make rows of everything the page shows."""
    machines = tuple(_machine(number, asset) for number, asset in enumerate(by_risk(report.assets)))
    by_id = {view.asset.id: view for view in machines}
    findings = tuple(
        _finding(n, f, by_id, report.directory) for n, f in enumerate(by_urgency(report.findings))
    )
    _link_family(machines, by_id)
    _link_talks(report.pairs, by_id)
    return Views(machines=machines, findings=findings, pairs=report.pairs, by_id=by_id)


def _machine(number: int, asset: Asset) -> MachineView:
    score = asset.risk.score
    return MachineView(
        number=number,
        asset=asset,
        name=display_name(asset),
        address=next(iter((*asset.ips, *asset.macs)), "") + (f" / {asset.unit}" if asset.unit else ""),
        role=role_label(asset.role),
        icon=asset.role or "unknown",
        risk="hot" if score >= 70 else "warm" if score >= 40 else "calm",
    )


def _link(view: MachineView, note: str = "", effect: str = "") -> Link:
    return Link(number=view.anchor, text=view.name, note=note, effect=effect)


def _finding(
    number: int, finding: Finding, by_id: dict[str, MachineView], directory: Directory
) -> FindingView:
    """Link its assets, and the addresses among `machines` that stand for none of them."""
    view = FindingView(number=number, finding=finding)
    for asset_id in finding.assets:
        machine = by_id.get(asset_id)
        if machine is not None:
            machine.findings.append(view)
            view.machines.append(_link(machine))
    for address in finding.machines:
        asset = directory.machine(finding.realm, address.partition("/")[0])
        if asset is None or asset.id not in finding.assets:
            view.machines.append(_link(by_id[asset.id]) if asset else Link(number=None, text=address))
    return view


def _link_family(machines: Iterable[MachineView], by_id: dict[str, MachineView]) -> None:
    for machine in machines:
        parent = by_id.get(machine.asset.parent or "")
        machine.behind = _link(parent) if parent else None
        machine.units = [_link(by_id[child]) for child in machine.asset.children if child in by_id]


def _link_talks(pairs: Iterable[Pair], by_id: dict[str, MachineView]) -> None:
    for pair in pairs:
        client = by_id[pair.client.asset.id] if pair.client.asset else None
        server = by_id[pair.server.asset.id] if pair.server.asset else None
        brief, effect = "", pair.effect
        for one, listed, other, end in (
            (client, "asks", server, pair.server),
            (server, "asked", client, pair.client),
        ):
            if one is None:
                continue
            links: list[Link] = getattr(one, listed)
            if len(links) >= _TALKS_SHOWN:
                one.more_talks += 1
                continue
            number = other.anchor if other else None
            brief = brief or pair.brief
            links.append(Link(number=number, text=end.name, note=brief, effect=effect))
