"""PROFINET DCP frames and LLDP announcements (IEC 61158-6-10; IEEE 802.1AB).

FrameID u16 | service id u8 | service type u8 | xid u32 | response delay u16 | data length u16 | blocks
block: option u8, suboption u8, length u16, [info or qualifier u16,] octets, padded to an even number
"""

from __future__ import annotations

import socket
import struct

from responders.frames import ethernet, mac

ETHERTYPE, LLDP_ETHERTYPE = 0x8892, 0x88CC
IDENTIFY_REQUEST, IDENTIFY_ANSWER, GET_SET, HELLO = 0xFEFE, 0xFEFF, 0xFEFD, 0xFEFC
GET, SET, IDENTIFY = 3, 4, 5
REQUEST, ANSWER = 0, 1
BRIDGE, STATION_ONLY = 0x0004, 0x0080
NAME, IP, ALL = (2, 2), (1, 2), (0xFF, 0xFF)
EVERYONE = mac("01:0e:cf:00:00:00")
_HEADER = struct.Struct(">HBBIHH")


def block(option: tuple[int, int], octets: bytes) -> bytes:
    """One block."""
    return struct.pack(">BBH", *option, len(octets)) + octets + bytes(len(octets) % 2)


def answered(option: tuple[int, int], octets: bytes) -> bytes:
    """One block with its block info, as answers carry it."""
    return block(option, bytes(2) + octets)


def frame(
    ends: tuple[bytes, bytes], frame_id: int, service: tuple[int, int], xid: int, blocks: bytes
) -> bytes:
    """One DCP frame from `ends[1]` to `ends[0]`; an identify request lets devices wait before they answer."""
    delay = 1 if frame_id == IDENTIFY_REQUEST else 0
    head = _HEADER.pack(frame_id, *service, xid, delay, len(blocks))
    return ethernet(*ends, ETHERTYPE, head + blocks)


def parse(octets: bytes) -> tuple[int, tuple[int, int], int, list[tuple[tuple[int, int], bytes]]]:
    """FrameID, service, transaction and blocks of a frame."""
    frame_id, service_id, service_type, xid, _, length = _HEADER.unpack_from(octets, 14)
    blocks, at, end = [], 26, 26 + length
    while at + 2 <= end:
        option = (octets[at], octets[at + 1])
        if at + 4 > end:
            blocks.append((option, b""))
            break
        if frame_id == GET_SET and service_id == GET and service_type == REQUEST:
            blocks.append((option, b""))  # a get request lists bare options
            at += 2
            continue
        size = struct.unpack_from(">H", octets, at + 2)[0]
        blocks.append((option, octets[at + 4 : at + 4 + size]))
        at += 4 + size + size % 2
    return frame_id, (service_id, service_type), xid, blocks


def ip_block(address: str, mask: str, router: str) -> bytes:
    """Address, mask and router of the IP parameter block."""
    return b"".join(socket.inet_aton(one) for one in (address, mask, router))


def lldp(source: bytes, names: tuple[str, str], description: str, address: str, capability: int) -> bytes:
    """An LLDP announcement of a system and its port (`names`), with PROFINET's own chassis address."""
    name, port = names

    def tlv(kind: int, value: bytes) -> bytes:
        return struct.pack(">H", kind << 9 | len(value)) + value

    management = b"\x05\x01" + socket.inet_aton(address) + b"\x02\x00\x00\x00\x01\x00"
    body = tlv(1, b"\x04" + source) + tlv(2, b"\x07" + port.encode()) + tlv(3, struct.pack(">H", 20))
    body += tlv(4, b"uplink") + tlv(5, name.encode()) + tlv(6, description.encode())
    body += tlv(7, struct.pack(">HH", capability, capability)) + tlv(8, management)
    body += tlv(127, b"\x00\x0e\xcf\x05" + source) + tlv(0, b"")
    return ethernet(mac("01:80:c2:00:00:0e"), source, LLDP_ETHERTYPE, body)
