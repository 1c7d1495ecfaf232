"""By which link addresses machines spoke while learning: straight, or by whoever passes packets on for others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import SourceError

if TYPE_CHECKING:
    from interlock.detect.tally import Key

__all__ = ["Ways"]

MOST: Final = 20_000
"""Pairs of an address and a link address; more are not taken in."""
CARRIES: Final = 2
"""IPv4 addresses by which a link address is known to pass on packets of others."""


class Ways:
    """Subject (realm, address) → link addresses; only grows."""

    def __init__(self) -> None:
        self._macs: dict[Key, set[str]] = {}
        self._carried: dict[Key, set[str]] = {}
        self._many = 0

    def meet(self, subject: Key, mac: str) -> None:
        """An address spoke by a link address."""
        known = self._macs.get(subject, set())
        if mac in known or self._many >= MOST:
            return
        self._many += 1
        self._macs.setdefault(subject, set()).add(mac)
        if ":" not in subject[1]:
            self._carried.setdefault((subject[0], mac), set()).add(subject[1])

    def straight(self, subject: Key, mac: str) -> bool:
        """Whether a link address speaks for itself, by what was learned of an address: its own one, or a strange one.

        A strange one that passed on packets of others while learning may do so for one more; any other one stands
        where nobody stood.
        """
        known = self._macs.get(subject)
        return known is not None and len(self._carried.get((subject[0], mac), ())) < CARRIES

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[list(subject), sorted(macs)] for subject, macs in sorted(self._macs.items())]

    def restore(self, state: Any) -> None:
        """Take it back. Raises SourceError where it is no such thing."""
        self._macs, self._carried, self._many = {}, {}, 0
        try:
            for subject, macs in state:
                realm, address = (str(word) for word in subject)
                for mac in macs:
                    self.meet((realm, address), str(mac))
        except (ValueError, TypeError) as error:
            raise SourceError(f"link addresses that were learned cannot be read: {error}") from error

    def dump(self, name: str, version: int) -> bytes:
        """All of it, to be kept apart from any run."""
        return json.dumps({"detector": name, "version": version, "ways": self.state()}).encode()

    @classmethod
    def load(cls, learned: bytes, name: str, version: int) -> Ways:
        """What `dump` gave. Raises SourceError where it is not the same detector's."""
        try:
            given = json.loads(learned)
            if (given["detector"], given["version"]) != (name, version):
                raise SourceError(f"what {given['detector']} learned is not for {name}/{version}")
            ways = cls()
            ways.restore(given["ways"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"what detector {name} learned cannot be read: {error}") from error
        return ways
