"""A rule as it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.detect.signatures.language.checks import Bits, Check, Count, Counter
    from interlock.detect.signatures.language.header import Header
    from interlock.detect.signatures.language.steps import Step

__all__ = ["ADDRESSES", "HEADERS", "PAYLOAD", "Inspection", "Origin", "Signature", "Transformation"]

PAYLOAD = "payload"
"""The buffer of what no buffer is named for: a packet's payload, or the stream's octets."""

HEADERS = frozenset({"ipv4.hdr", "ipv6.hdr", "tcp.hdr", "udp.hdr", "icmpv4.hdr", "icmpv6.hdr"})
"""Buffers that are a packet's own headers."""

ADDRESSES = frozenset({"ip.src", "ip.dst"})
"""Buffers that are the address of an end, as octets: there with whatever else is looked at."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands. line: its first, from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Transformation:
    """What is done to a buffer before it is looked at. argument: the key of xor, the option of others, or nothing."""

    name: str
    argument: str = ""

    def words(self) -> str:
        """As options write it."""
        return f"{self.name}:{self.argument}" if self.argument else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a rule asks of one buffer: all steps, in their order, on one of its instances."""

    buffer: str
    transformations: tuple[Transformation, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """All inspections and checks must hold. effects: bits and counters that change when they do.

    silent: it never speaks itself (noalert). about: reference, metadata, target and the like, as written.
    """

    origin: Origin = field(compare=False)
    enabled: bool
    action: str
    header: Header
    sid: int
    gid: int = 1
    rev: int = 0
    message: str = ""
    classtype: str = ""
    priority: int = 0
    inspections: tuple[Inspection, ...] = ()
    checks: tuple[Check, ...] = ()
    effects: tuple[Bits | Counter, ...] = ()
    counting: Count | None = None
    silent: bool = False
    references: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    target: str = ""
