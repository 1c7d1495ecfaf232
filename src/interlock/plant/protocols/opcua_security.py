"""OPC UA's secure conversation, mode SignAndEncrypt: how a chunk is filled up, signed and enciphered.

    OPN | header 12 | policy, certificate, thumbprint | sequence 8, body, padding, signature: blocks enciphered
    MSG | header 12 | token 4                         | sequence 8, body, padding, signature: enciphered

What signs and enciphers is a Guard: the living plant's is Basic256Sha256 (plant/living/keyring.py). The twin's is
a stand-in of the same lengths, which needs no key, costs little and is equal for equal seeds; it keeps nothing secret.
Source: OPC 10000-6 clause 6.7; OPC 10000-7, profile Basic256Sha256.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final, Protocol

from interlock.plant.protocols.certificates import CERTIFICATES
from interlock.plant.protocols.tls import TwinTlsClient, TwinTlsServer

if TYPE_CHECKING:
    from interlock.plant.draws import Draws
    from interlock.plant.protocols.tls import TlsClient, TlsServer

__all__ = [
    "CIPHER_BLOCK",
    "OAEP",
    "PLAIN_BLOCK",
    "POLICY",
    "RSA_SHA256",
    "SYMMETRIC_BLOCK",
    "Guard",
    "Keyring",
    "Keys",
    "TwinKeyring",
    "filled",
    "unfilled",
]

POLICY: Final = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
OAEP: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep"
PLAIN_BLOCK: Final = 214
"""Octets of a block that RSA-OAEP (SHA-1) takes with a key of 2048 bits."""

CIPHER_BLOCK: Final = 256
"""What it makes of them; also the length of a signature by such a key."""

SYMMETRIC_BLOCK: Final = 16
_DIGEST: Final = 32


class Keys(Protocol):
    """Both directions' symmetric keys under one security token."""

    def seal(self, head: bytes, plain: bytes) -> bytes:
        """Enciphered octets for what follows `head` on the wire, signature within."""
        ...

    def unseal(self, head: bytes, octets: bytes) -> bytes:
        """What the other side has sealed, without padding and signature. Raises ValueError where that isn't so."""
        ...


class Guard(Protocol):
    """One side's identity, and what it knows of the other one. certificate, peer: X.509, DER."""

    certificate: bytes
    peer: bytes

    def nonce(self) -> bytes:
        """32 octets that were never said before."""
        ...

    def sign(self, octets: bytes) -> bytes:
        """Signature over octets."""
        ...

    def check(self, octets: bytes, signature: bytes) -> None:
        """Raises ValueError where the other side did not sign that."""
        ...

    def encipher(self, octets: bytes) -> bytes:
        """Blocks that only the other side can read; octets: whole blocks, the last one may be shorter."""
        ...

    def decipher(self, octets: bytes) -> bytes:
        """What was enciphered for this side. Raises ValueError where nothing was."""
        ...

    def agree(self, ours: bytes, theirs: bytes) -> Keys:
        """Keys from both sides' nonces."""
        ...


class Keyring(Protocol):
    """Who may speak securely with whom."""

    def guard(self, owner: str, peer: str) -> Guard:
        """`owner`'s side of a conversation with `peer`. Raises KeyError where one of them holds no certificate."""
        ...

    def desktop(self, machine: str) -> TlsServer:
        """A machine's side of a new connection to its remote desktop. Raises KeyError where it has none."""
        ...

    def visitor(self) -> TlsClient:
        """The other side of one."""
        ...


def filled(plain: bytes, signature: int, block: int) -> bytes:
    """Padded, so that with its signature it fills blocks."""
    count = -(len(plain) + 1 + signature) % block
    return plain + bytes((count,)) * (count + 1)


def unfilled(octets: bytes) -> bytes:
    """Without its padding. Raises ValueError where there is none."""
    count = octets[-1] + 1 if octets else 0
    if not 0 < count <= len(octets) or octets[-count:] != octets[-1:] * count:
        raise ValueError("no padding")
    return octets[:-count]


def _stream(key: bytes, length: int) -> int:
    return int.from_bytes(hashlib.shake_128(key).digest(length), "little")


def _mixed(octets: bytes, key: bytes) -> bytes:
    """Looks like chance, and is undone by doing it again."""
    length = len(octets)
    return (int.from_bytes(octets, "little") ^ _stream(key, length)).to_bytes(length, "little")


class _TwinKeys:
    """The stand-in for AES-256-CBC and HMAC-SHA256: two rounds, so that one octet more or less changes all of them."""

    def __init__(self, ours: bytes, theirs: bytes) -> None:
        self._ours, self._theirs = ours, theirs

    def seal(self, head: bytes, plain: bytes) -> bytes:
        body, key = filled(plain, _DIGEST, SYMMETRIC_BLOCK), self._ours
        octets = body + hashlib.blake2b(head + body, digest_size=_DIGEST, key=key).digest()
        first, rest = octets[:SYMMETRIC_BLOCK], octets[SYMMETRIC_BLOCK:]
        rest = _mixed(rest, key + first)
        return _mixed(first, key + rest) + rest

    def unseal(self, head: bytes, octets: bytes) -> bytes:
        key, first, rest = self._theirs, octets[:SYMMETRIC_BLOCK], octets[SYMMETRIC_BLOCK:]
        first = _mixed(first, key + rest)
        rest = _mixed(rest, key + first)
        body, signature = first + rest[:-_DIGEST], rest[-_DIGEST:]
        if signature != hashlib.blake2b(head + body, digest_size=_DIGEST, key=key).digest():
            raise ValueError("a message that was not signed by the other side")
        return unfilled(body)


class _TwinGuard:
    """The stand-in for RSA: as long, as unreadable, and known to both sides."""

    def __init__(self, draws: Draws, certificate: bytes, peer: bytes) -> None:
        self.certificate, self.peer = certificate, peer
        self._draws = draws

    def nonce(self) -> bytes:
        return b"".join(self._draws.number(32).to_bytes(4, "little") for _ in range(8))

    def sign(self, octets: bytes) -> bytes:
        return hashlib.shake_128(self.certificate + octets).digest(CIPHER_BLOCK)

    def check(self, octets: bytes, signature: bytes) -> None:
        if signature != hashlib.shake_128(self.peer + octets).digest(CIPHER_BLOCK):
            raise ValueError("not signed by the other side")

    def encipher(self, octets: bytes) -> bytes:
        """Each block behind what makes it another one the next time, as OAEP's seed does."""
        found = b""
        for at in range(0, len(octets), PLAIN_BLOCK):
            block, seed = octets[at : at + PLAIN_BLOCK], self.nonce()
            filling = struct.pack("<H", len(block)) + block.ljust(CIPHER_BLOCK - _DIGEST - 2, b"\0")
            found += seed + _mixed(filling, self.peer + seed)
        return found

    def decipher(self, octets: bytes) -> bytes:
        found = b""
        if len(octets) % CIPHER_BLOCK:
            raise ValueError("not whole blocks")
        for at in range(0, len(octets), CIPHER_BLOCK):
            seed, rest = octets[at : at + _DIGEST], octets[at + _DIGEST : at + CIPHER_BLOCK]
            filling = _mixed(rest, self.certificate + seed)
            found += filling[2 : 2 + struct.unpack_from("<H", filling)[0]]
        return found

    def agree(self, ours: bytes, theirs: bytes) -> _TwinKeys:
        return _TwinKeys(ours + theirs[:20], theirs + ours[:20])


class TwinKeyring:
    """See Keyring: certificates whose private keys nobody holds."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws.of("opcua")
        self._desktops = draws.of("desktops")

    def guard(self, owner: str, peer: str) -> _TwinGuard:
        """See Keyring."""
        return _TwinGuard(self._draws, CERTIFICATES[owner], CERTIFICATES[peer])

    def desktop(self, machine: str) -> TwinTlsServer:
        """See Keyring."""
        return TwinTlsServer(self._desktops, CERTIFICATES[f"{machine} desktop"])

    def visitor(self) -> TwinTlsClient:
        """See Keyring."""
        return TwinTlsClient(self._desktops)
