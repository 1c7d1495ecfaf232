"""A survey: all machines drawn anew from what the inventory knows, in pieces that a judge takes in one at a time.

Drawing costs some 0.3 ms a machine. Who judges needs little of it (who is where, and what for), who looks at the store
needs all of it; so a child draws (see `aside`), and the judge is handed the little, and rows for the store as they are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.interface import Context
from interlock.inventory.directory import Directory
from interlock.inventory.risk import risk
from interlock.pipeline.placing import placed, zoned
from interlock.records.asset import Asset, altered
from interlock.records.exceptions import apply_exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.runner import Runner
    from interlock.inventory.inventory import Inventory
    from interlock.records.finding import Finding
    from interlock.records.site import Site
    from interlock.store.port import AssetRow, Store

__all__ = ["Draft", "survey"]

_AT_ONCE: Final = 256
"""Things in a piece: some milliseconds for who takes it in."""


def survey(
    inventory: Inventory,
    runner: Runner,
    store: Store,
    site: Site,
    *,
    now: int,
    health: Mapping[str, frozenset[str]],
    wall: int,
) -> Iterator[tuple[str, Any]]:
    """Pieces for a Draft. now: capture clock; wall: both UTC ns. Changes nothing but the inventory's own drawing."""
    before = inventory.issued()
    directory = inventory.directory(now)
    new = {name: issued for name, issued in inventory.issued().items() if name not in before}
    yield from _cut("issued", new.items())
    yield from _cut("machines", ((a.id, a.realm, a.names, a.role) for a in directory.assets))
    yield from _cut("ids", directory.ids.items())
    yield from _cut("lent", directory.lent.items())
    yield "who", None
    context = Context(site=site, asset=directory.find, now=now, health=health)
    assets = _weighed(
        directory.assets, apply_exceptions(_found(runner, context, directory), site, wall).findings
    )
    yield from _cut("rows", store.outlined(zoned(assets, site)))


def _found(runner: Runner, context: Context, directory: Directory) -> Iterator[Finding]:
    """All that was found, without the frames, which would take as much memory as the machines."""
    for turn in runner.by_turns(context):
        for finding in turn:
            yield replace(placed(finding, directory), evidence=())


def _weighed(assets: Iterable[Asset], findings: Iterable[Finding]) -> tuple[Asset, ...]:
    """Assets with their risk, now that it is known what was found."""
    about: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        for asset in finding.assets:
            about[asset].append(finding)
    return tuple(altered(a, risk=risk(a, about.get(a.id, ()))) for a in assets)


def _cut(kind: str, things: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    several = iter(things)
    while some := list(islice(several, _AT_ONCE)):
        yield kind, some


class Draft:
    """What has come of a survey. rows: for the store, since they were taken last.

    directory: who is where, None until all of that is there; its assets carry id, realm, names and role only.
    issued: names that ids were issued for.
    """

    def __init__(self) -> None:
        self.directory: Directory | None = None
        self.issued: dict[str, str] = {}
        self.rows: list[AssetRow] = []
        self._assets: list[Asset] = []
        self._ids: dict[Any, Any] = {}
        self._lent: dict[Any, Any] = {}

    def taken(self) -> list[AssetRow]:
        """The rows since this was asked last."""
        rows, self.rows = self.rows, []
        return rows

    def take(self, piece: tuple[str, Any]) -> None:
        """One piece, in the order in which they were given."""
        kind, things = piece
        if kind == "machines":
            self._assets += [Asset(id=i, realm=r, names=n, role=role) for i, r, n, role in things]
        elif kind == "rows":
            self.rows += things
        elif kind == "who":
            self.directory = Directory(
                assets=tuple(self._assets),
                ids=self._ids,
                lent=self._lent,
                by_id={a.id: a for a in self._assets},
            )
        else:
            {"issued": self.issued, "ids": self._ids, "lent": self._lent}[kind].update(things)
