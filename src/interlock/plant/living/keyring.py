"""Certificates of one run of the living plant, and Basic256Sha256 by them; keys lie in the plant's folder.

    STATE/plant/keys/MACHINE.key   RSA 2048, PKCS #8, DER
    STATE/plant/keys/MACHINE.der   X.509, self-signed
    STATE/plant/keys/MACHINE.pem   both, of a remote desktop

Made at `plant up`, removed with the plant. Every machine trusts the certificates of this run and no other ones.
Source: OPC 10000-7, profile Basic256Sha256; OPC 10000-6 clause 6.7.5 (deriving keys), 6.2.2 (application certificates).
"""

from __future__ import annotations

import hmac
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from interlock.plant.living.desktop_tls import DesktopClient, DesktopServer, client_context, server_context
from interlock.plant.protocols.opcua_security import (
    CIPHER_BLOCK,
    PLAIN_BLOCK,
    SYMMETRIC_BLOCK,
    filled,
    unfilled,
)

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

__all__ = ["SERVER", "Keyring", "certificate_file", "key_file", "write_private"]

SERVER: Final = "plc-pasteuriser"
_CLIENTS: Final = ("hmi", "historian")
_DESKTOPS: Final = ("historian", "engineering")
_LASTS: Final = timedelta(days=32)
_EARLIER: Final = timedelta(hours=1)
"""Clocks differ; these are all of one machine, whose clock may be set meanwhile."""

_OAEP: Final = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303 (the profile's own)
_DIGEST: Final = 32
_KEYS: Final = _DIGEST + 32 + SYMMETRIC_BLOCK


def key_file(folder: Path, machine: str) -> Path:
    """Where a machine's private key lies."""
    return folder / f"{machine}.key"


def certificate_file(folder: Path, machine: str) -> Path:
    """Where a machine's certificate lies."""
    return folder / f"{machine}.der"


class Keyring:
    """See protocols.opcua_security.Keyring. now: when certificates begin to count, seconds since the epoch."""

    def __init__(self, folder: Path, now: float) -> None:
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._certificates: dict[str, x509.Certificate] = {}
        folder.mkdir(mode=0o700, exist_ok=True)
        for machine in (SERVER, *_CLIENTS):
            key = self._keys[machine] = rsa.generate_private_key(65537, 2048)
            made = self._certificates[machine] = _certificate(machine, key, datetime.fromtimestamp(now, UTC))
            octets = key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(key_file(folder, machine), octets)
            write_private(certificate_file(folder, machine), made.public_bytes(serialization.Encoding.DER))
        begins = datetime.fromtimestamp(now, UTC)
        self._desktops = {
            machine: _desktop(folder / f"{machine}.pem", machine, begins) for machine in _DESKTOPS
        }
        self._visitors = client_context()

    def guard(self, owner: str, peer: str) -> _Guard:
        """See protocols.opcua_security.Keyring."""
        return _Guard(self._keys[owner], self._certificates[owner], self._certificates[peer])

    def desktop(self, machine: str) -> DesktopServer:
        """See protocols.opcua_security.Keyring."""
        return DesktopServer(self._desktops[machine])

    def visitor(self) -> DesktopClient:
        """See protocols.opcua_security.Keyring."""
        return DesktopClient(self._visitors)


def _desktop(path: Path, machine: str, now: datetime) -> ssl.SSLContext:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, pem + _certificate(machine, key, now).public_bytes(serialization.Encoding.PEM))
    return server_context(path)


def write_private(path: Path, octets: bytes) -> None:
    """A file that only its owner may read, in place of whatever was there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)


def _certificate(machine: str, key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Interlock Practice"),
            x509.NameAttribute(NameOID.COMMON_NAME, machine),
        ]
    )
    usage = ExtendedKeyUsageOID.SERVER_AUTH if machine not in _CLIENTS else ExtendedKeyUsageOID.CLIENT_AUTH
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(f"urn:{machine}"), x509.DNSName(machine)]
    )
    used = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(used, critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(key, hashes.SHA256())
    )


class _Guard:
    """See protocols.opcua_security.Guard: RSA-OAEP and RSA-PKCS #1 v1.5 with SHA-256."""

    def __init__(self, key: rsa.RSAPrivateKey, own: x509.Certificate, peer: x509.Certificate) -> None:
        self.certificate = own.public_bytes(serialization.Encoding.DER)
        self.peer = peer.public_bytes(serialization.Encoding.DER)
        self._key = key
        theirs = peer.public_key()
        assert isinstance(theirs, rsa.RSAPublicKey)
        self._theirs = theirs

    def nonce(self) -> bytes:
        return secrets.token_bytes(32)

    def sign(self, octets: bytes) -> bytes:
        return self._key.sign(octets, padding.PKCS1v15(), hashes.SHA256())

    def check(self, octets: bytes, signature: bytes) -> None:
        try:
            self._theirs.verify(signature, octets, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise ValueError("not signed by the other side") from error

    def encipher(self, octets: bytes) -> bytes:
        blocks = (octets[at : at + PLAIN_BLOCK] for at in range(0, len(octets), PLAIN_BLOCK))
        return b"".join(self._theirs.encrypt(block, _OAEP) for block in blocks)

    def decipher(self, octets: bytes) -> bytes:
        """Raises ValueError where a block isn't one."""
        blocks = (octets[at : at + CIPHER_BLOCK] for at in range(0, len(octets), CIPHER_BLOCK))
        return b"".join(self._key.decrypt(block, _OAEP) for block in blocks)

    def agree(self, ours: bytes, theirs: bytes) -> _Keys:
        return _Keys(_derived(theirs, ours), _derived(ours, theirs))


def _derived(secret: bytes, seed: bytes) -> tuple[bytes, bytes, bytes]:
    """P_SHA256 (RFC 5246, clause 5): signing key, enciphering key, initialization vector."""
    found, link = b"", seed
    while len(found) < _KEYS:
        link = hmac.digest(secret, link, "sha256")
        found += hmac.digest(secret, link + seed, "sha256")
    return found[:_DIGEST], found[_DIGEST : _DIGEST + 32], found[_DIGEST + 32 : _KEYS]


class _Keys:
    """See protocols.opcua_security.Keys: AES-256-CBC and HMAC-SHA256."""

    def __init__(self, ours: tuple[bytes, bytes, bytes], theirs: tuple[bytes, bytes, bytes]) -> None:
        self._ours, self._theirs = ours, theirs

    def seal(self, head: bytes, plain: bytes) -> bytes:
        signing, enciphering, vector = self._ours
        body = filled(plain, _DIGEST, SYMMETRIC_BLOCK)
        cipher = Cipher(algorithms.AES(enciphering), modes.CBC(vector)).encryptor()
        return cipher.update(body + hmac.digest(signing, head + body, "sha256")) + cipher.finalize()

    def unseal(self, head: bytes, octets: bytes) -> bytes:
        signing, enciphering, vector = self._theirs
        cipher = Cipher(algorithms.AES(enciphering), modes.CBC(vector)).decryptor()
        plain = cipher.update(octets) + cipher.finalize()
        body, signature = plain[:-_DIGEST], plain[-_DIGEST:]
        if not hmac.compare_digest(signature, hmac.digest(signing, head + body, "sha256")):
            raise ValueError("a message that was not signed by the other side")
        return unfilled(body)
