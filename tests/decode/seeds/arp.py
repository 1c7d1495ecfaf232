"""RFC 826: a question and its answer, an announcement (RFC 5227); addresses of RFC 5737."""

from __future__ import annotations

from decode.seeds import Seed

CLIENT_MAC, SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
ASKS, CLAIMS = bytes((192, 0, 2, 7)), bytes((192, 0, 2, 9))


def _arp(operation: int, sender: tuple[bytes, bytes], target: tuple[bytes, bytes]) -> bytes:
    head = bytes.fromhex("0001080006 04".replace(" ", "")) + operation.to_bytes(2, "big")
    return (head + b"".join(sender) + b"".join(target)).ljust(46, b"\0")


_QUESTION = (0, _arp(1, (CLIENT_MAC, ASKS), (bytes(6), CLAIMS)))
_ANSWER = (1, _arp(2, (SERVER_MAC, CLAIMS), (CLIENT_MAC, ASKS)))
_ANNOUNCEMENT = (0, _arp(1, (CLIENT_MAC, ASKS), (bytes(6), ASKS)))

SEEDS = (
    Seed(name="asked", transport="eth", port=0x0806, messages=(_QUESTION, _ANSWER) * 2, group=b"\xff" * 6),
    Seed(name="announced", transport="eth", port=0x0806, messages=(_ANNOUNCEMENT,) * 2, group=b"\xff" * 6),
)
