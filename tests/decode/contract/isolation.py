"""A decoder that breaks costs one flow: it turns opaque and says so once; nobody else notices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from decode.contract.judging import differences
from decode.contract.playing import play
from decode.contract.subjects import SUBJECTS, each
from decode.contract.subjects import specs as registered
from decode.contract.takes import whole
from interlock.decode import decoder
from interlock.decode.decoder import MAX_STRIKES
from interlock.decode.facts import MAX_ODDITIES_PER_FLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from decode.contract.playing import Row, Rows
    from decode.contract.subjects import Subject
    from decode.seeds import Seed
    from interlock.decode.spec import ProtocolSpec

__all__ = ["VICTIM", "broken", "others", "test_a_broken_decoder_costs_one_flow"]

VICTIM = 0
"""The take whose flow the decoder breaks on: its realm's number."""
LONG = 40
"""Messages of the victim's conversation: more than the failures after which a flow turns opaque."""


FLOOD, FLOODED = 1000, 500
"""Rows that a flood makes of one message, and what the engine is told to bear of it."""


def _raises(decoder: Any, m: Any, i: int, out: Any) -> None:
    raise RuntimeError("broken on purpose")


def _spends(decoder: Any, m: Any, i: int, out: Any) -> None:
    """Looks at the same octets until the cursor stops it."""
    while True:
        decoder.cursor.seek(0)


def _floods(decoder: Any, m: Any, i: int, out: Any) -> None:
    """More oddities than anybody reads."""
    for _ in range(FLOOD):
        decoder.facts.oddity(m, i, decoder.protocol, "truncated", 0)


def _pours(decoder: Any, m: Any, i: int, out: Any) -> None:
    """Operations that no octet asks for."""
    for _ in range(FLOOD):
        out.tell(m, i, decoder.f, 1)


def _details(decoder: Any, m: Any, i: int, out: Any) -> None:
    """Rows of a table of its own; of a protocol that has none, operations."""
    if not decoder.spec.details:
        _pours(decoder, m, i, out)
    for _ in range(FLOOD if decoder.spec.details else 0):
        decoder.facts.detail(decoder.spec.details[0].name, m, i, {})


def broken(spec: ProtocolSpec, how: Callable[[Any, Any, int, Any], None]) -> ProtocolSpec:
    """The protocol with a decoder that does `how` first where the victim speaks."""

    def build(own: Any, tools: Any) -> Any:
        kind = type(spec.decoder(own, tools))

        class Broken(kind):  # type: ignore[misc,valid-type]
            def message(self, m: Any, i: int, out: Any) -> Any:
                if self.flows.realm_of(m.flow[i]) == VICTIM:
                    how(self, m, i, out)
                return kind.message(self, m, i, out)

            def receive(self, m: Any, i: int, out: Any, slot: int, state: Any) -> Any:
                """What rides on another protocol is called by it."""
                if self.flows.realm_of(slot) == VICTIM:
                    how(self, m, i, out)
                return kind.receive(self, m, i, out, slot, state)

        return Broken(own, tools)

    return replace(spec, decoder=build)


def _long(seed: Seed) -> Seed:
    return replace(seed, messages=(seed.messages * LONG)[: max(LONG, len(seed.messages))])


def others(subject: Subject) -> list[Seed]:
    """The same protocol's own conversations, and one of each of a few others."""
    rest = [s.seeds[0] for s in SUBJECTS if s.name != subject.name][:4]
    return [*subject.seeds[:2], *rest]


@pytest.mark.parametrize("how", [_raises, _spends, _floods, _pours, _details])
@each(lambda s: s.own_seeds)
def test_a_broken_decoder_costs_one_flow(
    subject: Subject, how: Callable[[Any, Any, int, Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "MAX_ROWS", FLOODED)
    victim = _long(subject.seeds[0])
    takes = [whole(victim), *(whole(seed) for seed in others(subject))]
    sound = play(takes)
    specs = [broken(s, how) if s.name == subject.spec.name else s for s in registered()]
    spoilt = play(takes, specs=specs)
    for number in range(1, len(takes)):
        assert differences(sound[number], spoilt[number]) == [], takes[number].seed.name
    _reported(subject, how, spoilt[VICTIM])


def _reported(subject: Subject, how: Callable[[Any, Any, int, Any], None], rows: Rows) -> None:
    """Each flow of the victim (a group's and a machine's are two) says once that it turned opaque, with the octets."""
    flows: dict[frozenset[str], list[Row]] = {}
    for row in rows["oddities"]:
        if row["protocol"] in subject.spec.names:
            flows.setdefault(frozenset((row["client"], row["server"])), []).append(row)
    assert flows
    for told in flows.values():
        said = [r["oddity"] for r in told]
        if how in (_floods, _pours, _details):
            there = said.count("flooded")  # on the link, two machines may have several flows
            assert there == said.count("turned-opaque") > 0
            assert len(told) <= there * (MAX_ODDITIES_PER_FLOW + 3)
            assert said.count("oddities-suppressed") == there * (how is _floods)
            assert all(r["octets"] for r in told if r["oddity"] in ("flooded", "turned-opaque"))
            continue
        failures = [o for o in said if o != "turned-opaque"]
        assert set(failures) <= {"decoder-error:RuntimeError", "over-budget", "not-framed"}
        enough = "over-budget" in failures or failures.count("decoder-error:RuntimeError") >= MAX_STRIKES
        assert said.count("turned-opaque") == enough
        assert all(r["octets"] for r in told if r["oddity"] == "turned-opaque")
        assert failures.count("decoder-error:RuntimeError") <= MAX_STRIKES
        assert failures.count("over-budget") <= 1
    assert how in (_floods, _pours, _details) or rows.get("operations", []) == []
