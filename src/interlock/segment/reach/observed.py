"""What machines were seen to do to each other, spread like what a policy allows: the observed radius beside that.

What nobody answered took and touched nothing. Of what is told to groups nobody sees who hears it: left out, and so is
what is between neighbours of a link (ARP), which no policy cuts.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.segment.model.groups import is_group, is_link
from interlock.segment.reach.taking import LOGONS, TOUCHING
from interlock.segment.replay.loops import CYCLIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.segment.check.traffic import Kind
    from interlock.segment.model.policy import Ask
    from interlock.segment.reach.machines import Machine

__all__ = ["Contacts", "Radius"]

_QUIET: Final = ("icmp", "icmp6")


class Radius(NamedTuple):
    """How many more machines: asked by itself; taken and touched with whatever the taken ones were seen to do."""

    asked: int
    taken: int
    touched: int


class Contacts:
    """Who was seen with whom, in one realm."""

    def __init__(self, realm: str, machines: Iterable[Machine], kinds: Iterable[Kind]) -> None:
        """machines: one each; addresses that are none of theirs are left out."""
        self._numbers = {a: number for number, machine in enumerate(machines) for a in machine.addresses}
        self._takes: dict[int, set[int]] = {}
        self._touches: dict[int, set[int]] = {}
        for kind in kinds:
            ask = kind.ask
            link = is_link(ask.protocol, ask.port[0] if ask.port else None, ask.server)
            if ask.realm == realm and kind.seen.answered and not (link or any(map(is_group, ask[1:3]))):
                for one, other, takes in _acts(ask):
                    self._note(one, other, takes=takes)

    def _note(self, client: str, server: str, *, takes: bool) -> None:
        one, other = (self._numbers.get(end.partition("/")[0]) for end in (client, server))
        if one is not None and other is not None and one != other:
            (self._takes if takes else self._touches).setdefault(one, set()).add(other)

    def radius(self, machine: Machine) -> Radius:
        """Spread from one taken machine."""
        start = self._numbers[machine.addresses[0]]
        taken, touched, waiting = {start}, set[int](), deque([start])
        while waiting:
            source = waiting.popleft()
            touched |= self._touches.get(source, set())
            new = self._takes.get(source, set()) - taken
            taken |= new
            waiting.extend(sorted(new))
        asked = self._takes.get(start, set()) | self._touches.get(start, set())
        return Radius(len(asked), len(taken) - 1, len(touched - taken))


def _acts(ask: Ask) -> Iterator[tuple[str, str, bool]]:
    """Who did something to whom, and whether that takes the other (see `taking`); cyclic data go both ways."""
    if ask.verb is not None:
        yield ask.client, ask.server, ask.verb not in TOUCHING or ask.protocol in LOGONS
        return
    if ask.protocol in CYCLIC:
        yield ask.client, ask.server, True
        yield ask.server, ask.client, False
        return
    unknown = ask.protocol is None and ask.port is not None and ask.port[0] not in _QUIET
    yield ask.client, ask.server, unknown or ask.protocol in LOGONS
