"""Whether a published default is that of the very machine that took it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.records.asset import Asset

__all__ = ["OTHER", "PRODUCT", "UNKNOWN", "VENDOR", "match", "owners"]

PRODUCT, VENDOR, UNKNOWN, OTHER = "product", "vendor", "unknown", "other"
"""Of this maker and product, of this maker, of a machine whose maker nobody told, of another maker."""

_TOKEN: Final = re.compile(r"[a-z0-9]+")
_ALIASES: Final = {
    "allen": "rockwell", "bradley": "rockwell", "telemecanique": "schneider", "modicon": "schneider",
    "square": "schneider", "belden": "hirschmann", "general": "ge", "trumeter": "red", "ruggedcom": "siemens",
    "saia": "honeywell", "conel": "b", "westinghouse": "emerson", "schweitzer": "sel", "weidmuller": "weidmueller",
}  # fmt: skip
_PLAIN: Final = frozenset(
    {"router", "switch", "controller", "camera", "card", "web", "server", "relay", "series"}
)
"""Words of products that name no product."""


def _tokens(text: str | None) -> list[str]:
    return _TOKEN.findall((text or "").casefold().replace("ü", "ue"))


def owners(told: str) -> list[tuple[str, str]]:
    """Split a cell of `default_of`: (vendor, product) of each published default."""
    pairs = (part.strip().partition("/") for part in told.split(";"))
    return [(vendor, product) for vendor, _, product in pairs if vendor]


def match(told: str, asset: Asset | None) -> tuple[str, str]:
    """How close a machine is to those whose default it is, and the closest of them as `vendor product`."""
    known = owners(told)
    named = next(((v, p) for v, p in known if v != "generic"), known[0] if known else ("", ""))
    if asset is None or not (asset.vendor or asset.product or asset.order_number):
        return UNKNOWN, _told(named, known)
    makers = {_ALIASES.get(t, t) for t in _tokens(asset.vendor)}
    made = " ".join(filter(None, (asset.product, asset.order_number, asset.hardware, asset.os, *asset.names)))
    same = [(v, p) for v, p in known if _first(v) in makers]
    for vendor, product in same or (known if not makers else ()):
        if _is(product, made):
            return PRODUCT, f"{vendor} {product}"
    if same:
        return VENDOR, " ".join(same[0])
    return OTHER if makers else UNKNOWN, _told(named, known)


def _told(named: tuple[str, str], known: list[tuple[str, str]]) -> str:
    return " ".join(named) + (f" and {len(known) - 1} more" if len(known) > 1 else "")


def _first(vendor: str) -> str:
    word = next(iter(_tokens(vendor)), "")
    return _ALIASES.get(word, word)


def _is(product: str, made: str) -> bool:
    """Whether a telling word of the product's name stands in what a machine says of itself."""
    said, whole = set(_tokens(made)), "".join(_tokens(made))
    words = [t for t in _tokens(product) if t not in _PLAIN and (len(t) > 2 or any(c.isdigit() for c in t))]
    return any(word in said or (len(word) > 3 and word in whole) for word in words)
