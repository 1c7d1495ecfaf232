"""Which signatures can be in force: those that ask for nothing that no decoder hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.engine.exchanges import NUMBERS, TEXTS
from interlock.detect.signatures.engine.operations import FACTS as OF_OPERATIONS
from interlock.detect.signatures.engine.traits import PARTS
from interlock.detect.signatures.language.checks import Fact, Field, FragBits, Speaks
from interlock.detect.signatures.language.model import ADDRESSES, HEADERS, PAYLOAD
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.language.reading import Read, refused
from interlock.detect.signatures.plain.matching import levels_of
from interlock.records.buffers import BUFFERS

if TYPE_CHECKING:
    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.language.model import Signature

__all__ = ["FACTS", "put_in_force", "refuse_what_is_not_handed"]

FACTS: Final = TEXTS | NUMBERS
"""Facts that are read from a buffer of the same name; the others come from operations."""
_CARRIED: Final = frozenset(range(256)) - {4, 41}
"""Numbers of what IP carries, but IP itself."""
_NETWORK: Final = frozenset({"ipv4.hdr", "ipv6.hdr"})
_JOINED: Final = "fragments are joined before rules see them"


def refuse_what_is_not_handed(signature: Signature) -> None:
    """Raises RuleError."""
    if not PROTOCOLS[signature.header.protocol].recognised:
        raise RuleError("header", f"nothing here recognises who speaks {signature.header.protocol}")
    for check in signature.checks:
        _refuse(check)
    named = {one.buffer for one in signature.inspections} - ADDRESSES - _NETWORK
    carried = [c.bound for c in signature.checks if isinstance(c, Field) and c.name == "ip_proto"]
    if named and not all(any(map(bound.holds, _CARRIED)) for bound in carried):
        raise RuleError("ip_proto", "of a packet that carries another one only its header is handed over")
    given = {PAYLOAD, *HEADERS, *ADDRESSES}
    for inspection in signature.inspections:
        if inspection.buffer not in given and inspection.buffer not in BUFFERS:
            raise RuleError(inspection.buffer, "our decoders do not give this buffer yet")
    if HEADERS & {one.buffer for one in signature.inspections} and "packet" not in levels_of(signature):
        raise RuleError("content", "asks for packets' headers and for a transaction, which have none")
    asked = {name for check in signature.checks if isinstance(check, Fact) for name, _ in check.asked}
    octets = any(one.buffer not in ADDRESSES for one in signature.inspections)
    if asked & OF_OPERATIONS and (octets or asked - OF_OPERATIONS):
        raise RuleError(
            "content", "asks for octets and for what decoders read, which are not handed over together yet"
        )
    if len({name.partition(".")[0] for name in asked & OF_OPERATIONS}) > 1:
        raise RuleError("options", "asks for what two protocols say, each of which is a record of its own")
    payload = any(one.buffer == PAYLOAD for one in signature.inspections)
    others = {one.buffer.partition(".")[0] for one in signature.inspections if one.buffer not in given}
    others |= {name.partition(".")[0] for name in asked}
    kinds = {PARTS.get(name) for name in others}
    if payload and (None in kinds or len(kinds) > 1):
        raise RuleError(
            "content", "asks for the payload and a buffer at once, which are not handed over together yet"
        )


def put_in_force(read: Read) -> Read:
    """The same rule, or its refusal where it cannot be in force."""
    signature = read.signature
    if signature is None:
        return read
    try:
        refuse_what_is_not_handed(signature)
    except RuleError as error:
        return Read(None, refused(signature, error))
    return read


def _refuse(check: Check) -> None:
    if isinstance(check, Field) and check.name == "fragoffset" and not check.bound.holds(0):
        raise RuleError("fragoffset", _JOINED)
    if isinstance(check, FragBits) and not any(check.holds(bits) for bits in (0, 2, 4, 6)):
        raise RuleError("fragbits", _JOINED)
    if isinstance(check, Speaks) and not PROTOCOLS[check.application].recognised:
        raise RuleError("app-layer-protocol", f"nothing here recognises who speaks {check.application}")
    if isinstance(check, Fact):
        for name, _ in check.asked:
            if name not in FACTS and name not in OF_OPERATIONS:
                raise RuleError(check.word, f"{name} is not handed to signatures yet")
