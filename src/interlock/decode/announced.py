"""Connections that another conversation announces, by the end that awaits them: FTP's data, TFTP's transfers.

Who listens is said in what is still to be decoded when the connection begins: the recogniser has it decoded first, for
connections between ends of which a conversation that announces is known.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["MAX_ANNOUNCED", "Announced"]

MAX_ANNOUNCED: Final = 4096
"""Pairs of ends that are watched, and connections that are awaited; the oldest go first."""

End = tuple[int, str, int]
"""Realm, address, port."""


class Announced:
    """By realm and address, since slots are numbered anew."""

    def __init__(self) -> None:
        self._transports: set[int] = set()
        self._pairs: dict[tuple[int, int, frozenset[str]], None] = {}
        self._awaited: dict[End, tuple[int, Any]] = {}
        self.owners: dict[int, Any] = {}
        """Slot of a connection that came → who announced it; its decoder forgets it."""

    def over(self, transport: int) -> bool:
        """Whether anybody is known who announces conversations over this transport."""
        return transport in self._transports

    def watch(self, realm: int, transport: int, one: str, other: str) -> None:
        """Somebody between these two announces conversations over the transport that announces them."""
        self._transports.add(transport)
        _keep(self._pairs, (realm, transport, frozenset((one, other))), None)

    def watches(self, realm: int, transport: int, one: str, other: str) -> bool:
        """Whether a conversation between these two may be announced."""
        return (realm, transport, frozenset((one, other))) in self._pairs

    def expect(self, end: End, code: int, owner: Any) -> None:
        """The next connection to this end speaks the protocol with this code, and is owner's."""
        _keep(self._awaited, end, (code, owner))

    def arrived(self, slot: int, ends: tuple[End, End]) -> int:
        """A connection begins: the code of its protocol, -1 where nobody announced it."""
        for end in ends:
            found = self._awaited.pop(end, None)
            if found is not None:
                code, self.owners[slot] = found
                return code
        return -1


def _keep(known: dict[Any, Any], key: Any, value: Any) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > MAX_ANNOUNCED:
        known.pop(next(iter(known)))
