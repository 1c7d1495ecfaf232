"""The other end of EtherNet/IP: what an HMI, an engineering tool and a scanner send."""

from __future__ import annotations

import socket
import struct
import time

from responders import cip


class CipClient:
    """One TCP session with a device; `connect` opens it, `open_connection` a class 3 connection in it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stream = socket.create_connection((address, cip.PORT), 3)
        self._session, self._left, self._sequence = 0, b"", 0
        self._ours, self._theirs = 0x80FE0001, 0
        self._session = self._exchange(cip.REGISTER, struct.pack("<HH", 1, 0)).session

    def unconnected(self, message: bytes) -> bytes:
        """Send one request in SendRRData and give the whole CIP answer."""
        body = bytes(4) + struct.pack("<H", 5) + cip.items((cip.NULL, b""), (cip.UNCONNECTED, message))
        return dict(cip.split_items(self._exchange(cip.SEND_RR, body).body[6:]))[cip.UNCONNECTED]

    def open_connection(self, interval_us: int = 2_000_000, io: bool = False) -> int:
        """Forward_Open: a class 3 connection to the message router, or a class 1 one for cyclic data."""
        size = 0x43F4 if not io else 0x4806
        ids = struct.pack("<BBIIHHI", 10, 240, 0, self._ours, 0x1201, 0x4D, 0x00BADA55)
        rates = struct.pack("<B3xIHIH", 2, interval_us, size, interval_us, size)
        path = (
            bytes([0x01, 0x00, 0x20, 0x02, 0x24, 0x01])
            if not io
            else bytes([0x20, 0x04, 0x24, 0x01, 0x2C, 0x02])
        )
        kind = bytes([0x01 if io else 0xA3, len(path) // 2])
        answered = self.unconnected(
            cip.request(cip.FORWARD_OPEN, cip.object_path(6, 1), ids + rates + kind + path)
        )
        self._theirs = struct.unpack_from("<I", answered, 4)[0]
        return self._theirs

    def close_connection(self) -> None:
        """Forward_Close."""
        data = struct.pack("<BBHHI", 10, 240, 0x1201, 0x4D, 0x00BADA55) + bytes(
            [3, 0, 1, 0, 0x20, 2, 0x24, 1]
        )
        self.unconnected(cip.request(cip.FORWARD_CLOSE, cip.object_path(6, 1), data))

    def connected(self, message: bytes) -> bytes:
        """Send one request over the class 3 connection and give the CIP answer."""
        self._sequence += 1
        address = (cip.CONNECTED_ADDRESS, struct.pack("<I", self._theirs))
        body = bytes(6) + cip.items(address, (cip.CONNECTED, struct.pack("<H", self._sequence) + message))
        return dict(cip.split_items(self._exchange(cip.SEND_UNIT, body).body[6:]))[cip.CONNECTED][2:]

    def list_services(self) -> None:
        """Ask what the device can do."""
        self._exchange(cip.LIST_SERVICES, b"")

    def close(self) -> None:
        """UnRegisterSession, which has no answer."""
        self._stream.sendall(cip.Encapsulated(cip.UNREGISTER, self._session, b"").octets())
        self._stream.close()

    def _exchange(self, command: int, body: bytes) -> cip.Encapsulated:
        self._stream.sendall(cip.Encapsulated(command, self._session, body, b"ilkdemo\0").octets())
        while True:
            message, self._left = cip.Encapsulated.cut(self._left)
            if message:
                return message
            octets = self._stream.recv(4096)
            if not octets:
                raise ConnectionError("the device closed the session")
            self._left += octets


def read_tag(name: str, count: int = 1) -> bytes:
    """A request for `count` elements of a tag."""
    return cip.request(cip.READ_TAG, cip.tag_path(name), struct.pack("<H", count))


def write_tag(name: str, value: float) -> bytes:
    """A request that sets one element; whole numbers as DINT, others as REAL."""
    kind, packed = (
        (cip.DINT, struct.pack("<i", value))
        if isinstance(value, int)
        else (cip.REAL, struct.pack("<f", value))
    )
    return cip.request(cip.WRITE_TAG, cip.tag_path(name), struct.pack("<HH", kind, 1) + packed)


def list_identity(broadcast: str, wait_s: float = 1.0) -> int:
    """Ask everyone for the identity object and count the answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asker.settimeout(wait_s)
        asker.sendto(cip.Encapsulated(cip.LIST_IDENTITY, 0, b"").octets(), (broadcast, cip.PORT))
        found = 0
        try:
            while asker.recv(4096):
                found += 1
        except TimeoutError:
            return found
    return found


def exchange_io(address: str, connection: int, until: float, interval_s: float = 0.25) -> None:
    """Send the drive its command word every interval, as a scanner does, until the monotonic time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as cyclic:
        cyclic.bind(("0.0.0.0", cip.IO_PORT))
        sequence = 0
        while time.monotonic() < until:
            sequence += 1
            head = (cip.SEQUENCED, struct.pack("<II", connection, sequence))
            command = struct.pack("<HIHH", sequence & 0xFFFF, 1, 0x0012, 5000)
            cyclic.sendto(cip.items(head, (cip.CONNECTED, command)), (address, cip.IO_PORT))
            time.sleep(interval_s)
