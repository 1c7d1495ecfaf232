r"""NTLMSSP inside session setups: who the server says it is, who the client says logs in.

    "NTLMSSP\0" | type 4 | … fields: | length 2 | maximum 2 | offset 4 |

Source: MS-NLMP clauses 2.2.1.2, 2.2.1.3, 2.2.2.1, 2.2.2.10.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Ntlm", "read_ntlm"]

SIGNATURE = b"NTLMSSP\x00"
CHALLENGE, AUTHENTICATE = 2, 3
UNICODE, VERSION, TARGET_INFO = 0x00000001, 0x02000000, 0x00800000
NAMES = {1: "computer", 2: "domain", 3: "dns_computer", 4: "dns_domain", 5: "dns_tree"}
MAX_PAIRS = 32


@dataclass(slots=True)
class Ntlm:
    """What one message says. names: computer, domain, dns_computer, dns_domain, user, workstation."""

    kind: int
    names: dict[str, str] = field(default_factory=dict)
    version: tuple[int, int, int] | None = None


def read_ntlm(octets: bytes) -> Ntlm | None:
    """Read the first NTLMSSP message among these octets; None where there is none or it says nothing."""
    at = octets.find(SIGNATURE)
    if at < 0 or len(octets) < at + 32:
        return None
    message = octets[at:]
    kind = int.from_bytes(message[8:12], "little")
    if kind == CHALLENGE:
        return _challenge(message)
    return _authenticate(message) if kind == AUTHENTICATE else None


def _number(message: bytes, at: int, width: int) -> int:
    return int.from_bytes(message[at : at + width], "little")


def _field(message: bytes, at: int) -> bytes:
    start = _number(message, at + 4, 4)
    return message[start : start + _number(message, at, 2)] if start < len(message) else b""


def _version(message: bytes, at: int, flags: int) -> tuple[int, int, int] | None:
    if not flags & VERSION or len(message) < at + 8:
        return None
    found = (message[at], message[at + 1], _number(message, at + 2, 2))
    return found if found[0] else None


def _challenge(message: bytes) -> Ntlm:
    flags = _number(message, 20, 4)
    found = Ntlm(CHALLENGE, version=_version(message, 48, flags))
    if not flags & TARGET_INFO:
        return found
    pairs, at = _field(message, 40), 0
    for _ in range(MAX_PAIRS):
        kind, length = _number(pairs, at, 2), _number(pairs, at + 2, 2)
        if kind == 0 or at + 4 > len(pairs):
            break
        if kind in NAMES:
            found.names[NAMES[kind]] = _text(pairs[at + 4 : at + 4 + length], unicode=True)
        at += 4 + length
    return found


def _authenticate(message: bytes) -> Ntlm | None:
    if len(message) < 64:
        return None
    flags = _number(message, 60, 4)
    found = Ntlm(AUTHENTICATE, version=_version(message, 64, flags))
    for name, at in (("domain", 28), ("user", 36), ("workstation", 44)):
        text = _text(_field(message, at), unicode=bool(flags & UNICODE))
        if text:
            found.names[name] = text
    return found


def _text(octets: bytes, *, unicode: bool) -> str:
    return octets.decode("utf-16-le" if unicode else "latin-1", "replace").strip("\x00 ")[:256]
