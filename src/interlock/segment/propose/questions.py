"""Questions about what a plant needs seldom, and what the traffic that was seen therefore need not have shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.segment.propose.needs import GRAVE
from interlock.segment.propose.topics import BACKUP, COMMAND, FIRMWARE, LOOK, PROGRAM, SET, Topic, exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.model.places import Places
    from interlock.segment.propose.facts import Facts, Machine
    from interlock.segment.propose.refusals import Refusal

__all__ = ["Question", "questions_of"]

_WORK: Final = (
    ("backup", BACKUP, "save programs and settings of"),
    ("program", PROGRAM, "load programs and settings into"),
    ("command", COMMAND, "start, stop or reset, or set mode and clock of"),
    ("firmware", FIRMWARE, "load firmware into"),
)
"""What engineering stations do: topic, what it takes, as a half sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """id: stable, so that an answer holds for the next proposal too. realm, clients, servers: whom it is about.

    clients: empty where the answer has to name them. protocols: server → what it is asked by. topic: what would be
    allowed. unanswered: what is cut as long as nobody answers. objects: patterns, where it is about certain ones.
    shouts: protocols by which all are called at once. knocks: whether what the answer names beside, by `protocols`, is
    tried with everybody: then conversations may begin, and of whom it is not spoken by nothing is asked in them.
    stands_in: whether the answer's clients may all that its servers may, as they come in their place. told: sender,
    group and protocol of what is told to many: the answer's servers hear it.
    """

    id: str
    text: str
    unanswered: str
    realm: str
    clients: tuple[str, ...]
    servers: tuple[str, ...]
    protocols: tuple[tuple[str, tuple[str, ...]], ...]
    topic: Topic
    shouts: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    knocks: bool = False
    stands_in: bool = False
    told: tuple[tuple[str, str, str], ...] = ()

    @property
    def verbs(self) -> tuple[str, ...]:
        """All that would be allowed, of whichever protocol."""
        return self.topic.verbs


def questions_of(
    site: Site,
    facts: Facts,
    refusals: Iterable[Refusal],
    places: Places,
    find: Callable[[str, str], Asset | None],
) -> tuple[Question, ...]:
    """Everything to ask, in a stable order."""
    return (
        *_seen_grave(facts, places),
        *map(_refused, refusals),
        *_values(facts, places),
        *_stations(site, facts, places, find),
        *_scans(facts),
        *_standbys(facts),
        *_hearers(facts),
    )


def _seen_grave(facts: Facts, places: Places) -> Iterator[Question]:
    """Grave verbs that were seen between zones: who ordered them is not on the wire."""
    found: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for (realm, client, server, protocol, verb), count in facts.counts.items():
        if verb in GRAVE and places.of(realm, client).name != places.of(realm, server).name:
            found.setdefault((realm, client, server, protocol), {})[verb] = count
    for (realm, client, server, protocol), verbs in sorted(found.items()):
        times = ", ".join(f"{verb} {counted(count, 'time')}" for verb, count in sorted(verbs.items()))
        yield Question(
            id=_id("seen", realm, client, server, protocol),
            text=f"{client} was seen to ask {server} by {protocol}: {times}. Is this as it should be?",
            unanswered=f"{', '.join(sorted(verbs))} of {server} by {client}",
            realm=realm,
            clients=(client,),
            servers=(server,),
            protocols=((server, (protocol,)),),
            topic=exactly(tuple(sorted(verbs))),
        )


def _refused(refusal: Refusal) -> Question:
    """What was seen and always refused, or never answered: rules that take the refusal away leave a client waiting."""
    r = refusal
    times = ", ".join(f"{verb} {counted(count, 'time')}" for verb, count in r.verbs)
    verbs = tuple(verb for verb, _ in r.verbs)
    of = f" of {_listed(r.objects)}" if r.objects else ""
    return Question(
        id=_id("refused", r.realm, r.client, r.server, r.protocol),
        text=(
            f"{r.client} asks {r.server} by {r.protocol} for what is always refused, or never answered: {times}{of}."
            " May it go on asking? Rules that stop it leave it without even the refusal."
        ),
        unanswered=f"{', '.join(verbs)}{of} that {r.client} asks {r.server} by {r.protocol} and does not get",
        realm=r.realm,
        clients=(r.client,),
        servers=(r.server,),
        protocols=((r.server, (r.protocol,)),),
        topic=exactly(verbs, sessions=False),
        objects=r.objects,
    )


def _values(facts: Facts, places: Places) -> Iterator[Question]:
    """Who reads of machines of another zone: what it sets there, and on which objects, need not have been seen."""
    found: dict[Machine, dict[str, tuple[str, ...]]] = {}
    some: dict[Machine, list[str]] = {}
    for (realm, client, server), by_protocol in facts.verbs.items():
        control = {p for p in by_protocol if p in facts.served.get((realm, server), ())}
        readable = tuple(sorted(p for p in control if "read" in by_protocol[p]))
        if readable and places.of(realm, client).name != places.of(realm, server).name:
            found.setdefault((realm, client), {})[server] = readable
            if any(by_protocol[p] & set(SET.verbs) for p in readable):
                some.setdefault((realm, client), []).append(server)
    for (realm, client), servers in sorted(found.items()):
        known = tuple(sorted(some.get((realm, client), ())))
        never = tuple(sorted(set(servers) - set(known)))
        parts = [f"was not seen to set values of {_listed(never)}"] if never else []
        parts += [f"was seen to set only some of {_listed(known)}"] if known else []
        yield Question(
            id=_id("values", realm, client),
            text=f"{client} reads of all these and {' and '.join(parts)}. May it set others, on which of them?",
            unanswered=f"values that {client} sets on {_listed(tuple(sorted(servers)))} and was not seen to set",
            realm=realm,
            clients=(client,),
            servers=tuple(sorted(servers)),
            protocols=tuple(sorted(servers.items())),
            topic=SET,
        )


def _stations(
    site: Site, facts: Facts, places: Places, find: Callable[[str, str], Asset | None]
) -> Iterator[Question]:
    """What engineering stations do once a month or a year."""
    for realm in dict.fromkeys(realm for realm, _ in sorted(facts.served)):
        named = [s.address for s in site.engineering_stations if s.realm == realm]
        seen = {client for r, client, _ in facts.verbs if r == realm}
        known = [
            c for c in sorted(seen) if (a := find(realm, c)) is not None and a.role == "engineering-station"
        ]
        plain = {s: tuple(sorted(facts.served[realm, s])) for r, s in sorted(facts.served) if r == realm}
        calm = {s: p for s, p in plain.items() if not _is_safety(site, places, realm, s)}
        for station in dict.fromkeys([*named, *known]):
            servers = {s: p for s, p in calm.items() if s != station}
            if servers:
                for name, topic, does in _WORK:
                    yield _station(realm, station, servers, name, topic, does)


def _is_safety(site: Site, places: Places, realm: str, server: str) -> bool:
    """Whether a machine is of a safety system: work on those is asked for one by one, never for all."""
    zone = places.of(realm, server).zone
    return site.safety_system(realm, server) is not None or (zone is not None and zone.kind == "safety")


def _station(
    realm: str,
    station: str,
    servers: dict[str, tuple[str, ...]],
    name: str,
    topic: Topic,
    does: str,
) -> Question:
    return Question(
        id=_id(name, realm, station),
        text=(
            f"May the engineering station {station} {does} {_listed(servers)}, and by which other protocols (ftp,"
            " http)?"
        ),
        unanswered=f"{station} as it comes to {does} {_listed(servers)}",
        realm=realm,
        clients=(station,),
        servers=tuple(servers),
        protocols=tuple(servers.items()),
        topic=topic,
    )


def _scans(facts: Facts) -> Iterator[Question]:
    """Tools that ask everybody who it is."""
    for realm in dict.fromkeys(realm for realm, _ in sorted(facts.served)):
        servers = tuple(sorted({s for r, s in facts.served if r == realm}))
        yield Question(
            id=_id("scan", realm),
            text=(
                "Does a tool of yours ask all machines who they are (asset management, a scanner)? Name it under"
                " `clients`, and under `protocols` what it tries with everybody (http, modbus)."
            ),
            unanswered="who asks all machines who they are",
            realm=realm,
            clients=(),
            servers=servers,
            protocols=tuple((server, tuple(sorted(facts.served[realm, server]))) for server in servers),
            topic=LOOK,
            shouts=tuple(sorted(facts.shouts.get(realm, ()))),
            knocks=True,
        )


def _standbys(facts: Facts) -> Iterator[Question]:
    """Who takes another one's place: a standby with the same address needs nothing, one with its own all of it."""
    for realm in dict.fromkeys(realm for realm, _ in sorted(facts.served)):
        machines = {s for r, s in facts.served if r == realm} | {c for r, c, _ in facts.verbs if r == realm}
        yield Question(
            id=_id("standby", realm),
            text=(
                "Has a machine (controller, server, panel) a standby with an address of its own that takes its place?"
                " Name the standby under `clients` and the machine under `servers`, each pair in an answer of its own."
            ),
            unanswered="a standby with an address of its own, once it takes a machine's place",
            realm=realm,
            clients=(),
            servers=tuple(sorted(machines)),
            protocols=(),
            topic=exactly(()),
            stands_in=True,
        )


def _hearers(facts: Facts) -> Iterator[Question]:
    """Who hears what is told to many (GOOSE): it is not on the wire, and between zones a rule stops it."""
    for (realm, protocol), told in sorted(facts.told.items()):
        senders = tuple(sorted({sender for sender, _ in told}))
        groups = tuple(sorted({group for _, group in told}))
        yield Question(
            id=_id("hears", realm, protocol),
            text=(
                f"{_listed(senders)} tell by {protocol} to {_listed(groups)}. Which machines of other zones hear it?"
                " Name them under `servers` (and under `clients` whom they hear, if not all)."
            ),
            unanswered=f"what {_listed(senders)} tell by {protocol} to machines of other zones",
            realm=realm,
            clients=senders,
            servers=(),
            protocols=(),
            topic=exactly(("report",), sessions=False),
            told=tuple((sender, group, protocol) for sender, group in sorted(told)),
        )


def _id(topic: str, realm: str, *machines: str) -> str:
    place = "" if realm == "default" else f"{realm}/"
    return f"{topic}:{place}{'/'.join(machines)}".removesuffix(":")


def _listed(servers: dict[str, tuple[str, ...]] | tuple[str, ...]) -> str:
    names = list(servers)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
