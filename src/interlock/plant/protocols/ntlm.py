"""NTLM version 2 inside SPNEGO: how a Windows machine asks who somebody is.

Source: MS-NLMP 2.2.1 (messages), 3.3.2 (responses of version 2); RFC 4178 (SPNEGO). Accounts are known by their NT hash
(MD4 of the password), which is all that a client needs, too.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import ber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Account", "Challenger", "authenticate", "challenge_of", "negotiate", "offer", "token_of"]

_SIGNATURE: Final = b"NTLMSSP\0"
_FLAGS: Final = 0x62080205
"""128 and 56 bit keys, version, extended session security, NTLM, request target, Unicode."""

_TARGET_INFO: Final = 0x00810000
"""What a challenge adds: target information follows, the target is a server's domain."""

_VERSION: Final = bytes((6, 1, 0xB1, 0x1D, 0, 0, 0, 15))
_SPNEGO: Final = ber.object_id("1.3.6.1.5.5.2")
_NTLMSSP: Final = ber.object_id("1.3.6.1.4.1.311.2.2.10")
_COMPUTER, _DOMAIN, _DNS_COMPUTER, _DNS_DOMAIN = 1, 2, 3, 4
_INCOMPLETE, _COMPLETED = 1, 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs on. nt_hash: 16 octets."""

    user: str
    domain: str
    nt_hash: bytes

    def proves(self, server_challenge: bytes, response: bytes) -> bool:
        """Whether an NTLMv2 response is this account's answer to a challenge."""
        return hmac.compare_digest(response[:16], self._proof(server_challenge + response[16:]))

    def respond(self, server_challenge: bytes, client_challenge: bytes, when: int, info: bytes) -> bytes:
        """The NTLMv2 response. when: 100 ns since 1601. info: the challenge's target information."""
        body = (
            b"\x01\x01" + bytes(6) + struct.pack("<Q", when) + client_challenge + bytes(4) + info + bytes(4)
        )
        return self._proof(server_challenge + body) + body

    def respond_lm(self, server_challenge: bytes, client_challenge: bytes) -> bytes:
        """The LMv2 response."""
        return self._proof(server_challenge + client_challenge) + client_challenge

    def _proof(self, octets: bytes) -> bytes:
        name = _wide(self.user.upper() + self.domain)
        key = hmac.new(self.nt_hash, name, hashlib.md5).digest()
        return hmac.new(key, octets, hashlib.md5).digest()


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _spnego(token: bytes, *, first: bool, state: int = _INCOMPLETE) -> bytes:
    """A token in its wrapping: negTokenInit with the only mechanism, or negTokenResp with a state."""
    carried = ber.tagged(0xA2, ber.tagged(4, token)) if token else b""
    if first:
        kinds = ber.tagged(0xA0, ber.tagged(0x30, _NTLMSSP))
        return ber.tagged(0x60, _SPNEGO + ber.tagged(0xA0, ber.tagged(0x30, kinds + carried)))
    told = ber.tagged(0xA0, ber.tagged(0x0A, bytes((state,))))
    if state == _INCOMPLETE and token[8:12] == b"\2\0\0\0":
        told += ber.tagged(0xA1, _NTLMSSP)
    return ber.tagged(0xA1, ber.tagged(0x30, told + carried))


def offer() -> bytes:
    """What a server says that it understands: NTLM alone."""
    return _spnego(b"", first=True)


def token_of(blob: bytes) -> bytes:
    """The NTLM message in a wrapping; empty where there is none."""
    at = blob.find(_SIGNATURE)
    return blob[at:] if at >= 0 else b""


def negotiate() -> bytes:
    """The client's first message."""
    return _spnego(_SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16) + _VERSION, first=True)


def challenge_of(blob: bytes) -> tuple[bytes, bytes]:
    """Challenge and target information of a server's message. Raises ValueError where it has none."""
    token = token_of(blob)
    if len(token) < 48 or token[8:12] != b"\2\0\0\0":
        raise ValueError("no challenge")
    size, _, at = struct.unpack_from("<HHI", token, 40)
    return token[24:32], token[at : at + size]


def authenticate(
    account: Account, workstation: str, blob: bytes, client_challenge: bytes, when: int
) -> bytes:
    """The client's answer to a challenge (blob). when: 100 ns since 1601. Raises ValueError where it is none."""
    server_challenge, info = challenge_of(blob)
    parts = (
        account.respond_lm(server_challenge, client_challenge),
        account.respond(server_challenge, client_challenge, when, info),
        _wide(account.domain), _wide(account.user), _wide(workstation), b"",
    )  # fmt: skip
    fields, at = b"", 12 + 8 * len(parts) + 4 + len(_VERSION)
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    message = (
        _SIGNATURE + struct.pack("<I", 3) + fields + struct.pack("<I", _FLAGS) + _VERSION + b"".join(parts)
    )
    return _spnego(message, first=False)


class Challenger:
    """The server's side of one logon. accounts: user → account, as the machine knows them."""

    def __init__(self, machine: str, domain: str, accounts: Mapping[str, Account], challenge: bytes) -> None:
        """challenge: 8 octets, another for each connection."""
        self.user: str | None = None
        self._machine = machine.upper()
        self._domain = domain
        self._accounts = accounts
        self._challenge = challenge

    def answer(self, blob: bytes) -> tuple[bytes, bool | None]:
        """What is said to a client's message, and whether it is let in; None: not yet decided."""
        token = token_of(blob)
        if token[8:12] == b"\1\0\0\0":
            return _spnego(self._asked(), first=False), None
        if len(token) < 64 or token[8:12] != b"\3\0\0\0":
            return b"", False
        _, response, domain, user = (_field(token, 12 + 8 * k) for k in range(4))
        name = user.decode("utf-16-le", "replace")
        account = self._accounts.get(name)
        if account is None or domain.decode("utf-16-le", "replace") != account.domain:
            return b"", False
        if not account.proves(self._challenge, response):
            return b"", False
        self.user = name
        return _spnego(b"", first=False, state=_COMPLETED), True

    def _asked(self) -> bytes:
        target = _wide(self._domain)
        info = _pairs(
            (
                (_DOMAIN, self._domain), (_COMPUTER, self._machine), (_DNS_DOMAIN, f"{self._domain.lower()}.example"),
                (_DNS_COMPUTER, f"{self._machine.lower()}.{self._domain.lower()}.example"),
            )
        )  # fmt: skip
        head = _SIGNATURE + struct.pack("<IHHI", 2, len(target), len(target), 56)
        head += struct.pack("<I", _FLAGS | _TARGET_INFO) + self._challenge + bytes(8)
        return head + struct.pack("<HHI", len(info), len(info), 56 + len(target)) + _VERSION + target + info


def _pairs(named: Sequence[tuple[int, str]]) -> bytes:
    told = b"".join(struct.pack("<HH", kind, 2 * len(text)) + _wide(text) for kind, text in named)
    return told + bytes(4)


def _field(token: bytes, at: int) -> bytes:
    size, _, begin = struct.unpack_from("<HHI", token, at)
    return token[begin : begin + size]
