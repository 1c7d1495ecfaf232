"""Connection-oriented DCE/RPC: packets with their header, what binds say, what calls carry.

    | version 5 | minor 1 | type 1 | flags 1 | data representation 4 | length 2 | authentication 2 | call 4 | body … |
    | … padding | auth type 1 | level 1 | padding 1 | 0 | context 4 | authentication …

Numbers stand in the byte order that the data representation names. Source: Open Group C706, 12.6 and 14.1;
MS-RPCE clauses 2.2.2 and 2.2.2.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.profinet.rpc import uuid_text, wire_uuid
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from typing import Literal

__all__ = [
    "ALTER",
    "ALTER_ANSWER",
    "AUTH3",
    "BIND",
    "BIND_ANSWER",
    "BIND_REFUSED",
    "FAULT",
    "HEADER_OCTETS",
    "KINDS",
    "PRIVACY",
    "REQUEST",
    "RESPONSE",
    "Pdu",
    "Proposal",
    "plausible",
    "read_pdu",
]

HEADER_OCTETS: Final = 16
REQUEST, RESPONSE, FAULT = 0, 2, 3
BIND, BIND_ANSWER, BIND_REFUSED, ALTER, ALTER_ANSWER, AUTH3 = 11, 12, 13, 14, 15, 16
KINDS: Final = frozenset(
    {REQUEST, RESPONSE, FAULT, BIND, BIND_ANSWER, BIND_REFUSED, ALTER, ALTER_ANSWER, AUTH3, 17, 18, 19}
)
PRIVACY: Final = 6
"""RPC_C_AUTHN_LEVEL_PKT_PRIVACY: the stub data are encrypted."""
_FIRST, _LAST, _OBJECT = 0x01, 0x02, 0x80
_TRAILER: Final = 8
_LITTLE: Final = 0x10
_MAX_CONTEXTS: Final = 64
_MAX_SYNTAXES: Final = 32
NDR64: Final = "71710533-beba-4937-8319-b5dbef9ccc36"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One presentation context of a bind: its number, the interface with its version, the transfer syntaxes offered."""

    context: int
    interface: str
    version: str
    transfers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """One packet. body: behind the header, without the authentication trailer; token: the authentication in it."""

    kind: int
    flags: int
    little: bool
    call: int
    body: bytes
    level: int
    token: bytes

    @property
    def first(self) -> bool:
        """Whether it begins a call's data."""
        return bool(self.flags & _FIRST)

    @property
    def last(self) -> bool:
        """Whether no more fragments follow."""
        return bool(self.flags & _LAST)

    def number(self, at: int, width: int) -> int:
        """An integer at an offset of the body; what is not there reads as zero."""
        order: Literal["little", "big"] = "little" if self.little else "big"
        return int.from_bytes(self.body[at : at + width], order)

    @property
    def context(self) -> int:
        """Presentation context of a request, response or fault."""
        return self.number(4, 2)

    @property
    def operation(self) -> int:
        """Operation number of a request."""
        return self.number(6, 2)

    @property
    def stub(self) -> bytes:
        """Data of a request or response; empty where they are encrypted."""
        if self.level >= PRIVACY:
            return b""
        return self.body[24 if self.kind == REQUEST and self.flags & _OBJECT else 8 :]

    def proposals(self) -> tuple[Proposal, ...]:
        """What a bind or alter_context asks for.

        Raises DecodeError("truncated") where it ends too early, DecodeError("too-many-contexts").
        """
        found, at = [], 12
        count = self.number(8, 1)
        if count > _MAX_CONTEXTS:
            raise DecodeError("too-many-contexts", HEADER_OCTETS + 8)
        for _ in range(count):
            syntaxes = self.number(at + 2, 1)
            end = at + 24 + 20 * syntaxes
            if end > len(self.body):
                raise DecodeError("truncated", HEADER_OCTETS + at)
            if syntaxes > _MAX_SYNTAXES:
                raise DecodeError("too-many-contexts", HEADER_OCTETS + at)
            transfers = tuple(self._uuid(at + 24 + 20 * k) for k in range(syntaxes))
            version = f"{self.number(at + 20, 2)}.{self.number(at + 22, 2)}"
            context = self.number(at, 2)
            found.append(
                Proposal(context=context, interface=self._uuid(at + 4), version=version, transfers=transfers)
            )
            at = end
        return tuple(found)

    def results(self) -> tuple[tuple[int, int, str], ...]:
        """Result, reason and transfer syntax for each context that was proposed, of a bind's answer."""
        at = 10 + self.number(8, 2)
        at = (at + HEADER_OCTETS + 3 & ~3) - HEADER_OCTETS
        count, found = min(self.number(at, 1), _MAX_CONTEXTS), []
        for k in range(count):
            start = at + 4 + 24 * k
            if start + 24 > len(self.body):
                raise DecodeError("truncated", HEADER_OCTETS + start)
            found.append((self.number(start, 2), self.number(start + 2, 2), self._uuid(start + 4)))
        return tuple(found)

    def _uuid(self, at: int) -> str:
        return uuid_text(wire_uuid(self.body[at : at + 16], little=self.little))


def plausible(head: bytes) -> int:
    """Length of the packet that these octets (16 or more) begin; 0 where none can begin so.

    12.6.3.1: version 5, minor 0 or 1, a type of the connection-oriented protocol, character set ASCII or EBCDIC.
    """
    if (
        head[0] != 5
        or head[1] > 1
        or head[2] not in KINDS
        or head[4] & 0xEE
        or head[5] > 3
        or head[6]
        or head[7]
    ):
        return 0
    order: Literal["little", "big"] = "little" if head[4] & _LITTLE else "big"
    length, auth = int.from_bytes(head[8:10], order), int.from_bytes(head[10:12], order)
    least = HEADER_OCTETS + (auth + _TRAILER if auth else 0)
    return length if length >= least else 0


def read_pdu(octets: bytes) -> Pdu:
    """One packet, cut to its length.

    Raises DecodeError("not-rpc", 0), or DecodeError("authentication-length", 10) where that part does not fit.
    """
    length = plausible(octets) if len(octets) >= HEADER_OCTETS else 0
    if not length or length > len(octets):
        raise DecodeError("not-rpc", 0)
    little = bool(octets[4] & _LITTLE)
    order: Literal["little", "big"] = "little" if little else "big"
    auth, end, level, token = int.from_bytes(octets[10:12], order), length, 0, b""
    if auth:
        start = length - auth - _TRAILER
        level, padding, token = octets[start + 1], octets[start + 2], octets[start + _TRAILER : length]
        end = start - padding
        if end < HEADER_OCTETS:
            raise DecodeError("authentication-length", 10)
    return Pdu(
        kind=octets[2],
        flags=octets[3],
        little=little,
        call=int.from_bytes(octets[12:16], order),
        body=octets[HEADER_OCTETS:end],
        level=level if octets[2] in (REQUEST, RESPONSE, FAULT) else 0,
        token=token,
    )
