"""RFC 4253: identification strings, then binary packets."""

from __future__ import annotations

from decode.protocols.ssh_octets import offer
from decode.seeds import Seed

_KEYS = b"\x00\x00\x01\x14\x0a\x14" + bytes(range(256)) + b"\n" * 20

SEEDS = (
    Seed(
        name="opening",
        transport="tcp",
        port=22,
        no_join="only the first lines are readable",
        messages=(
            (1, b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3\r\n"),
            (0, b"SSH-2.0-PuTTY_Release_0.78\r\n"),
            (1, _KEYS),
            (0, _KEYS),
        ),
    ),
    Seed(
        name="offers",
        transport="tcp",
        port=22,
        no_join="only the first lines and packets are readable",
        messages=(
            (1, b"SSH-2.0-OpenSSH_8.9p1\r\n"),
            (0, b"SSH-2.0-PuTTY_Release_0.78\r\n"),
            (1, offer()),
            (0, offer()),
        ),
    ),
)
