"""What an operator answers (`answers.toml`), and the conduits that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlock.records.conduit import Conduit
from interlock.records.site import Zone, covers
from interlock.records.site_text import read_entries
from interlock.records.toml_places import WrongError, parse_toml, refusal, unlisted
from interlock.segment.propose.needs import UPKEEP, Names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date

    from interlock.records.conduit import ConduitVerb
    from interlock.records.site import Member, Site
    from interlock.segment.model.places import Places
    from interlock.segment.propose.questions import Question

__all__ = ["Answered", "answered_conduits", "load_answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer. yes: whether it may. clients, servers: only these; all of the question's where none are named.

    protocols, verbs: what else it takes, beside the question's; with other protocols, the other verbs are theirs alone.
    objects: only these.
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
        seen: set[str] = set()
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
    seen: set[str],
    protocols: Collection[str],
) -> None:
    if answer.id not in asked:
        raise WrongError((*path, "id"), f"expected the id of a question; {unlisted(answer.id, asked)}")
    if answer.id in seen:
        raise WrongError((*path, "id"), f"expected each answer once; {answer.id!r} is answered twice")
    seen.add(answer.id)
    for place, protocol in enumerate(answer.protocols):
        if protocol not in protocols:
            raise WrongError(
                (*path, "protocols", place), f"expected a protocol that decoders know; found {protocol!r}"
            )
    if answer.yes and not answer.clients and not asked[answer.id].clients:
        raise WrongError(path, "expected `clients`: this question asks who it is")


def answered_conduits(
    site: Site,
    questions: Iterable[Question],
    answers: Iterable[Answered],
    places: Places,
    names: Names,
    expressed: Mapping[str, frozenset[str]],
) -> Iterator[Conduit]:
    """Conduits that the answers allow, least ones: each server by what it speaks, each protocol with verbs it has.

    expressed: protocol → verbs that its functions have; of one that is not there any.
    """
    by_id = {answer.id: answer for answer in answers if answer.yes}
    for question in questions:
        if question.id in by_id:
            answer = by_id[question.id]
            for shape, pairs in sorted(_shapes(site, question, answer, places, expressed).items()):
                yield from _conduits(question, answer, shape, pairs, names)
            yield from _calls(site, question, answer, places, names)


_Shape = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""Zones, protocols, verbs."""


def _shapes(
    site: Site, question: Question, answer: Answered, places: Places, expressed: Mapping[str, frozenset[str]]
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
            by_verbs: dict[tuple[str, ...], list[str]] = {}
            for protocol in sorted({*spoken.get(server, every), *answer.protocols}):
                more = answer.verbs if protocol in (answer.protocols or (protocol,)) else ()
                by_verbs.setdefault(_verbs(question, more, expressed.get(protocol)), []).append(protocol)
            for verbs, protocols in by_verbs.items():
                shapes.setdefault((one, other, tuple(protocols), verbs), {}).setdefault(client, []).append(
                    server
                )
    return shapes


def _verbs(question: Question, more: Iterable[str], has: frozenset[str] | None) -> tuple[str, ...]:
    """What the question asks for, as far as a protocol has it, and more that the operator adds."""
    asked = {*question.verbs, *(() if question.id.startswith("refused:") else UPKEEP)}
    if has is not None:  # what can be operated can be selected before, by the same function with one bit more
        asked &= has | ({"select"} if "operate" in has else set())
    return tuple(sorted({*asked, *more}))


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
