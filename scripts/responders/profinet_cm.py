"""PROFINET context management: connect, end of parameters, application ready (IEC 61158-6-10, over DCE/RPC).

Little-endian connectionless DCE/RPC of 80 octets, 20 octets of NDR arguments, then big-endian blocks:
type u16, length u16 (of what follows it), version 1.0, octets.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
import uuid

from responders.frames import mac
from responders.network import BY_NAME, ip_of

PORT = 34964
INPUT_FRAME, OUTPUT_FRAME, DATA_OCTETS = 0x8001, 0x8002, 40
_DEVICE = uuid.UUID("dea00001-6c97-11d1-8271-00a02442df7d")
_CONTROLLER = uuid.UUID("dea00002-6c97-11d1-8271-00a02442df7d")
_OBJECT = uuid.UUID("dea00000-6c97-11d1-8271-00010313002a")
_REQUEST, _RESPONSE, _CONNECT, _CONTROL = 0, 2, 0, 4
_AR_UUID = uuid.UUID(bytes=os.urandom(16), version=4)
_PARAMETERS_END, _APPLICATION_READY, _DONE = 0x0001, 0x0002, 0x0008


def block(kind: int, octets: bytes) -> bytes:
    """One PROFINET block."""
    return struct.pack(">HHBB", kind, len(octets) + 2, 1, 0) + octets


def rpc(kind: int, call: tuple[uuid.UUID, int], sequence: int, activity: uuid.UUID, body: bytes) -> bytes:
    """One DCE/RPC message around blocks; `call` is the interface and the operation."""
    interface, operation = call
    flags = 0x20 if kind == _REQUEST else 0x0A
    head = struct.pack("<BBBB3sB", 4, kind, flags, 0, b"\x10\0\0", 0)
    head += _OBJECT.bytes_le + interface.bytes_le + activity.bytes_le
    first = 16696 if kind == _REQUEST else 0  # most octets of the answer, or the PNIO status
    arguments = struct.pack("<IIIII", first, len(body), 16696, 0, len(body)) + body
    head += struct.pack("<IIIHHHHHBB", 0, 1, sequence, operation, 0xFFFF, 0xFFFF, len(arguments), 0, 0, 0)
    return head + arguments


def connect_blocks(controller: bytes, name: bytes) -> bytes:
    """What a controller asks for: the relation, inputs, outputs, alarms and the expected modules."""
    relation = struct.pack(
        ">H16sH6s16sIHHH", 1, _AR_UUID.bytes, 1, controller, _OBJECT.bytes, 0x11, 600, 0x8892, len(name)
    )
    blocks = block(0x0101, relation + name)
    for kind, frame in ((1, INPUT_FRAME), (2, OUTPUT_FRAME)):
        cyclic = struct.pack(
            ">HHHIHHHHHHIHHH6x",
            kind,
            kind,
            0x8892,
            1,
            DATA_OCTETS,
            frame,
            32,
            64,
            1,
            0,
            0xFFFFFFFF,
            3,
            3,
            0xC000,
        )
        objects = struct.pack(">HIHHHHHHHH", 1, 0, 1, 1, 1, 0, 1, 1, 1, 5)
        blocks += block(0x0102, cyclic + objects)
    blocks += block(0x0103, struct.pack(">HHIHHHHHH", 1, 0x8892, 0, 1, 3, 1, 200, 0xC000, 0xA000))
    module = struct.pack(">HIHIHHHIH", 1, 0, 1, 0x0000004D, 0, 1, 1, 0x00000001, 3)
    described = struct.pack(">HHBBHHBB", 1, 4, 1, 1, 2, 1, 1, 1)
    return blocks + block(0x0104, module + described)


def control(kind: int, command: int) -> bytes:
    """A control block with its command."""
    return block(kind, struct.pack(">H16sHHHH", 0, _AR_UUID.bytes, 1, 0, command, 0))


def connect(host: str, station: str) -> None:
    """Open the application relation as the controller."""
    activity = uuid.uuid4()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as controller:
        controller.bind(("0.0.0.0", PORT))
        controller.settimeout(2)
        asked = connect_blocks(mac(BY_NAME[host].mac), b"filler-controller")
        target = (ip_of(station), PORT)
        controller.sendto(rpc(_REQUEST, (_DEVICE, _CONNECT), 0, activity, asked), target)
        controller.recv(2048)
        ended = control(0x0110, _PARAMETERS_END)
        controller.sendto(rpc(_REQUEST, (_DEVICE, _CONTROL), 1, activity, ended), target)
        controller.recv(2048)
        ready, peer = controller.recvfrom(2048)
        theirs = uuid.UUID(bytes_le=ready[40:56])
        answered = control(0x8112, _DONE)
        controller.sendto(rpc(_RESPONSE, (_CONTROLLER, _CONTROL), 0, theirs, answered), peer)


def serve(host: str) -> None:
    """Answer connects and controls as the device until ended."""
    own = mac(BY_NAME[host].mac)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("0.0.0.0", PORT))
        while True:
            octets, peer = device.recvfrom(4096)
            if octets[1] != _REQUEST:
                continue
            activity, operation = uuid.UUID(bytes_le=octets[40:56]), struct.unpack_from("<H", octets, 68)[0]
            sequence, relation = struct.unpack_from("<I", octets, 64)[0], octets[108:124]
            if operation == _CONNECT:
                blocks = block(0x8101, struct.pack(">H16sH6sH", 1, relation, 1, own, 0x8892))
                for kind, frame in ((1, INPUT_FRAME), (2, OUTPUT_FRAME)):
                    blocks += block(0x8102, struct.pack(">HHH", kind, kind, frame))
                blocks += block(0x8103, struct.pack(">HHH", 1, 1, 200))
                device.sendto(rpc(_RESPONSE, (_DEVICE, _CONNECT), sequence, activity, blocks), peer)
            elif operation == _CONTROL:
                done = octets[100:]  # the block of the request, answered with its type and command changed
                done = struct.pack(">H", 0x8110) + done[2:28] + struct.pack(">HH", _DONE, 0)
                device.sendto(rpc(_RESPONSE, (_DEVICE, _CONTROL), sequence, activity, done), peer)
                time.sleep(0.05)
                ready = struct.pack(">H", 0x0112) + done[2:28] + struct.pack(">HH", _APPLICATION_READY, 0)
                device.sendto(rpc(_REQUEST, (_CONTROLLER, _CONTROL), 0, uuid.uuid4(), ready), peer)


if __name__ == "__main__":
    serve(sys.argv[1])
