"""What changed between two runs: a pure comparison of two output folders, with its limits said aloud."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from interlock.report.matching import match_assets
from interlock.report.order import by_urgency

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.report.matching import Match
    from interlock.report.reading import Folder

__all__ = ["Change", "Difference", "FieldChange", "FindingChange", "Settled", "Talk", "compare"]

_SCALARS: Final = (
    "vendor",
    "product",
    "order_number",
    "serial",
    "firmware",
    "hardware",
    "os",
    "role",
    "purdue_level",
    "zone",
)
_TUPLES: Final = ("macs", "ips", "names", "served", "used")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """change: `changed`, `learned` (unknown before) or `not seen` (known before, not said this time)."""

    field: str
    change: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One machine seen in both runs, and what is different about it. matched_by: how it was known again."""

    asset: Asset
    matched_by: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Talk:
    """Who does what to whom. protocol: None where unknown; verb: None where only packets were seen."""

    realm: str
    client: str
    server: str
    protocol: str | None
    verb: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A finding that the new run lacks; why: what keeps it from being called settled, or empty."""

    finding: Finding
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingChange:
    """A finding of both runs that is graver, lesser, accepted or no longer accepted."""

    old: Finding
    new: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """settled: its machines were seen again without it. unseen: the new run could not have shown it."""

    new_machines: tuple[Asset, ...] = ()
    gone_machines: tuple[Asset, ...] = ()
    changed_machines: tuple[Change, ...] = ()
    new_relations: tuple[Talk, ...] = ()
    gone_relations: tuple[Talk, ...] = ()
    new_findings: tuple[Finding, ...] = ()
    settled_findings: tuple[Settled, ...] = ()
    unseen_findings: tuple[Settled, ...] = ()
    changed_findings: tuple[FindingChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing changed at all (notes do not count)."""
        return not any(
            getattr(self, name)
            for name in (
                "new_machines", "gone_machines", "changed_machines", "new_relations", "gone_relations",
                "new_findings", "settled_findings", "unseen_findings", "changed_findings",
            )
        )  # fmt: skip


def compare(old: Folder, new: Folder) -> Difference:
    """Compare two runs; machines are matched across changed ids and addresses."""
    matches, gone, fresh = match_assets(old.assets, new.assets)
    old_talks, new_talks = _talks(old, matches), _talks(new, ())
    lost = {finding.id: finding for finding in old.findings}
    kept = {finding.id: finding for finding in new.findings}
    settled = [_settled(lost[i], new, gone) for i in lost.keys() - kept.keys()]
    return Difference(
        new_machines=_sorted(fresh),
        gone_machines=_sorted(gone),
        changed_machines=tuple(_changes(matches)),
        new_relations=_added(old_talks, new_talks),
        gone_relations=_added(new_talks, old_talks),
        new_findings=by_urgency(kept[i] for i in kept.keys() - lost.keys()),
        settled_findings=_ordered(one for one in settled if not one.why),
        unseen_findings=_ordered(one for one in settled if one.why),
        changed_findings=tuple(
            FindingChange(old=lost[f.id], new=f)
            for f in by_urgency(kept[i] for i in kept.keys() & lost.keys())
            if (f.severity, f.accepted is None) != (lost[f.id].severity, lost[f.id].accepted is None)
        ),
        notes=_notes(old, new),
    )


def _sorted(assets: Iterable[Asset]) -> tuple[Asset, ...]:
    return tuple(sorted(assets, key=lambda a: (a.realm, a.ips, a.macs, a.unit or "", a.id)))


def _ordered(settled: Iterable[Settled]) -> tuple[Settled, ...]:
    by_id = {one.finding.id: one for one in settled}
    return tuple(by_id[f.id] for f in by_urgency(one.finding for one in by_id.values()))


def _added(before: set[Talk], after: set[Talk]) -> tuple[Talk, ...]:
    """Talks that only `after` has; packets without operations are old where the other run decoded them."""
    known = {replace(talk, verb=None) for talk in before}
    added = (t for t in after - before if t.verb is not None or t not in known)
    return tuple(sorted(added, key=_talk_key))


def _talk_key(talk: Talk) -> tuple[str, ...]:
    return (talk.realm, talk.client, talk.server, talk.protocol or "", talk.verb or "")


def _changes(matches: Iterable[Match]) -> Iterable[Change]:
    for old, new, by in sorted(matches, key=lambda m: (m[1].realm, m[1].ips, m[1].macs, m[1].id)):
        fields = tuple(_field_changes(old, new))
        if fields:
            yield Change(asset=new, matched_by=by, fields=fields)


def _field_changes(old: Asset, new: Asset) -> Iterable[FieldChange]:
    for name in (*_SCALARS, *_TUPLES):
        before, after = _values(old, name), _values(new, name)
        if set(before) != set(after):
            change = "changed" if before and after else "learned" if after else "not seen"
            yield FieldChange(field=name, change=change, old=before, new=after)


def _values(asset: Asset, name: str) -> tuple[str, ...]:
    value: Any = getattr(asset, name)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _talks(folder: Folder, matches: Iterable[Match]) -> set[Talk]:
    """Relations and, where no operation of that protocol was decoded between the two, conversations.

    An address that a matched machine gave up stands for its new one, so that a move is no new relation.
    """
    moved: dict[tuple[str, str], str] = {}
    for before, after, _ in matches:
        for old_addresses, new_addresses in ((before.ips, after.ips), (before.macs, after.macs)):
            if len(old_addresses) == len(new_addresses) == 1:
                moved[before.realm, old_addresses[0]] = new_addresses[0]
    talks: set[Talk] = set()
    for relation in folder.relations:
        client, server = (moved.get((relation.realm, a), a) for a in (relation.client, relation.server))
        talks.add(
            Talk(
                realm=relation.realm,
                client=client,
                server=server,
                protocol=relation.protocol,
                verb=relation.verb,
            )
        )
    decoded = {(talk.realm, talk.client, talk.server, talk.protocol) for talk in talks}
    for talk in folder.conversations:
        client, server = (moved.get((talk.realm, a), a) for a in (talk.client, talk.server))
        if (talk.realm, client, server, talk.protocol) not in decoded:
            talks.add(Talk(realm=talk.realm, client=client, server=server, protocol=talk.protocol, verb=None))
    return talks


def _settled(finding: Finding, new: Folder, gone: Iterable[Asset]) -> Settled:
    absent = {asset.id for asset in gone}
    for withheld in new.withheld:
        if withheld.detector == finding.detector:
            return Settled(finding=finding, why=f"withheld in the new run: {withheld.reason}")
    if finding.assets and absent.issuperset(finding.assets):
        return Settled(finding=finding, why="its machines were not seen in the new run")
    return Settled(finding=finding)


def _notes(old: Folder, new: Folder) -> tuple[str, ...]:
    """Say what a reader must know before believing the lists above."""
    notes = []
    if old.first and old.last and new.first and new.last:
        before, after = old.last - old.first, new.last - new.first
        if after * 2 < before:
            notes.append(
                "The new run saw less than half the time of the old one: what is gone may only be quiet."
            )
        elif before * 2 < after:
            notes.append(
                "The old run saw less than half the time of the new one: what is new may only be rare."
            )
    known = {(note.condition, note.sentence) for note in old.health}
    notes += [
        f"Capture health of the new run: {note.sentence}"
        for note in new.health
        if (note.condition, note.sentence) not in known
    ]
    return tuple(dict.fromkeys(notes))
