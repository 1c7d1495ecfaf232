# cython: compiled
"""What is remembered of one connection: its secure channel, unfinished messages, users and monitored items."""

from __future__ import annotations

__all__ = [
    "ENCRYPTED",
    "MAX_HANDLES",
    "MAX_KEPT",
    "MAX_PARTIAL",
    "MAX_USERS",
    "READABLE",
    "SIGNATURES",
    "UNSEEN",
    "Channel",
]

UNSEEN, READABLE, ENCRYPTED = range(3)
"""Whether service messages can be read: not known yet; policy None or mode Sign; mode SignAndEncrypt."""

MAX_PARTIAL = 8
"""Messages of one connection that may be unfinished at a time; chunks must not mix, so one would do."""
MAX_KEPT = 1 << 21
"""Octets of unfinished messages of one connection."""
MAX_USERS = 32
"""Sessions of one connection whose user is remembered."""
MAX_HANDLES = 8192
"""Monitored items of one connection whose node is remembered."""

SIGNATURES = {
    "None": 0,
    "Basic128Rsa15": 20,
    "Basic256": 20,
    "Basic256Sha256": 32,
    "Aes128_Sha256_RsaOaep": 32,
    "Aes256_Sha256_RsaPss": 32,
    "ECC_nistP256": 32,
    "ECC_brainpoolP256r1": 32,
    "ECC_nistP384": 48,
    "ECC_brainpoolP384r1": 48,
    "ECC_curve25519": 16,
    "ECC_curve448": 16,
}
"""Octets of the signature behind each chunk, by policy (OPC 10000-7, 6.6)."""


class Channel:
    """One connection's state. -1 and None: not seen.

    partial: request id and side → octets so far. users: authentication token → user code (pool `names`).
    handles: subscription and client handle → node as text. about: what sessions and certificates said.
    opening: key of the last opening asked for. build: BuildInfo by field. sequence: last number by side.
    """

    def __init__(self):
        self.channel = -1
        self.token = -1
        self.old_token = -1
        self.signature = 0
        self.security = 0
        self.doubts = 0
        self.greeted = False
        self.policy = None
        self.mode = None
        self.endpoint_url = None
        self.announced = None
        self.partial = {}
        self.users = {}
        self.handles = {}
        self.about = {}
        self.build = {}
        self.kept = 0
        self.opening = -1
        self.sequence = [-1, -1]
