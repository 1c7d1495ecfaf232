"""What every command that signs asks for, in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PRIVATE_KEY", "UNASKED", "Signer", "signer_of"]

PRIVATE_KEY: Final = click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The private key of an enrolled approver.",
)
UNASKED: Final = click.option("--yes", is_flag=True, help="Do not ask before signing.")


class Signer(NamedTuple):
    """sign: octets → their Ed25519 signature (RFC 8032). public: 32 octets. name: the public key's fingerprint."""

    sign: Callable[[bytes], bytes]
    public: bytes
    name: str


def signer_of(key_file: Path) -> Signer:
    """Read a private key; its passphrase is asked for at the terminal. Raises ConfigError."""
    from interlock.bootstrap.signing_keys import public_octets, read_private  # noqa: PLC0415 (--help stays quick)
    from interlock.records.approval import fingerprint  # noqa: PLC0415

    key = read_private(key_file, lambda: str(click.prompt("Passphrase", hide_input=True)))
    public = public_octets(key.public_key())
    return Signer(key.sign, public, fingerprint(public))
