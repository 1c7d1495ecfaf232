"""The protocols that the suite judges: those of the visible table, and those that entry points name."""

from __future__ import annotations

import importlib
import os
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decode.seeds import Seed
from interlock.decode.registry import load_specs, load_verbs, protocol_packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from interlock.decode.spec import ProtocolSpec
    from interlock.decode.tools import VerbRows

__all__ = ["DEEP", "ENGINE_ODDITIES", "SUBJECTS", "Subject", "each", "randomness", "specs", "verbs"]

ENGINE_ODDITIES = frozenset(
    {"truncated", "over-budget", "not-framed", "hung", "flooded", "turned-opaque", "oddities-suppressed"}
    | {"segment-rewritten", "segment-replayed", "reset-by-another"}
)
"""What the engine itself may say of any protocol."""

DEEP = max(1, int(os.environ.get("INTERLOCK_CONTRACT_DEPTH", "1")))
"""How many times as many examples as by default; above 1 they differ from run to run unless a seed is given."""

_SEED = int(os.environ.get("INTERLOCK_CONTRACT_SEED", "0" if DEEP == 1 else str(os.getpid())))


@cache
def _toml(file: Traversable) -> dict[str, Any]:
    """Read once: parsing takes longer than decoding a conversation."""
    return tomllib.loads(file.read_text("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One registered protocol: what it says of itself and what it is tried with."""

    name: str
    spec: ProtocolSpec
    folder: Traversable
    seeds: tuple[Seed, ...]
    own_seeds: bool

    def toml(self, file: str) -> dict[str, Any]:
        """A file of the protocol's folder."""
        return _toml(self.folder / file)

    @property
    def oddities(self) -> frozenset[str]:
        """Every oddity that its rows may carry."""
        return ENGINE_ODDITIES | frozenset(self.toml("quality.toml")["oddities"])


def _subjects() -> tuple[Subject, ...]:
    found = []
    for package, spec in zip(protocol_packages(), load_specs(), strict=True):
        name = package.rpartition(".")[2]
        seeds = _seeds(name, package)
        own = bool(seeds)
        made = seeds or _random_seeds(name, spec)
        found.append(Subject(name=name, spec=spec, folder=files(package), seeds=made, own_seeds=own))
    return tuple(found)


def _seeds(name: str, package: str) -> tuple[Seed, ...]:
    """From tests/decode/seeds, or from the folder of a protocol outside the package; none: empty."""
    inside = package.startswith("interlock.")
    module = f"decode.seeds.{name}" if inside else f"{package}.seeds"
    return importlib.import_module(module).SEEDS if find_spec(module) else ()


def _random_seeds(name: str, spec: ProtocolSpec) -> tuple[Seed, ...]:
    """Random octets on the protocol's ports and link types, where it has no seeds yet."""
    made = []
    ways = {"tcp": spec.tcp if spec.framer else frozenset(), "udp": spec.udp, "eth": spec.ethertypes}
    for transport, ports in ways.items():
        if not ports:
            continue
        rng = randomness(name, transport)
        messages = tuple((k % 2, rng.bytes(int(rng.integers(1, 120)))) for k in range(8))
        port = max(ports) if transport == "eth" else min(ports)
        seed = Seed(name="random", transport=transport, port=port, messages=messages, no_join="random octets")
        made.append(seed)
    return tuple(made)


def randomness(*what: object) -> np.random.Generator:
    """The same numbers for the same words, so that a failure comes again; INTERLOCK_CONTRACT_SEED gives others."""
    return np.random.default_rng((_SEED, zlib.crc32("|".join(map(str, what)).encode())))


@cache
def verbs() -> dict[str, VerbRows]:
    """Every verbs.toml, read once."""
    return load_verbs()


@cache
def specs() -> tuple[ProtocolSpec, ...]:
    """Every registered protocol, looked up once."""
    return load_specs()


SUBJECTS = _subjects()


def each(which: Callable[[Subject], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Parametrise a test with the subjects that fit."""
    fitting = [s for s in SUBJECTS if which(s)]
    return pytest.mark.parametrize("subject", fitting, ids=[s.name for s in fitting])
