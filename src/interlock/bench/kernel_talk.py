"""Conversations made anew as real ones: who opened them opens them again, and what comes back proves that they passed.

TCP connects and is echoed, UDP and ICMP are echoed, other IP protocols and frames arrive. That something passed is
certain; that it did not is a silence, so what was silent is tried once more, longer.
"""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.bench.kernel_network import is_mac
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.bench.kernel_network import Around

__all__ = ["Flow", "passed"]

_PATIENCE_S: Final = (1.2, 3.2)
"""TCP asks anew after 1 s and after 3 s."""
_AGAIN_S: Final = 0.4
_ECHO: Final = {4: (socket.IPPROTO_ICMP, 8, 0), 6: (socket.IPPROTO_ICMPV6, 128, 129)}
_FRAME: Final = 14
_UDP: Final = {4: 28, 6: 48}
"""Octets of the headers of IP and UDP."""
_PADDED: Final = 60
_TOKEN: Final = struct.Struct(">II")
_OURS: Final = 0x1A7E_410C
"""What is said begins with it, so that padding is nobody's."""
_ALL: Final = 3
"""ETH_P_ALL."""


class Flow(NamedTuple):
    """Who opens what towards whom; transport and port as conduits and conversations have them.

    Where the client is a group, the server tells it something from that port: the answer to a call to many.
    """

    client: str
    server: str
    transport: str
    port: int

    @property
    def speaker(self) -> str:
        """Who says the first word."""
        return self.server if is_group(self.client) else self.client

    @property
    def hearer(self) -> str:
        """Who hears it."""
        return self.client if is_group(self.client) else self.server


def passed(around: Around, flows: Sequence[Flow]) -> list[bool]:
    """Of each conversation whether the enforcer let it pass."""
    done = [False] * len(flows)
    for patience_s in _PATIENCE_S:
        silent = [number for number, there in enumerate(done) if not there]
        if silent:
            for number in _Round(around, {n: flows[n] for n in silent}).run(patience_s):
                done[number] = True
    return done


@dataclass(slots=True)
class _Client:
    """One end of a try. numbers: the flows that it speaks for, by what it says."""

    number: int
    flow: Flow
    end: socket.socket
    said: bytes
    connected: bool = field(default=False)


class _Round:
    """All flows at once."""

    def __init__(self, around: Around, flows: dict[int, Flow]) -> None:
        self._around, self._flows = around, flows
        self._passed: set[int] = set()
        self._eyes = selectors.DefaultSelector()
        self._clients: list[_Client] = []

    def run(self, patience_s: float) -> set[int]:
        with ExitStack() as stack:
            stack.callback(self._close)
            self._serve()
            self._open()
            end = time.monotonic() + patience_s
            again = 0.0
            while (now := time.monotonic()) < end and len(self._passed) < len(self._flows):
                if now >= again:
                    again = now + _AGAIN_S
                    self._speak()
                for key, _ in self._eyes.select(min(end, again) - now):
                    key.data[0](*key.data[1:])
        return self._passed

    def _close(self) -> None:
        for key in list(self._eyes.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._eyes.close()

    def _watch(self, end: socket.socket, events: int, *what: object) -> None:
        end.setblocking(False)
        self._eyes.register(end, events, what)

    # The answering side

    def _serve(self) -> None:
        for server, transport, port in dict.fromkeys(
            (f.hearer, f.transport, f.port) for f in self._flows.values()
        ):
            if transport.startswith("icmp"):
                continue  # the kernel answers
            with self._around.at(server):
                end = _ear() if is_group(server) else _socket(server, transport)
                if is_group(server):
                    self._watch(end, selectors.EVENT_READ, self._arrive, end, server)
                    continue
                if transport in {"tcp", "udp"}:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    end.bind((server, port))
                if transport == "tcp":
                    end.listen(4096)
                    self._watch(end, selectors.EVENT_READ, self._accept, end)
                elif transport == "udp":
                    self._watch(end, selectors.EVENT_READ, self._echo, end)
                else:
                    self._watch(end, selectors.EVENT_READ, self._arrive, end, server)

    def _accept(self, end: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                one = end.accept()[0]
                self._watch(one, selectors.EVENT_READ, self._answer, one)

    def _answer(self, end: socket.socket) -> None:
        with suppress(OSError):
            said = end.recv(64)
            if said:
                end.send(said)
                return
        self._eyes.unregister(end)
        end.close()

    @staticmethod
    def _echo(end: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                said, who = end.recvfrom(64)
                end.sendto(said, who)

    def _arrive(self, end: socket.socket, server: str) -> None:
        with suppress(BlockingIOError):
            while True:
                octets, who = end.recvfrom(256)
                if who[2:3] == (socket.PACKET_OUTGOING,):
                    said = b""
                elif is_group(server) and not is_mac(server):
                    begin = _FRAME + _UDP[6 if ":" in server else 4]
                    said = octets[begin : begin + 8]
                elif is_mac(server):
                    said = octets[_FRAME : _FRAME + 8]
                else:
                    said = octets[-8:]
                self._heard(said)

    # The opening side

    def _open(self) -> None:
        by_client: dict[str, list[int]] = {}
        for number, flow in self._flows.items():
            by_client.setdefault(flow.speaker, []).append(number)
        for client, numbers in by_client.items():
            with self._around.at(client):
                for number in numbers:
                    self._begin(number, self._flows[number])

    def _begin(self, number: int, flow: Flow) -> None:
        end = _socket(flow.speaker, flow.transport)
        one = _Client(number, flow, end, _TOKEN.pack(_OURS, number))
        self._clients.append(one)
        if flow.transport in {"tcp", "udp"}:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            end.bind((flow.speaker, flow.port if is_group(flow.client) else 0))
        if flow.transport == "tcp":
            end.setblocking(False)
            code = end.connect_ex((flow.server, flow.port))
            if code not in {0, errno.EINPROGRESS}:
                raise OSError(code, f"{flow}: cannot be tried")
            self._watch(end, selectors.EVENT_WRITE, self._connected, one)
        elif flow.transport == "udp":
            end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            end.connect(_place(flow.hearer, flow.port))
            self._watch(end, selectors.EVENT_READ, self._hear, one)
        elif flow.transport.startswith("icmp"):
            end.connect((flow.server, 0))
            self._watch(end, selectors.EVENT_READ, self._hear_echo, one)
        else:
            self._watch(end, selectors.EVENT_READ, _pass_over, end)

    def _connected(self, one: _Client) -> None:
        if one.end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._eyes.unregister(one.end)
            one.end.close()
            return
        one.end.send(one.said)
        self._eyes.modify(one.end, selectors.EVENT_READ, (self._hear, one))

    def _hear(self, one: _Client) -> None:
        with suppress(OSError):
            if one.end.recv(64) == one.said:
                self._passed.add(one.number)

    def _hear_echo(self, one: _Client) -> None:
        version = 6 if ":" in one.flow.server else 4
        with suppress(BlockingIOError):
            while True:
                octets = one.end.recv(256)
                answer = octets[20:] if version == 4 else octets
                if answer[:1] == bytes([_ECHO[version][2]]):
                    self._heard(answer[8:16])

    def _heard(self, said: bytes) -> None:
        if len(said) == _TOKEN.size:
            ours, number = _TOKEN.unpack(said)
            if ours == _OURS and number in self._flows:
                self._passed.add(number)

    def _speak(self) -> None:
        """Whatever has no memory of its own says it again."""
        for one in self._clients:
            if one.number in self._passed or one.flow.transport == "tcp":
                continue
            with suppress(ConnectionRefusedError, PermissionError):
                self._say(one)

    @staticmethod
    def _say(one: _Client) -> None:
        flow = one.flow
        if flow.transport == "udp":
            one.end.send(one.said)
        elif flow.transport.startswith("icmp"):
            one.end.send(_echo_request(6 if ":" in flow.server else 4, one.number, one.said))
        elif is_mac(flow.speaker):
            kind = int(flow.transport[4:], 16)
            head = bytes.fromhex((flow.hearer + flow.speaker).replace(":", "")) + struct.pack(">H", kind)
            one.end.send((head + one.said).ljust(_PADDED, b"\0"))
        else:
            one.end.sendto(one.said, (flow.server, 0))


def _pass_over(end: socket.socket) -> None:
    """What comes to the opening side of a conversation without answers."""
    with suppress(BlockingIOError):
        while True:
            end.recv(256)


def _place(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Where to send to; groups of IPv6 are of a link."""
    if ":" in address and is_group(address):
        return address, port, 0, socket.if_nametoindex("eth0")
    return address, port


def _ear() -> socket.socket:
    """Hears every frame that comes in."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    end.bind(("eth0", _ALL))
    return end


def _socket(address: str, transport: str) -> socket.socket:
    if is_mac(address):
        kind = int(transport[4:], 16)
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
        end.bind(("eth0", kind))
        return end
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if transport == "tcp":
        return socket.socket(family, socket.SOCK_STREAM)
    if transport == "udp":
        return socket.socket(family, socket.SOCK_DGRAM)
    if transport.startswith("icmp"):
        return socket.socket(family, socket.SOCK_RAW, _ECHO[6 if ":" in address else 4][0])
    return socket.socket(family, socket.SOCK_RAW, int(transport.removeprefix("ip/")))


def _echo_request(version: int, number: int, said: bytes) -> bytes:
    """An echo request (RFC 792, RFC 4443); the kernel fills in the checksum of version 6."""
    head = struct.pack(">BBHHH", _ECHO[version][1], 0, 0, number & 0xFFFF, 1)
    if version == 6:
        return head + said
    total = sum(struct.unpack(f">{(len(head) + len(said)) // 2}H", head + said))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:2] + struct.pack(">H", ~total & 0xFFFF) + head[4:] + said
