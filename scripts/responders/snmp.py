"""SNMPv2c (RFC 3416), enough of it for a switch that is asked by name and walked."""

from __future__ import annotations

import socket
import sys
import time

GET, GET_NEXT, RESPONSE = 0xA0, 0xA1, 0xA2
INTEGER, OCTETS, OID, SEQUENCE, TICKS = 0x02, 0x04, 0x06, 0x30, 0x43
END_OF_VIEW = b"\x82\x00"
SYSTEM = "1.3.6.1.2.1.1"


def tlv(tag: int, value: bytes) -> bytes:
    """One BER element of less than 64 KiB."""
    if len(value) < 128:
        return bytes([tag, len(value)]) + value
    return bytes([tag, 0x82]) + len(value).to_bytes(2, "big") + value


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A BER integer."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """A BER object identifier."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    octets = bytearray([40 * first + second])
    for part in rest:
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        octets += bytes(reversed(groups))
    return tlv(OID, bytes(octets))


def elements(octets: bytes) -> list[tuple[int, bytes]]:
    """Take a run of BER elements apart."""
    found, at = [], 0
    while at < len(octets):
        tag, length, at = octets[at], octets[at + 1], at + 2
        if length & 0x80:
            more = length & 0x7F
            length, at = int.from_bytes(octets[at : at + more], "big"), at + more
        found.append((tag, octets[at : at + length]))
        at += length
    return found


def message(community: bytes, kind: int, request: int, bindings: list[tuple[bytes, bytes]]) -> bytes:
    """One SNMPv2c message; bindings are whole BER elements."""
    listed = b"".join(tlv(SEQUENCE, name + value) for name, value in bindings)
    pdu = tlv(kind, integer(request) + integer(0) + integer(0) + tlv(SEQUENCE, listed))
    return tlv(SEQUENCE, integer(1) + tlv(OCTETS, community) + pdu)


def parse(octets: bytes) -> tuple[bytes, int, int, list[bytes]]:
    """Community, kind, request id and the asked names (whole elements)."""
    _, (_, community), (kind, pdu) = elements(elements(octets)[0][1])
    (_, request), _, _, (_, listed) = elements(pdu)
    names = [tlv(*elements(binding)[0]) for _, binding in elements(listed)]
    return community, kind, int.from_bytes(request, "big", signed=True), names


def _view() -> dict[bytes, bytes]:
    described = b"Hirschmann RS20 Managed Switch, SW: 09.1.02, HW: 1.20"
    view = {
        f"{SYSTEM}.1.0": tlv(OCTETS, described),
        f"{SYSTEM}.2.0": oid("1.3.6.1.4.1.248.14.10.50"),
        f"{SYSTEM}.3.0": integer(int(time.monotonic() * 100), TICKS),
        f"{SYSTEM}.4.0": tlv(OCTETS, b"maintenance@plant.example"),
        f"{SYSTEM}.5.0": tlv(OCTETS, b"SW-CELL-1"),
        f"{SYSTEM}.6.0": tlv(OCTETS, b"Hall 3, panel 12"),
        "1.3.6.1.2.1.2.1.0": integer(8),
    }
    return {oid(name): value for name, value in view.items()}


def serve(community: bytes) -> None:
    """Answer until ended; other communities get no answer, as RFC 1157 wants it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("0.0.0.0", 161))
        while True:
            octets, peer = agent.recvfrom(4096)
            said, kind, request, names = parse(octets)
            view, bindings = _view(), []
            if said != community:
                continue
            for name in names:
                following = min((one for one in view if one > name), default=None)
                wanted = following if kind == GET_NEXT else name
                bindings.append((wanted or name, view.get(wanted or b"", END_OF_VIEW)))
            agent.sendto(message(community, RESPONSE, request, bindings), peer)


def ask(address: str, community: str, names: list[str], kind: int = GET, request: int = 1) -> bytes | None:
    """Ask once and give the answer, or none after a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as manager:
        manager.settimeout(1)
        bindings = [(oid(name), b"\x05\x00") for name in names]
        manager.sendto(message(community.encode(), kind, request, bindings), (address, 161))
        try:
            return manager.recv(4096)
        except TimeoutError:
            return None


if __name__ == "__main__":
    serve(sys.argv[1].encode())
