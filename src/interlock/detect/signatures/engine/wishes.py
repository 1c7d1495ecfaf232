"""Which packets a rule must be handed besides those with payload, and whether with headers; no others are made.

A segment that only acknowledges goes to rules that name its header alone; one that opens, ends or breaks a
conversation goes to rules that ask for no octets, too. So cyclic traffic makes no rows for a rule about scans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import (
    Field,
    Flags,
    Flow,
    FragBits,
    IpOption,
    Speaks,
    StreamSize,
)
from interlock.detect.signatures.language.model import HEADERS as BUFFERS
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.records.buffers import EMPTY, HEADERS, OTHER, RARE, STREAM, TUNNEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.language.model import Signature

__all__ = ["FROM_PAYLOAD", "TUNNELS", "of_tunnels", "wishes"]

FROM_PAYLOAD: Final = frozenset({"dsize", "ip_proto"})
"""Words about packets that follow from a payload and its conversation alone."""
TUNNELS: Final = (4, 41, 47)
"""Numbers of what carries packets: IP in IP (RFC 2003), IPv6 in IP (RFC 4213), GRE (RFC 2784)."""
_TCP, _UDP = 6, 17
_ACK, _OPENS_OR_ENDS, _ALL = 0x10, 0x27, 0x3F
"""Flags: ACK; FIN, SYN, RST and URG; those that are told apart here (RFC 9293 clause 3.1)."""


def wishes(signature: Signature, levels: frozenset[str]) -> Iterator[str]:
    """Names of records.buffers that its packets need."""
    flows = [check for check in signature.checks if isinstance(check, Flow)]
    if any(flow.fragments is not None for flow in flows):
        yield HEADERS
    if of_tunnels(signature.checks):
        yield TUNNEL
    # What was sent is counted by it, and since when it is known what is spoken follows from that.
    spoken = PROTOCOLS[signature.header.protocol].application or any(
        isinstance(c, Speaks) for c in signature.checks
    )
    if any(isinstance(check, StreamSize) for check in signature.checks) or ("packet" in levels and spoken):
        yield STREAM
    if levels != {"packet"}:
        return
    headed = [check for check in signature.checks if _of_headers(check)]
    named = any(one.buffer in BUFFERS for one in signature.inspections)
    payload = any(one.buffer == PAYLOAD for one in signature.inspections)
    # What opens a conversation is told by its flags; with payload it hardly ever comes.
    states = {flow.established for flow in flows} - {None}
    if headed or named or (states and not payload) or False in states:
        yield HEADERS
    sizes = [check.bound for check in signature.checks if isinstance(check, Field) and check.name == "dsize"]
    if payload or not all(size.holds(0) for size in sizes):
        return
    transports, flags = _transports(signature), [c for c in signature.checks if isinstance(c, Flags)]
    if _TCP in transports and not (PROTOCOLS[signature.header.protocol].application and not headed):
        yield RARE
        if (headed or named or sizes) and any(_plain(flag) for flag in flags) >= bool(flags):
            yield EMPTY
    if _UDP in transports and (headed or named or sizes):
        yield EMPTY
    if transports - {_TCP, _UDP, *TUNNELS}:
        yield OTHER


def of_tunnels(checks: Iterable[Check]) -> bool:
    """Whether packets that carry others are asked for, by what IP says that they carry."""
    bounds = [c.bound for c in checks if isinstance(c, Field) and c.name == "ip_proto"]
    return bool(bounds) and any(all(bound.holds(number) for bound in bounds) for number in TUNNELS)


def _of_headers(check: Check) -> bool:
    return isinstance(check, (Flags, FragBits, IpOption)) or (
        isinstance(check, Field) and check.name not in FROM_PAYLOAD
    )


def _transports(signature: Signature) -> set[int]:
    """Numbers of what IP carries that the rule is for."""
    asked = PROTOCOLS[signature.header.protocol].transports or range(256)
    bounds = [c.bound for c in signature.checks if isinstance(c, Field) and c.name == "ip_proto"]
    flagged = any(isinstance(check, Flags) for check in signature.checks)
    return {n for n in asked if all(bound.holds(n) for bound in bounds) and (n == _TCP or not flagged)}


def _plain(check: Flags) -> bool:
    """Whether flags that only acknowledge are among those that are asked for."""
    return any(check.holds(flags) for flags in range(_ALL + 1) if flags & _ACK and not flags & _OPENS_OR_ENDS)
