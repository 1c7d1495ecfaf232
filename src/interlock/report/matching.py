"""Which machine of one run is which of another: ids first, then what a machine cannot easily change.

An id rests on the strongest identity a run saw. A run that learns a serial number for the first time gives
the same machine another id, so the weaker identities are tried as well, strongest first, each only where it
is unambiguous on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interlock.records.asset import Asset

__all__ = ["Match", "match_assets"]

By = Literal["id", "link", "serial", "mac", "address"]
Match = tuple["Asset", "Asset", By]


def _serial(asset: Asset) -> tuple[tuple[str, ...], ...]:
    return ((asset.vendor or "", asset.serial, asset.unit or ""),) if asset.serial else ()


def _macs(asset: Asset) -> tuple[tuple[str, ...], ...]:
    return tuple((asset.realm, mac, asset.unit or "") for mac in asset.macs)


def _ips(asset: Asset) -> tuple[tuple[str, ...], ...]:
    return tuple((asset.realm, ip, asset.unit or "") for ip in asset.ips)


_IDENTITIES: Final[tuple[tuple[By, Callable[[Asset], tuple[tuple[str, ...], ...]]], ...]] = (
    ("id", lambda asset: ((asset.id,),)),
    ("link", lambda asset: ((asset.id,), *((link,) for link in asset.links))),
    ("serial", _serial),
    ("mac", _macs),
    ("address", _ips),
)


def match_assets(
    old: Sequence[Asset], new: Sequence[Asset]
) -> tuple[tuple[Match, ...], tuple[Asset, ...], tuple[Asset, ...]]:
    """Return the matches, the old machines without one (gone) and the new ones without one (new)."""
    matches: list[Match] = []
    gone, fresh = list(old), list(new)
    for by, identities in _IDENTITIES:
        pairs = _pairs(gone, fresh, identities)
        matches += [(a, b, by) for a, b in pairs if _compatible(a, b, by)]
        taken = {id(asset) for pair in matches for asset in pair[:2]}
        gone = [asset for asset in gone if id(asset) not in taken]
        fresh = [asset for asset in fresh if id(asset) not in taken]
    return tuple(matches), tuple(gone), tuple(fresh)


def _compatible(old: Asset, new: Asset, by: By) -> bool:
    """Two serial numbers on one address are two machines: the address was given to another."""
    if by in {"mac", "address"} and old.serial and new.serial:
        return old.serial == new.serial
    return by != "address" or not old.macs or not new.macs or bool(set(old.macs) & set(new.macs))


def _index(
    assets: Iterable[Asset], identities: Callable[[Asset], tuple[tuple[str, ...], ...]]
) -> dict[tuple[str, ...], Asset | None]:
    """Identity → its machine, None where several share it."""
    index: dict[tuple[str, ...], Asset | None] = {}
    for asset in assets:
        for identity in set(identities(asset)):
            index[identity] = None if identity in index else asset
    return index


def _pairs(
    old: list[Asset],
    new: list[Asset],
    identities: Callable[[Asset], tuple[tuple[str, ...], ...]],
) -> list[tuple[Asset, Asset]]:
    index, own = _index(old, identities), _index(new, identities)
    pairs: list[tuple[Asset, Asset]] = []
    taken: set[int] = set()
    for asset in new:
        for identity in identities(asset):
            other = index.get(identity)
            if other is not None and own[identity] is asset and id(other) not in taken:
                pairs.append((other, asset))
                taken.add(id(other))
                break
    return pairs
