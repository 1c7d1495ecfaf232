"""Who works together already, in whatever addresses: what such machines say when one of them begins anew is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.learned.deeds import QUIET, is_handshake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.learned.lexicon import Lexicon
    from interlock.detect.tally import Key, Tally

__all__ = ["CYCLE", "cycle_seen", "cycles", "family", "known_otherwise", "sets_up"]

CYCLE: Final = "profinet-rt"
"""Its cyclic data goes between hardware addresses, and says nothing that is an operation; the connection behind it is
made over IP (pnio-cm) and by names (profinet-dcp), perhaps months before anybody listens."""
_FAMILY: Final = {"profinet-dcp": CYCLE, "pnio-cm": CYCLE}


def family(protocol: str) -> str:
    """The protocol for whose sake another one is spoken; most stand for themselves."""
    return _FAMILY.get(protocol, protocol)


def cycles(flows: Batch) -> Iterator[tuple[Key, int, int]]:
    """Words of conversations that exchange cyclic data: both machines and the pair, each with first and last minute."""
    groups = flows.groups("realm", "client", "server", "protocol")
    for group, (realm, client, server, protocol) in groups:
        if protocol != CYCLE or not client or not server:
            continue
        rows = groups.rows(group)
        first = int(np.min(flows.instants_ns("first")[rows])) // MINUTE_NS
        last = int(np.max(flows.instants_ns("last")[rows])) // MINUTE_NS
        words = (
            ("m", realm or "", client),
            ("m", realm or "", server),
            ("s", realm or "", client, server, CYCLE),
        )
        for word in words:
            yield word, first, last


def cycle_seen(tally: Tally) -> str:
    """What cyclic data between two who never exchanged any is, as techniques.SEEN has it.

    Who is sent a device's inputs and sends it nothing has connected as its controller. Two who both send have agreed
    to (pnio-cm), as a controller does with the device that replaces another one.
    """
    if tally.noted("stranger"):
        return "stranger-tell"
    return "owns-outputs" if tally.noted("unheard") else "tell"


def _addresses(realm: str, address: str, context: Context) -> Iterable[str]:
    asset = context.asset(realm, address)
    return (address,) if asset is None else (address, *asset.macs)


def known_otherwise(words: Lexicon, realm: str, address: str, context: Context) -> bool:
    """Whether a machine was there before under one of its hardware addresses."""
    return any(("m", realm, each) in words for each in _addresses(realm, address, context) if each != address)


def sets_up(words: Lexicon, key: Key, tally: Tally, context: Context) -> bool:
    """Whether all of a cause is how two machines (re)make the connection over which they exchange cyclic data."""
    realm, client = key[:2]
    protocols = set(tally.noted("protocol"))
    if not protocols or any(family(protocol) != CYCLE for protocol in protocols):
        return False
    if not set(tally.noted("verb")) <= QUIET and not all(
        is_handshake("pnio-cm", function, "") for function in tally.noted("function")
    ):
        return False
    return all(_cycle(words, realm, client, server, context) for server in tally.noted("server"))


def _cycle(words: Lexicon, realm: str, client: str, server: str, context: Context) -> bool:
    ends = [(a, b) for a in _addresses(realm, client, context) for b in _addresses(realm, server, context)]
    return any(("s", realm, a, b, CYCLE) in words or ("s", realm, b, a, CYCLE) in words for a, b in ends)
