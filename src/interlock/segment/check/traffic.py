"""What was seen of a plant's traffic: operations and conversations, by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.gathering import Gathering
from interlock.segment.check.sightings import Sighting, Sightings
from interlock.segment.model.groups import is_group, is_nobody
from interlock.segment.model.policy import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from interlock.segment.model.policy import Policy

__all__ = ["READ", "Kind", "Traffic"]

_OPERATION: Final = ("source", "realm", "client", "server", "protocol", "verb", "unit", "object")
_FLOW: Final = ("source", "realm", "client", "server", "transport", "protocol", "state", "basis")
READ: Final[dict[str, tuple[str, ...]]] = {
    "operations": (
        *_OPERATION,
        *("count", "server_port", "time", "frame", "response_frame", "outcome", "repeats", "last"),
    ),
    "flows": (*_FLOW, "server_port", "first", "last", "first_frame", "server_packets"),
}
"""Table → columns that are read of it."""
_GUESSED: Final = frozenset({"port", "unknown"})
"""What a conversation's protocol rests on where nothing that was said in it shows one."""
_BEGUN: Final = frozenset({"opened", "established", "closed", "reset"})
"""States of TCP conversations whose first frame was seen: who opened them is known."""


class Kind(NamedTuple):
    """Rows that are alike. what: operation or flow. state: of a flow's TCP."""

    what: str
    source: str
    ask: Ask
    state: str | None
    seen: Sighting


class Traffic:
    """Feed it batches of `operations` (or `operations_folded`) and `flows`, then ask for `kinds`."""

    def __init__(self) -> None:
        self._operations = Sightings(_OPERATION, ("count", "server_port"))
        self._flows = Sightings(_FLOW, ("server_port",))
        self._gathered = {"operations": Gathering(), "flows": Gathering()}

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take a batch of one of the tables; others are passed over."""
        name = "operations" if table == "operations_folded" else table
        if name in READ and batch.num_rows:
            columns = [c for c in READ[name] if c in batch.schema.names]
            for rows in self._gathered[name].feed(batch.select(columns)):
                self._count(name, rows)

    def _count(self, table: str, rows: pa.RecordBatch) -> None:
        if table == "operations":
            last = "last" if "last" in rows.schema.names else "time"
            self._operations.add(rows, time="time", last=last, frames=("frame", "response_frame"))
        else:
            self._flows.add(rows, time="first", last="last", frames=("first_frame",))

    def finish(self) -> None:
        """Count what is still held back."""
        for name, gathered in self._gathered.items():
            rows = gathered.rest()
            if rows is not None:
                self._count(name, rows)

    @property
    def operations(self) -> int:
        """How many operations were seen."""
        return self._operations.rows

    @property
    def flows(self) -> int:
        """How many conversations were seen."""
        return self._flows.rows

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Source → first and last instant of what was seen there (UTC ns)."""
        found: dict[str, tuple[int, int]] = {}
        for sightings in (self._operations, self._flows):
            for key, seen in sightings:
                first, last = found.get(str(key[0]), (seen.first, seen.last))
                found[str(key[0])] = min(first, seen.first), max(last, seen.last)
        return found

    @property
    def left_out(self) -> int:
        """Rows of more kinds than there is room for: seen, and not judged."""
        return self._operations.left_out + self._flows.left_out

    def kinds(self, policy: Policy) -> Iterator[Kind]:
        """Every kind, as the policy is to be asked about it. policy: says which zones use a group."""
        hearers = self._hearers(policy)
        ports = self._transports()
        opened = {(k[1], k[2], k[3]) for k, _ in self._flows if k[6] in _BEGUN}
        begun = self._begun()
        asked: set[tuple[str, str, str, str | None]] = set()
        for key, seen in self._operations:
            source, realm, client, server, protocol, verb, unit, name, many, port = key
            if (realm, server, client) in opened and (realm, client, server) not in opened:
                # Asked back within a conversation that the other side opened, as S7 controllers fetch their blocks.
                client, server, port = server, client, None
            known = ports.get((realm, client, server, port), None)
            ask = Ask(
                str(realm), str(client), str(server), _text(protocol), _text(verb), _text(unit), _text(name),
                _number(many), known, hearers.get(_group(realm, client, server, protocol), ()),
                joined=(realm, client, server) not in begun,
            )  # fmt: skip
            asked.add((ask.realm, ask.client, ask.server, ask.protocol))
            yield Kind("operation", str(source), ask, None, seen)
        for key, seen in self._flows:
            yield self._flow(key, seen, hearers, asked)

    def _flow(
        self,
        key: tuple[str | int | None, ...],
        seen: Sighting,
        hearers: Mapping[tuple[str, str, str], tuple[str, ...]],
        asked: set[tuple[str, str, str, str | None]],
    ) -> Kind:
        """A conversation. Where its beginning was not seen, who asks in it is its client."""
        source, realm, client, server, transport, protocol, state, basis, port = key
        one, other = str(client), str(server)
        name = None if basis in _GUESSED else _text(protocol)
        swapped = (str(realm), other, one, name) in asked and (str(realm), one, other, name) not in asked
        if swapped and state in {None, "midstream"}:
            one, other = other, one
        heard = hearers.get(_group(realm, one, other, protocol), ())
        ask = Ask(str(realm), one, other, name, port=(str(transport), _number(port) or 0), hearers=heard)
        return Kind("flow", str(source), ask, _text(state), seen)

    def _begun(self) -> set[tuple[str | int | None, ...]]:
        """(realm, one, other), both ways round, of whom every conversation began in sight.

        Only TCP has beginnings: of what comes in datagrams each says all of itself.
        """
        seen: dict[tuple[str | int | None, ...], bool] = {}
        for (_, realm, client, server, transport, _, state, _, _), _ in self._flows:
            begun = transport != "tcp" or state in _BEGUN
            for place in ((realm, client, server), (realm, server, client)):
                seen[place] = begun and seen.get(place, True)
        return {place for place, begun in seen.items() if begun}

    def _transports(self) -> dict[tuple[str | int | None, ...], tuple[str, int]]:
        """(realm, client, server, port) → transport and port; left out where conversations of several have it."""
        found: dict[tuple[str | int | None, ...], tuple[str, int] | None] = {}
        for (_, realm, client, server, transport, _, _, _, port), _ in self._flows:
            if isinstance(port, int):
                place, one = (realm, client, server, port), (str(transport), port)
                found[place] = one if found.get(place, one) == one else None
        return {place: one for place, one in found.items() if one is not None}

    def _hearers(self, policy: Policy) -> dict[tuple[str, str, str], tuple[str, ...]]:
        """(realm, group, protocol) → zones whose machines send to it: who speaks to a group hears it, too."""
        found: dict[tuple[str, str, str], set[str]] = {}
        keys = [(k[1], k[2], k[3], k[4]) for k, _ in self._operations]
        keys += [(k[1], k[2], k[3], k[5]) for k, _ in self._flows]
        for realm, client, server, protocol in dict.fromkeys(keys):
            group = _group(realm, client, server, protocol)
            sender = str(server) if is_group(str(client)) else str(client)
            if group[1] and protocol is not None and not is_nobody(sender):
                zone = policy.places.of(str(realm), sender).name
                found.setdefault(group, set()).update(() if zone is None else (zone,))
        return {group: tuple(sorted(zones)) for group, zones in found.items()}


def _group(
    realm: str | int | None, client: str | int | None, server: str | int | None, protocol: str | int | None
) -> tuple[str, str, str]:
    """Which group is spoken to; without an address where none is."""
    named = next((str(end) for end in (server, client) if is_group(str(end))), "")
    return str(realm), named, str(protocol)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _number(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None
