"""An EtherNet/IP device of our own: a controller with tags, or a drive with cyclic I/O."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import sys
import time

from responders import cip
from responders.network import ip_of

_IDENTITIES = {
    "controller": cip.Identity(1, 0x0E, 55, (20, 11), 0x00C0FFEE, "1756-L61/B LOGIX5561"),
    "drive": cip.Identity(1, 0x02, 150, (6, 2), 0x00D15C03, "PowerFlex 525 1P 230V"),
}
_PATH_UNKNOWN, _SERVICE_UNKNOWN = 0x05, 0x08


class Device:
    """What answers CIP requests, whatever connection they come over."""

    def __init__(self, kind: str) -> None:
        self.identity = _IDENTITIES[kind]
        self.tags = {
            "Line2_Speed": (cip.REAL, [42.5]),
            "Line2_Count": (cip.DINT, [0] * 4),
            "Recipe_No": (cip.DINT, [7]),
        }
        self.connections: dict[int, int] = {}
        self._next = 0x00A10001

    def answer(self, message: bytes) -> bytes:
        """Answer one CIP request."""
        service, path, data = cip.split_request(message)
        status, body = self._serve(service, path, data)
        return bytes([service | 0x80, 0, status, 0]) + body

    def _serve(self, service: int, path: bytes, data: bytes) -> tuple[int, bytes]:
        if service == cip.UNCONNECTED_SEND and path == cip.object_path(6, 1):
            length = struct.unpack_from("<H", data, 2)[0]
            inner = self.answer(data[4 : 4 + length])
            return inner[2], inner[4:]
        if service == cip.MULTIPLE:
            return 0, cip.bundle([self.answer(one) for one in cip.unbundle(data)])
        if service in {cip.FORWARD_OPEN, cip.FORWARD_CLOSE}:
            return 0, self._connection(service, data)
        if path[:4] == cip.object_path(1, 1):
            return self._identity(service, path)
        if path[:1] == b"\x91":
            return self._tag(service, path[2 : 2 + path[1]].decode(), data)
        return _PATH_UNKNOWN, b""

    def _identity(self, service: int, path: bytes) -> tuple[int, bytes]:
        if service == cip.GET_ALL:
            return 0, self.identity.attributes()
        if service == cip.GET_SINGLE and path[4:] == b"\x30\x07":
            return 0, bytes([len(self.identity.name)]) + self.identity.name.encode()
        return _SERVICE_UNKNOWN, b""

    def _tag(self, service: int, name: str, data: bytes) -> tuple[int, bytes]:
        if name not in self.tags:
            return _PATH_UNKNOWN, b""
        kind, values = self.tags[name]
        letter = "f" if kind == cip.REAL else "i"
        if service == cip.READ_TAG:
            self._move()
            count = struct.unpack_from("<H", data)[0]
            return 0, struct.pack(f"<H{count}{letter}", kind, *values[:count])
        if service == cip.WRITE_TAG:
            count = struct.unpack_from("<H", data, 2)[0]
            values[:count] = struct.unpack_from(f"<{count}{letter}", data, 4)
            return 0, b""
        return _SERVICE_UNKNOWN, b""

    def _move(self) -> None:
        now = time.monotonic()
        self.tags["Line2_Count"][1][:2] = [int(now * 3) & 0xFFFF, int(now)]
        if self.tags["Line2_Speed"][1][0] > 1:
            self.tags["Line2_Speed"][1][0] = round(42.5 + math.sin(now / 5), 2)

    def _connection(self, service: int, data: bytes) -> bytes:
        if service == cip.FORWARD_CLOSE:
            return data[2:10] + bytes(2)
        theirs, serial = struct.unpack_from("<I", data, 6)[0], data[10:18]
        ours, self._next = self._next, self._next + 1
        self.connections[ours] = theirs
        intervals = data[22:26] + data[28:32]
        return struct.pack("<II", ours, theirs) + serial + intervals + bytes(2)


def respond(device: Device, message: cip.Encapsulated, address: bytes) -> bytes | None:
    """Answer one encapsulation message; `address` is the device's own."""
    body = b""
    if message.command == cip.LIST_IDENTITY:
        body = device.identity.listed(address)
    elif message.command == cip.LIST_SERVICES:
        body = cip.items((0x100, struct.pack("<HH16s", 1, 0x120, b"Communications")))
    elif message.command == cip.REGISTER:
        message.session, body = 0x11020000 + id(message) % 0xFFFF, message.body
    elif message.command == cip.SEND_RR:
        inner = dict(cip.split_items(message.body[6:]))[cip.UNCONNECTED]
        body = bytes(6) + cip.items((cip.NULL, b""), (cip.UNCONNECTED, device.answer(inner)))
    elif message.command == cip.SEND_UNIT:
        parts = dict(cip.split_items(message.body[6:]))
        theirs = device.connections[struct.unpack("<I", parts[cip.CONNECTED_ADDRESS])[0]]
        answered = parts[cip.CONNECTED][:2] + device.answer(parts[cip.CONNECTED][2:])
        address_item = (cip.CONNECTED_ADDRESS, struct.pack("<I", theirs))
        body = bytes(6) + cip.items(address_item, (cip.CONNECTED, answered))
    else:
        return None
    return cip.Encapsulated(message.command, message.session, body, message.context).octets()


async def main(kind: str, host: str) -> None:
    """Serve TCP and UDP 44818."""
    device, address = Device(kind), socket.inet_aton(ip_of(host))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = b""
        while octets := await reader.read(4096):
            message, left = cip.Encapsulated.cut(left + octets)
            while message:
                if answered := respond(device, message, address):
                    writer.write(answered)
                message, left = cip.Encapsulated.cut(left)
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:
            self.transport = transport

        def datagram_received(self, octets: bytes, peer: tuple[str, int]) -> None:
            message, _ = cip.Encapsulated.cut(octets)
            if message and (answered := respond(device, message, address)):
                self.transport.sendto(answered, peer)

    class Cyclic(Datagrams):
        sequence = 0

        def datagram_received(self, octets: bytes, peer: tuple[str, int]) -> None:
            ours = struct.unpack_from("<I", octets, 6)[0]
            theirs = device.connections.get(ours)
            if theirs is not None:
                self.sequence += 1
                head = (cip.SEQUENCED, struct.pack("<II", theirs, self.sequence))
                status = struct.pack(
                    "<HHH", self.sequence & 0xFFFF, 0x0F0D, int(5000 + 40 * math.sin(time.monotonic()))
                )
                self.transport.sendto(cip.items(head, (cip.CONNECTED, status)), peer)

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Datagrams, ("0.0.0.0", cip.PORT))
    if kind == "drive":
        await loop.create_datagram_endpoint(Cyclic, ("0.0.0.0", cip.IO_PORT))
    server = await asyncio.start_server(serve, "0.0.0.0", cip.PORT)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
