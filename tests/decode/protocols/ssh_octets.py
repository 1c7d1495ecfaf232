"""SSH's first messages, built after RFC 4253 clauses 4.2, 6 and 7.1."""

from __future__ import annotations

import struct

__all__ = ["LISTS", "offer"]

LISTS = (
    "curve25519-sha256,ecdh-sha2-nistp256",
    "ssh-ed25519,rsa-sha2-512",
    "chacha20-poly1305@openssh.com,aes128-ctr",
    "aes256-gcm@openssh.com",
    "umac-64-etm@openssh.com",
    "hmac-sha2-256",
    "none,zlib@openssh.com",
    "none",
    "",
    "",
)
"""Key exchange, host keys; encryption, integrity, compression and languages, each to the server and to the client."""


def offer(lists: tuple[str, ...] = LISTS) -> bytes:
    """A packet with SSH_MSG_KEXINIT."""
    payload = b"\x14" + bytes(range(16))
    payload += b"".join(struct.pack(">I", len(names)) + names.encode() for names in lists) + bytes(5)
    padding = -(5 + len(payload)) % 8 + 8
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)
