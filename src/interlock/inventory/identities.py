"""Identities: ids that are issued once and never change.

An id is the UUIDv5, in the site's namespace, of the strongest name that a machine has when it is first told
of: its vendor and serial number, its MAC, or its IP and unit, each in its realm (cloned cells reuse all of
them). When a machine is later known by more names it keeps its id; when two that had ids turn out to be one,
the id issued under the stronger name stays and the other becomes a link.
"""

from __future__ import annotations

import hashlib
from itertools import chain, count
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Identities", "Name", "ip_name", "mac_name", "serial_name"]

_SITES: Final = UUID("f40ab6af-81f1-59f6-8f19-3d9644cf8e80")
"""Namespace of sites, UUIDv5 of the URL `urn:interlock:sites`; every id hangs on it."""

SERIAL, MAC, IP = range(3)


class Name(NamedTuple):
    """A name that a machine can be told by. strength: SERIAL before MAC before IP.

    lasting: whether the name is remembered with the id; an IP of a machine whose MAC is known is not, it may
    be lent on.
    """

    strength: int
    text: str
    lasting: bool = True


def serial_name(realm: str, vendor: str, serial: str) -> Name:
    """Vendor and serial number, in the forms that `serials` compares."""
    return Name(SERIAL, f"serial\n{realm}\n{vendor}\n{serial}")


def mac_name(realm: str, mac: str) -> Name:
    """MAC in its realm."""
    return Name(MAC, f"mac\n{realm}\n{mac}")


def ip_name(realm: str, ip: str, unit: str = "", *, lasting: bool = True) -> Name:
    """IP and unit in their realm."""
    return Name(IP, f"ip\n{realm}\n{ip}\n{unit}", lasting)


class Identities:
    """Names and the ids issued for them. issued: what an earlier run's `issued()` gave."""

    def __init__(self, site: str, issued: Mapping[str, str] | None = None) -> None:
        self._site = uuid5(_SITES, site)
        self._issued = dict(issued or {})

    def issued(self) -> dict[str, str]:
        """Every lasting name and its id, to go on from in a later run."""
        return dict(self._issued)

    def adopt(self, issued: Mapping[str, str]) -> None:
        """Names that ids were issued for elsewhere, from a copy of this; what is known here stays."""
        for name, given in issued.items():
            self._issued.setdefault(name, given)

    def assign(self, claims: Sequence[Sequence[Name]]) -> list[tuple[str, tuple[str, ...]]]:
        """One (id, links) for each machine. claims: each machine's names, the strongest first, never none."""
        ids: list[str | None] = [None] * len(claims)
        links: list[list[str]] = [[] for _ in claims]
        taken: set[str] = set()
        for strength in (SERIAL, MAC, IP) if self._issued else ():
            for place, name in _of(claims, strength):
                known = self._issued.get(name.text)
                if known is None or known in taken:
                    continue
                if ids[place] is None:
                    ids[place] = known
                else:
                    links[place].append(known)
                taken.add(known)
        for place, names in enumerate(claims):
            if ids[place] is None:
                ids[place] = self._new(names, taken)
            self._remember(names, ids[place] or "")
        return [(i or "", tuple(sorted(more))) for i, more in zip(ids, links, strict=True)]

    def _new(self, names: Sequence[Name], taken: set[str]) -> str:
        """Id of the strongest name that nobody else has; of all names and a number where others have all."""
        whole = "\n".join(name.text for name in names)
        texts = chain((name.text for name in names), (f"{whole}\n{n}" for n in count(2)))
        made = next(m for text in texts if (m := _uuid5(self._site.bytes, text)) not in taken)
        taken.add(made)
        return made

    def _remember(self, names: Iterable[Name], issued: str) -> None:
        for name in names:
            if name.lasting:
                self._issued.setdefault(name.text, issued)


def _uuid5(namespace: bytes, name: str) -> str:
    """As str(uuid.uuid5(…)), at a third of its price. Source: RFC 9562, section 5.5."""
    octets = bytearray(hashlib.sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _of(claims: Sequence[Sequence[Name]], strength: int) -> Iterable[tuple[int, Name]]:
    return (
        (place, name) for place, names in enumerate(claims) for name in names if name.strength == strength
    )
