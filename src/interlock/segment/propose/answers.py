"""What an operator answers (`answers.toml`), and the conduits that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlock.records.conduit import Conduit
from interlock.records.site import Zone, covers
from interlock.records.site_text import read_entries
from interlock.records.toml_places import WrongError, parse_toml, refusal, unlisted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from interlock.records.conduit import ConduitVerb
    from interlock.records.site import Member, Site
    from interlock.segment.model.places import Places
    from interlock.segment.propose.needs import Names
    from interlock.segment.propose.questions import Question
    from interlock.segment.propose.topics import Speech

__all__ = ["Answered", "answered_conduits", "load_answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer. yes: whether it may. clients, servers: only these; all of the question's where none are named.

    protocols, verbs: what else it takes, beside the question's; with other protocols, the other verbs are theirs alone.
    objects: only these. A question may be answered several times, each time for other servers.
    """

    id: str
    yes: bool
    clients: tuple[Member, ...] = ()
    servers: tuple[Member, ...] = ()
    protocols: tuple[str, ...] = ()
    verbs: tuple[ConduitVerb, ...] = ()
    objects: tuple[str, ...] = ()
    reason: str | None = None
    owner: str | None = None
    until: date | None = None


def load_answers(
    text: str, questions: Iterable[Question], protocols: Collection[str], *, file: str = "answers.toml"
) -> tuple[Answered, ...]:
    """Read answers. Raises ConfigError naming file, line and column; also of an answer to what nobody asked.

    protocols: the words that decoders use.
    """
    content = parse_toml(text, file=file)
    asked = {question.id: question for question in questions}
    try:
        _check_keys(content)
        answers = read_entries(content.get("answers", []), "answers", Answered)
        seen: dict[str, set[str]] = {}
        for number, answer in enumerate(answers):
            _check(answer, ("answers", number), asked, seen, protocols)
    except WrongError as wrong:
        raise refusal(text, wrong, file=file) from None
    return answers


def _check_keys(content: dict[str, Any]) -> None:
    for key in content:
        if key != "answers":
            raise WrongError((key,), unlisted(key, ("answers",)), key=True)


def _check(
    answer: Answered,
    path: tuple[str | int, ...],
    asked: dict[str, Question],
    seen: dict[str, set[str]],
    protocols: Collection[str],
) -> None:
    if answer.id not in asked:
        raise WrongError((*path, "id"), f"expected the id of a question; {unlisted(answer.id, asked)}")
    before = seen.setdefault(answer.id, set())
    about = set(answer.servers) or {""}  # all of them
    if before and (before & about or "" in before | about):
        raise WrongError(
            (*path, "id"),
            f"expected each answer once, or each for other `servers`; {answer.id!r} is answered twice",
        )
    before |= about
    for place, protocol in enumerate(answer.protocols):
        if protocol not in protocols:
            raise WrongError(
                (*path, "protocols", place), f"expected a protocol that decoders know; found {protocol!r}"
            )
    if answer.yes and not answer.clients and not asked[answer.id].clients:
        raise WrongError(path, "expected `clients`: this question asks who it is")
    if answer.yes and not answer.servers and (asked[answer.id].stands_in or asked[answer.id].told):
        raise WrongError(path, "expected `servers`: in whose place the standby comes, or who hears it")


def answered_conduits(
    site: Site,
    questions: Iterable[Question],
    answers: Iterable[Answered],
    places: Places,
    names: Names,
    speech: Speech,
) -> Iterator[Conduit]:
    """Conduits that the answers allow, least ones: each server by what it speaks, each protocol with verbs it has."""
    yes: dict[str, list[Answered]] = {}
    for answer in answers:
        if answer.yes:
            yes.setdefault(answer.id, []).append(answer)
    for question in questions:
        for answer in yes.get(question.id, ()):
            for shape, pairs in sorted(_shapes(site, question, answer, places, speech).items()):
                yield from _conduits(question, answer, shape, pairs, names)
            yield from _calls(site, question, answer, places, names)
            yield from _heard(site, question, answer, places, names)


_Shape = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""Zones, protocols, verbs."""


def _shapes(
    site: Site, question: Question, answer: Answered, places: Places, speech: Speech
) -> dict[_Shape, dict[str, list[str]]]:
    """What conduits say → client → servers."""
    realm = question.realm
    spoken = dict(question.protocols)
    every = tuple(sorted({p for protocols in spoken.values() for p in protocols}))
    servers = [s for s in question.servers if not answer.servers or covers(answer.servers, s)]
    # A machine that the operator names and that served nothing so far: by whatever the others are asked.
    servers += [s for s in answer.servers if "/" not in s and s not in servers]
    shapes: dict[_Shape, dict[str, list[str]]] = {}
    for client in answer.clients or question.clients:
        for server in servers:
            one, other = places.of(realm, client).name, places.of(realm, server).name
            if one is None or other is None or client == server:
                continue
            if _inside(site, one, other) or _stands(site, question, client, server):
                continue
            usual = spoken.get(server, () if question.knocks else every)
            for verbs, protocols in _by_verbs(question, answer, usual, speech).items():
                shapes.setdefault((one, other, tuple(protocols), verbs), {}).setdefault(client, []).append(
                    server
                )
    return shapes


def _by_verbs(
    question: Question, answer: Answered, usual: Collection[str], speech: Speech
) -> dict[tuple[str, ...], list[str]]:
    """Verbs → protocols, none for conversations in which nothing is asked. usual: what a server is asked by."""
    spoken = set(usual) if question.knocks else {*usual, *answer.protocols}
    least = question.topic.least(sorted(spoken), speech)
    found: dict[tuple[str, ...], list[str]] = {}
    for protocol in sorted({*least, *answer.protocols}):
        more = answer.verbs if protocol in (answer.protocols or (protocol,)) else ()
        verbs = tuple(sorted({*least.get(protocol, ()), *more}))
        found.setdefault(verbs, []).append(protocol)
    if question.knocks and answer.protocols:  # one conduit for all of them, whatever each one speaks
        found[()] = sorted(answer.protocols)
    return found


def _conduits(
    question: Question, answer: Answered, shape: _Shape, pairs: dict[str, list[str]], names: Names
) -> Iterator[Conduit]:
    """Clients with the same servers share one."""
    one, other, protocols, verbs = shape
    clients_of: dict[tuple[str, ...], list[str]] = {}
    for client, servers in sorted(pairs.items()):
        clients_of.setdefault(tuple(sorted(servers)), []).append(client)
    for servers_, clients in clients_of.items():
        yield Conduit(
            name=names.free(f"{one} to {other}: {question.id}"), from_=(one,), to=(other,), protocols=protocols,
            verbs=verbs, objects=(answer.objects or question.objects) if verbs else (), clients=tuple(clients),
            servers=servers_, reason=answer.reason or f"answer to {question.id}", owner=answer.owner,
            until=answer.until,
        )  # fmt: skip


def _calls(
    site: Site, question: Question, answer: Answered, places: Places, names: Names
) -> Iterator[Conduit]:
    """Who asks everybody who it is may also call to all."""
    if not question.shouts:
        return
    zones = tuple(zone.name for zone in site.zones if zone.realm == question.realm)
    for client in answer.clients or question.clients:
        zone = places.of(question.realm, client).name
        others = tuple(name for name in zones if name != zone)
        if zone is not None and others and not _stands(site, question, client, None):
            yield Conduit(
                name=names.free(f"{zone} to all: {question.id}"), from_=(zone,), to=others,
                protocols=question.shouts, verbs=("discover",), groups=("broadcast",), clients=(client,),
                reason=answer.reason or f"answer to {question.id}", owner=answer.owner, until=answer.until,
            )  # fmt: skip


def _heard(
    site: Site, question: Question, answer: Answered, places: Places, names: Names
) -> Iterator[Conduit]:
    """What is told to many, and heard in other zones."""
    zones = {places.of(question.realm, hearer).name for hearer in answer.servers if "/" not in hearer}
    for sender, group, protocol in question.told:
        here = places.of(question.realm, sender).name
        others = tuple(sorted(zone for zone in zones if zone is not None and zone != here))
        if here is None or not others or not covers(answer.clients or question.clients, sender):
            continue
        made = Conduit(
            name=names.free(f"{here}: {question.id} {group}"), from_=(here,), to=others, protocols=(protocol,),
            verbs=("report",), groups=(group,), clients=(sender,), reason=answer.reason or f"answer to {question.id}",
            owner=answer.owner, until=answer.until,
        )  # fmt: skip
        alike = [
            c for c in site.conduits if question.id in c.name and group in c.groups and sender in c.clients
        ]
        if not any(set(others) <= set(c.to) for c in alike):
            yield made


def _stands(site: Site, question: Question, client: str, server: str | None) -> bool:
    """Whether a conduit of an earlier proposal answers this already: as it is now, hands may have changed it."""
    return any(
        question.id in conduit.name
        and client in conduit.clients
        and (server in conduit.servers if server is not None else bool(conduit.groups))
        for conduit in site.conduits
    )


def _inside(site: Site, one: str, other: str) -> bool:
    zones: dict[str, Zone] = {zone.name: zone for zone in site.zones}
    return one == other and zones[one].inside == "allow"
