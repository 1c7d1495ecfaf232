"""A side of a conversation, as heads of rules see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.engine.ends import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TCP", "Side", "side_between", "side_of"]

TCP: Final = 6
_TRANSPORTS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, **{f"ip/{n}": n for n in range(256)}}
_APPLICATIONS: Final = {"winrm": "http", "pnio-cm": "dcerpc"}
"""Our recogniser's names → those of heads, where they differ."""


class Side(NamedTuple):
    """Who sends to whom: addresses as numbers, ports, and what they speak."""

    source: int
    source_port: int | None
    target: int
    target_port: int | None
    transport: int
    application: str
    to_server: bool


def side_between(words: Sequence[str], client: int | None, server: int | None) -> Side | None:
    """As side_of. words: transport, protocol, client, server, direction; then both ports, None where there is none."""
    transport, protocol, source, target, direction = words
    pair = -1 if client is None or server is None else client << 16 | server
    return side_of(transport, protocol, source, target, direction, pair)


def side_of(
    transport: str, protocol: str | None, client: str, server: str, direction: str, pair: int
) -> Side | None:
    """Of the words of a row, and client's and server's port in one number (negative: none); None where it is no IP."""
    number = _TRANSPORTS.get(transport or "")
    source, target = number_of(client or ""), number_of(server or "")
    if number is None or source is None or target is None:
        return None
    ports = (None, None) if pair < 0 else (pair >> 16, pair & 0xFFFF)
    application = _APPLICATIONS.get(protocol or "", protocol or "")
    if direction == "to_server":
        return Side(source, ports[0], target, ports[1], number, application, to_server=True)
    return Side(target, ports[1], source, ports[0], number, application, to_server=False)
