"""HTTP, FTP, TLS, SSH, SMB and RDP: messages of a TCP connection, answered in order or by their own numbers.

HTTP and FTP: function is the method or command by name; an answer has that of the oldest one not answered
yet, and interim ones (1xx) settle nothing. TLS: ClientHello (1) asks; ServerHello, or a fatal alert in its
place, answers. SSH: the identification strings, without a function. SMB: function is the command, of version
1 or 2. RDP: the negotiation in the X.224 connection request and confirm, without a function.
Telnet has no messages to count.
Source: RFC 9112; RFC 959; RFC 8446, 4; RFC 4253, 4.2; MS-CIFS 2.2.3.1; MS-SMB2 2.2.1; MS-RDPBCGR 2.2.1.1.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["FTP", "HTTP", "RDP", "SMB", "SSH", "TLS"]

_CLIENT_HELLO, _SERVER_HELLO, _FATAL = 1, 2, 2
_FINAL: Final = 200
_SSH_PORT: Final = 22

Waiting = dict[int, deque[str]]
"""Methods or commands not answered yet, by stream."""


def _http(packets: Iterable[Packet]) -> Iterator[Message]:
    waiting: Waiting = {}
    for packet in packets:
        for layer in packet.named("http"):
            yield from _exchange(packet.number, layer, "http.request.method", "http.response.code", waiting)


def _ftp(packets: Iterable[Packet]) -> Iterator[Message]:
    waiting: Waiting = {}
    for packet in packets:
        for layer in packet.named("ftp"):
            yield from _exchange(packet.number, layer, "ftp.request.command", "ftp.response.code", waiting)


def _exchange(frame: int, layer: Layer, asks: str, answers: str, waiting: Waiting) -> Iterator[Message]:
    queue = waiting.setdefault(layer.ends.stream, deque())
    if (method := layer.text(asks)) is not None:
        queue.append(method)
        yield request(frame, layer.ends, layer.name, method)
    elif (code := layer.number(answers)) is not None and code >= _FINAL:
        yield answer(frame, layer.ends, layer.name, queue.popleft() if queue else None)


def _tls(packets: Iterable[Packet]) -> Iterator[Message]:
    greeted: dict[int, str] = {}
    for packet in packets:
        for layer in packet.named("tls"):
            ends = layer.ends
            for shown in layer.values.get("tls.handshake.type", []):
                if int(shown) == _CLIENT_HELLO:
                    greeted[ends.stream] = ends.source
                    yield request(packet.number, ends, "tls", _CLIENT_HELLO)
                elif int(shown) == _SERVER_HELLO:
                    greeted.pop(ends.stream, None)
                    yield answer(packet.number, ends, "tls", _CLIENT_HELLO)
            if (
                layer.number("tls.alert_message.level") == _FATAL
                and greeted.get(ends.stream) == ends.destination
            ):
                del greeted[ends.stream]
                yield answer(packet.number, ends, "tls", _CLIENT_HELLO)


def _ssh(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("ssh"):
            if layer.text("ssh.protocol") is not None:
                make = answer if layer.ends.source_port == _SSH_PORT else request
                yield make(packet.number, layer.ends, "ssh", None)


def _smb(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("smb", "smb2"):
            command, response = (
                layer.number(f"{layer.name}.cmd"),
                layer.number(f"{layer.name}.flags.response"),
            )
            if command is not None:
                yield (answer if response else request)(packet.number, layer.ends, "smb", command)


def _rdp(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("rdp"):
            if layer.text("rdp.neg_type") or layer.text("rdp.rt_cookie"):
                to_server = layer.ends.destination_port < layer.ends.source_port
                yield (request if to_server else answer)(packet.number, layer.ends, "rdp", None)


HTTP = Oracle(
    name="http",
    protocols=("http",),
    layers=("http",),
    fields=frozenset({"http.request.method", "http.response.code"}),
    messages=_http,
)
FTP = Oracle(
    name="ftp",
    protocols=("ftp",),
    layers=("ftp",),
    fields=frozenset({"ftp.request.command", "ftp.response.code"}),
    messages=_ftp,
)
TLS = Oracle(
    name="tls",
    protocols=("tls",),
    layers=("tls",),
    fields=frozenset({"tls.handshake.type", "tls.alert_message.level"}),
    messages=_tls,
)
SSH = Oracle(
    name="ssh",
    protocols=("ssh",),
    layers=("ssh",),
    fields=frozenset({"ssh.protocol"}),
    messages=_ssh,
)
SMB = Oracle(
    name="smb",
    protocols=("smb",),
    layers=("smb", "smb2"),
    fields=frozenset({"smb.cmd", "smb.flags.response", "smb2.cmd", "smb2.flags.response"}),
    messages=_smb,
)
RDP = Oracle(
    name="rdp",
    protocols=("rdp",),
    layers=("rdp",),
    fields=frozenset({"rdp.neg_type", "rdp.rt_cookie"}),
    messages=_rdp,
)
