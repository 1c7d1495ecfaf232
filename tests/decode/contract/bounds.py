"""Bounded work and bounded memory, however hostile the octets are."""

from __future__ import annotations

import gc
import sys
import types
from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from decode.contract.judging import shown
from decode.contract.playing import batch_of, engine_for
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.subjects import specs as registered
from decode.contract.takes import HANDSHAKE, sent, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.random import Generator

    from decode.contract.subjects import Subject
    from decode.seeds import Seed
    from interlock.decode.engine import Engine

HOSTILE_OCTETS = 24_000
WORK_NS_PER_OCTET = 12_000
"""CPU that a hostile octet may cost, with room for a slow and busy machine; the worst valid message costs a tenth."""
WORK_BASE_S = 0.15
INFLATED = 6
DRIBBLED = 1500

MESSAGES = 6_000 if DEEP == 1 else 20_000 * DEEP
FLOWS = MESSAGES // 10
BATCH = 5_000
MOST_ENTRIES = 4_200 if DEEP == 1 else 10_000
"""In any container that a decoder keeps: what grows with each message or flow has more by then."""
HELD_OCTETS = 24 << 20


def _inflated(octets: bytes, rng: Generator) -> bytes:
    """A field becomes the length of what follows, which is the message again and again."""
    width = int(rng.choice((1, 2, 2, 4)))
    at = int(rng.integers(0, max(1, min(len(octets), 64) - width)))
    total = HOSTILE_OCTETS - int(rng.choice((0, at + width, 4, 6, 7)))
    number = (total if rng.integers(2) else 0x7FFFFFFF) & ((1 << 8 * width) - 1)
    field = number.to_bytes(width, "big" if rng.integers(2) else "little")
    body = octets[at + width :] or b"\0"
    filler = bytes(int(rng.choice((0, 1, 255))) for _ in range(1)) if rng.integers(3) == 0 else body
    return (octets[:at] + field + filler * (HOSTILE_OCTETS // len(filler) + 1))[:HOSTILE_OCTETS]


def _seconds(frames: list[tuple[int, int, bytes]], sources: int = 1) -> float:
    engine = engine_for(sources)
    batch = batch_of(frames)
    began = process_time()
    engine.feed(batch)
    list(engine.finish())
    return process_time() - began


@each()
def test_work_is_bounded_by_the_octets(subject: Subject) -> None:
    rng = randomness(subject.name, "work")
    for _ in range(INFLATED * DEEP):
        seed = subject.seeds[int(rng.integers(len(subject.seeds)))]
        k = int(rng.integers(len(seed.messages)))
        side, octets = seed.messages[k]
        messages = (*seed.messages[:k], (side, _inflated(octets, rng)), *seed.messages[k + 1 :])
        frames = [(m, 0, f) for m, f in whole(replace(seed, messages=messages)).frames]
        allowed = WORK_BASE_S + WORK_NS_PER_OCTET * 1e-9 * sum(len(f) for _, _, f in frames)
        spent = _seconds(frames)
        if spent > allowed:  # once may be the machine's fault
            spent = min(_seconds(frames) for _ in range(3))
        assert spent <= allowed, f"{spent:.2f} s for {HOSTILE_OCTETS} octets in message {k}\n{shown(seed)}"


@each(lambda s: any(seed.transport == "tcp" for seed in s.seeds))
def test_a_stream_that_comes_octet_by_octet_costs_little(subject: Subject) -> None:
    for seed in subject.seeds:
        if seed.transport != "tcp":
            continue
        octets = (seed.messages[0][1] * DRIBBLED)[:DRIBBLED]
        pieces = [(HANDSHAKE + k, seed.messages[0][0], k, octets[k : k + 1]) for k in range(len(octets))]
        frames = [(m, 0, f) for m, f in sent(seed, pieces).frames]
        spent = _seconds(frames)
        if spent > WORK_BASE_S:
            spent = min(_seconds(frames) for _ in range(3))
        assert spent <= WORK_BASE_S + 200e-6 * len(frames), f"{spent:.2f} s for {len(frames)} segments"


@each()
def test_what_a_decoder_keeps_is_bounded(subject: Subject) -> None:
    """Thousands of flows with a few hostile messages each, and one flow with thousands."""
    rng = randomness(subject.name, "memory")
    engine = engine_for(1, registered())
    decoder, framer = _decoder(engine, subject)
    _, _, tables = _held(engine, decoder, framer)
    each_seed = MESSAGES // len(subject.seeds)
    for seed in subject.seeds:
        for at in range(0, each_seed, BATCH):
            engine.feed(batch_of(_hostile(seed, rng, at, min(BATCH, each_seed - at))))
    entries, octets, _ = _held(engine, decoder, framer, tables)
    assert entries < MOST_ENTRIES, f"a container of {entries} entries after {MESSAGES} messages"
    assert octets < HELD_OCTETS, f"{octets} octets after {MESSAGES} messages"


def _decoder(engine: Engine, subject: Subject) -> tuple[Any, Any]:
    code = list(dict.fromkeys(n for spec in registered() for n in spec.names)).index(subject.spec.names[0])
    decoders = [line.decoder() for line in engine._lines]
    riders = [rider for decoder in decoders for rider in getattr(decoder, "riders", ())]
    (decoder,) = (d for d in (*decoders, *riders) if d.protocol == subject.spec.name)
    return decoder, engine.dissector.framers[code]


def _hostile(seed: Seed, rng: Generator, first: int, count: int) -> list[tuple[int, int, bytes]]:
    """Frames of messages with random octets in them: half in flows of their own, half in one."""
    frames = whole(seed, handshake=False).frames
    made = []
    changes = rng.integers(0, 256, (count, 4), np.uint8)
    places = rng.random((count, 4))
    for k in range(count):
        number = first + k
        octets = bytearray(frames[k % len(frames)][1])
        head = {"tcp": 54, "udp": 42, "eth": 14}[seed.transport]
        _address(octets, seed, number % FLOWS if number % 2 else 0)
        for place, octet in zip(places[k], changes[k], strict=True):
            octets[head + int(place * (len(octets) - head))] = octet
        if seed.transport == "tcp":
            octets[38:42] = (number * 70_000 & 0xFFFFFFFF).to_bytes(4, "big")
        made.append((number, 0, bytes(octets)))
    return made


def _address(octets: bytearray, seed: Seed, flow: int) -> None:
    """The flow's own client: another MAC on the link, another IP address otherwise."""
    mark = flow.to_bytes(2, "big")
    if seed.transport == "eth":
        side = 6 if octets[6:12] == bytes.fromhex("020000000001") else 0
        octets[side + 2 : side + 4] = mark
    else:
        side = 26 if octets[26:30] == bytes((10, 0, 0, 1)) else 30
        octets[side + 1 : side + 3] = mark


_SHARED = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    np.ndarray,
    memoryview,
)


def _held(
    engine: Engine, decoder: Any, framer: Any, tables: dict[int, int] | None = None
) -> tuple[int, int, dict[int, int]]:
    """What the decoder, its framer and its flows reach: most entries of a container, octets of all, id → entries.

    tables: the last of these before anything was decoded; what a protocol's own tables had then does not count.
    """
    before = tables or {}
    sizes: dict[int, int] = {}
    tools = decoder.tools
    outside: Iterable[Any] = (
        tools, *_values(tools), decoder.spec, engine, engine.recogniser, engine.dissector, sys.modules,
    )  # fmt: skip
    seen = {id(thing) for thing in outside}
    waiting = [decoder, framer, engine.sheet.notes, *(s for s in engine.flows.state if s is not None)]
    most = total = 0
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _SHARED):
            continue
        seen.add(id(thing))
        total += sys.getsizeof(thing)
        if isinstance(thing, dict | list | set | tuple | frozenset):
            sizes[id(thing)] = len(thing)
            most = max(most, len(thing) - before.get(id(thing), 0))
        waiting += gc.get_referents(thing)
    return most, total, sizes


def _values(tools: Any) -> list[Any]:
    return [value for value in vars(tools).values() if not isinstance(value, int | str)]
