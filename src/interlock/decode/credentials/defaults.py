"""Pairs of account and secret that makers publish: a secret is looked up here where it is read, and not kept.

The list is package data (defaults.tsv; NOTICE.md says where it comes from): vendor, product, service, user, secret,
source. An empty user stands for services that ask for a secret alone.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

__all__ = ["COMMUNITY", "Default", "default_of", "defaults"]

COMMUNITY: Final = "community"
"""Scheme of SNMP's communities, which have a service of their own in the list."""
_GENERIC: Final = "generic"


class Default(NamedTuple):
    """One row of the list. service: protocol, or `*` where the maker gives the pair for several."""

    vendor: str
    product: str
    service: str
    user: str
    secret: str
    source: str


@cache
def defaults() -> tuple[Default, ...]:
    """Every published pair that is known."""
    text = files("interlock.decode.credentials").joinpath("defaults.tsv").read_text("utf-8")
    return tuple(Default(*line.split("\t")) for line in text.splitlines()[1:])


@cache
def _index() -> dict[tuple[bool, str, bytes], str]:
    found: dict[tuple[bool, str, bytes], dict[str, None]] = {}
    for row in defaults():
        secret, what = row.secret.encode(), f"{row.vendor}/{row.product}"
        for community in {
            row.service == "snmp",
            row.service == "snmp" or (not row.user and row.service == "*"),
        }:
            found.setdefault((community, row.user.casefold(), secret), {})[what] = None
    return {key: "; ".join(sorted(what, key=_order)) for key, what in found.items()}


def _order(what: str) -> tuple[bool, str]:
    return what.startswith(_GENERIC + "/"), what


def default_of(scheme: str, user: str | None, secret: bytes) -> str | None:
    """Whose published default this is, as `vendor/product; vendor/product`; None where nobody's.

    The case of the account's name does not matter, that of the secret does.
    """
    return _index().get((scheme == COMMUNITY, (user or "").casefold(), secret))
