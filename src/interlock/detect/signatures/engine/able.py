"""Which signatures can be in force: those that ask for nothing that no decoder hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.engine.operations import FACTS as OF_OPERATIONS
from interlock.detect.signatures.language.checks import Fact, Field, Flags, Flow, FragBits, StreamSize
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.problems import Refusal, RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.language.reading import Read
from interlock.records.buffers import BUFFERS

if TYPE_CHECKING:
    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.language.model import Signature

__all__ = ["FACTS", "put_in_force", "refuse_what_is_not_handed"]

FACTS: Final = frozenset({"tls.version"})
"""Facts that are read from a buffer of the same name; the others come from operations."""
_HEADERS: Final = frozenset({"dsize", "ip_proto"})
"""Words about headers that follow from a payload alone."""
_TRANSPORTS: Final = frozenset({6, 17})


def refuse_what_is_not_handed(signature: Signature) -> None:
    """Raises RuleError."""
    for check in signature.checks:
        _refuse(check)
    for inspection in signature.inspections:
        if inspection.buffer != PAYLOAD and inspection.buffer not in BUFFERS:
            raise RuleError(inspection.buffer, "our decoders do not give this buffer yet")
    asked = {name for check in signature.checks if isinstance(check, Fact) for name, _ in check.asked}
    if asked & OF_OPERATIONS and (signature.inspections or asked - OF_OPERATIONS):
        raise RuleError(
            "content", "asks for octets and for what decoders read, which are not handed over together yet"
        )
    protocol = PROTOCOLS[signature.header.protocol]
    if protocol.transports and not protocol.transports & _TRANSPORTS:
        raise RuleError(
            "header", f"{signature.header.protocol} is not handed to signatures yet, only TCP and UDP are"
        )
    payload = any(one.buffer == PAYLOAD for one in signature.inspections)
    if not signature.inspections and not _asks_of_payload(signature):
        raise RuleError(
            "header", "asks for no octets; packets without payload are not handed to signatures yet"
        )
    others = {one.buffer.partition(".")[0] for one in signature.inspections if one.buffer != PAYLOAD}
    if payload and others - {"http", "file"}:
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
        return Read(
            None,
            Refusal(
                origin=signature.origin,
                sid=signature.sid,
                keyword=error.keyword,
                reason=error.reason,
                enabled=signature.enabled,
                classtype=signature.classtype,
                message=signature.message,
            ),
        )
    return read


def _asks_of_payload(signature: Signature) -> bool:
    return any(isinstance(check, (Field, Fact)) for check in signature.checks)


def _refuse(check: Check) -> None:
    if isinstance(check, Field) and check.name not in _HEADERS:
        raise RuleError(check.name, "packets' headers are not handed to signatures yet")
    if isinstance(check, Field) and check.name == "ip_proto" and not any(map(check.bound.holds, _TRANSPORTS)):
        raise RuleError("ip_proto", "only TCP and UDP are handed to signatures yet")
    if isinstance(check, Flags):
        raise RuleError("flags", "packets' headers are not handed to signatures yet")
    if isinstance(check, FragBits):
        raise RuleError("fragbits", "packets' headers are not handed to signatures yet")
    if isinstance(check, Flow) and (check.fragments or check.established is False):
        raise RuleError("flow", "fragments, and packets before a handshake, are not handed to signatures yet")
    if isinstance(check, StreamSize):
        return
    if isinstance(check, Fact):
        for name, _ in check.asked:
            if name not in FACTS and name not in OF_OPERATIONS:
                raise RuleError(check.word, f"{name} is not handed to signatures yet")
