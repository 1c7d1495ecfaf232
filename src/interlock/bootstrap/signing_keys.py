"""Approvers' keys in files: public ones to enrol, private ones to sign with, new ones."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["new_key", "public_octets", "read_private", "read_public"]

_MOST_OCTETS: Final = 65_536
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def public_octets(key: Ed25519PublicKey) -> bytes:
    """Give the 32 octets of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def read_public(path: Path) -> bytes:
    """Read an Ed25519 public key, PEM or as ssh-keygen writes it. Raises ConfigError naming the file."""
    octets = _read(path)
    try:
        load = load_ssh_public_key if octets.startswith(b"ssh-") else load_pem_public_key
        key = load(octets)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: is no public key; name the .pub file of an Ed25519 key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(
            f"{path}: is a key of another kind; make an Ed25519 one with `interlock approver new-key`"
        )
    return public_octets(key)


def read_private(path: Path, passphrase: Callable[[], str]) -> Ed25519PrivateKey:
    """Read a private key that nobody else can; passphrase is asked for only where the file needs one.

    Raises ConfigError naming the file and what to do.
    """
    octets = _read(path, private=True)
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in octets else load_pem_private_key
    try:
        try:
            key = load(octets, None)
        except TypeError:  # it is enciphered
            key = load(octets, passphrase().encode())
    except UnsupportedAlgorithm as error:
        raise ConfigError(
            f"{path}: enciphered as ssh-keygen does it, which needs a library that is not here; make a key with "
            "`interlock approver new-key`"
        ) from error
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a private key, or the passphrase is wrong; try again"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"{path}: is a key of another kind; make an Ed25519 one with `interlock approver new-key`"
        )
    return key


def new_key(path: Path, passphrase: str | None) -> tuple[Path, Path]:
    """Make a key: the private one in `path` (0600), the public one beside it. Raises ConfigError where one is there."""
    key, public = Ed25519PrivateKey.generate(), path.with_name(path.name + ".pub")
    how = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    for file, octets, mode in (
        (path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how), 0o600),
        (public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644),
    ):
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(octets)
        except OSError as error:
            reason = (error.strerror or "cannot be written").lower()
            raise ConfigError(
                f"{file}: cannot be made ({reason}); name a file that is not there yet"
            ) from error
    return path, public


def _read(path: Path, *, private: bool = False) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ConfigError(f"{path}: is no file; name the file of a key")
            if private and mode & _OTHERS:
                raise ConfigError(
                    f"{path}: others may read this private key (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
                )
            return file.read(_MOST_OCTETS)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise ConfigError(f"{path}: cannot be read ({reason}); name the file of a key") from error
