"""One capture, moved: what is said of each flow against what it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from conformance.confusion.moving import move
from conformance.confusion.rounds import TRANSPORTS, registered, rounds
from conformance.confusion.truth import conversations, said_of, walk
from interlock.capture import SourceSpec, open_sources
from interlock.decode.engine import Engine
from interlock.decode.port_names import TCP, UDP
from interlock.decode.registry import load_specs, load_verbs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cache import Cache
    from conformance.captures import Capture
    from conformance.confusion.moving import Ports
    from conformance.confusion.rounds import Round
    from conformance.confusion.truth import Conversation, Key, Rules
    from conformance.tshark import Tshark

__all__ = ["Bench", "Judged", "Verdict"]

Verdict = Literal["right", "unknown", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One flow of one round. frame: its first payload. truth: None where nobody says; basis: as `flows` has it."""

    capture: str
    turn: str
    frame: int
    port: str
    truth: str | None
    said: str | None
    basis: str
    verdict: Verdict | None


class Bench:
    """What is loaded once: the decoders, the rules of truth, the rounds. foreign: how many rounds to others' ports."""

    def __init__(self, tshark: Tshark, cache: Cache, rules: Rules, foreign: int) -> None:
        self._tshark, self._cache, self._rules = tshark, cache, rules
        self._specs, self._verbs = load_specs(outside=False), load_verbs(outside=False)
        taken = registered(self._specs)
        hinted = {"tcp": {*TCP, *taken["tcp"]}, "udp": {*UDP, *taken["udp"]}}
        self.rounds = list(rounds(taken, hinted, foreign))

    @cached_property
    def ours(self) -> frozenset[str]:
        """Every name that a decoder may give."""
        return frozenset(name for spec in self._specs for name in spec.names)

    def judge(self, capture: Capture) -> Iterator[Judged]:
        """Every flow with a payload, in every round."""
        frames = walk(self._tshark, self._cache, capture)
        talks, asked = conversations(frames)
        keys = {seen.frame: seen.key for seen in frames}
        spoken = {key: talk for key, talk in talks.items() if any(seen.octets for seen in talk.frames)}
        if not spoken:
            return
        servers = self._servers(capture, spoken, asked)
        for turn in self.rounds:
            ports = _ports(turn, servers, talks)
            for row in self._decode(capture, ports):
                key = keys.get(row["first_frame"])
                if key in spoken:
                    yield from self._judged(capture.name, turn.name, spoken[key], row, servers)

    def _servers(
        self, capture: Capture, spoken: dict[Key, Conversation], asked: Any
    ) -> dict[str, dict[int, frozenset[str]]]:
        found: dict[str, defaultdict[int, set[str]]] = {t: defaultdict(set) for t in TRANSPORTS}
        for key, talk in spoken.items():
            word = said_of(self._rules, capture.name, key, [seen for seen in talk.frames if seen.octets])
            found[key[0]][talk.server(asked)[1]].update(self._alike(word) if word else ())
        return {t: {port: frozenset(words) for port, words in ports.items()} for t, ports in found.items()}

    def _decode(self, capture: Capture, ports: Ports) -> list[dict[str, Any]]:
        columns = ("first_frame", "last_frame", "transport", "protocol", "basis")
        rows: list[dict[str, Any]] = []
        with open_sources([SourceSpec(path=str(capture.path), realm="default")]) as run:
            engine = Engine(run.sources, self._specs, self._verbs, wanted=frozenset({"flows"}))
            for made in _made(engine, run, ports):
                if "flows" in made:
                    rows += made["flows"].select(columns).to_pylist()
        return rows

    def _judged(
        self, capture: str, turn: str, talk: Conversation, row: dict[str, Any], servers: dict[str, Any]
    ) -> Iterator[Judged]:
        frames = talk.within(row["first_frame"], row["last_frame"])
        if not frames:
            return
        truth = said_of(self._rules, capture, talk.key, frames)
        ends = sorted(f"{talk.key[0]}/{end[1]}" for end in talk.key[1:] if end[1] in servers[talk.key[0]])
        yield Judged(
            capture=capture, turn=turn, frame=frames[0].frame, port=" ".join(ends), truth=truth,
            said=row["protocol"], basis=row["basis"], verdict=self._verdict(truth, row["protocol"]),
        )  # fmt: skip

    def _verdict(self, truth: str | None, said: str | None) -> Verdict | None:
        if truth is None:
            return None
        if said in self._alike(truth):
            return "right"
        if said is None:
            return "unknown" if self._alike(truth) & self.ours else "right"
        return "wrong"

    def _alike(self, word: str) -> frozenset[str]:
        return frozenset({word}).union(*(group for group in self._rules.formats if word in group))


def _ports(
    turn: Round, servers: dict[str, dict[int, frozenset[str]]], talks: dict[Key, Conversation]
) -> Ports:
    ports: Ports = {}
    for transport in TRANSPORTS:
        seen = frozenset(end[1] for key in talks if key[0] == transport for end in key[1:])
        ports |= turn.ports(transport, servers[transport], seen)
    return ports


def _made(engine: Engine, run: Any, ports: Ports) -> Iterator[dict[str, Any]]:
    for frames in run:
        move(frames, ports)
        yield engine.feed(frames)
    yield from engine.finish()
