"""A distributed I/O station: answers DCP, announces itself by LLDP and sends its inputs cyclically."""

from __future__ import annotations

import select
import struct
import sys
import time

from responders import dcp, profinet_cm
from responders.frames import mac, priority_tagged, raw_socket
from responders.network import BY_NAME, GATEWAYS

_VENDOR, _DEVICE = 0x002A, 0x0313
_CYCLE_S, _LLDP_S = 0.064, 5.0


class Station:
    """What the station knows of itself, and how it answers."""

    def __init__(self, host: str) -> None:
        self.own, self.name = mac(BY_NAME[host].mac), "filler-io-1"
        self.ip = (BY_NAME[host].ip, "255.255.255.0", GATEWAYS["cell"])
        self._socket = raw_socket(dcp.ETHERTYPE)
        self._counter = 0
        self._controlled = False

    def blocks(self, wanted: list[tuple[int, int]]) -> bytes:
        """The blocks asked for; all of them when everything is."""
        known = {
            (2, 1): b"ET 200SP",
            dcp.NAME: self.name.encode(),
            (2, 3): struct.pack(">HH", _VENDOR, _DEVICE),
            (2, 4): b"\x01\x00",
            dcp.IP: dcp.ip_block(*self.ip),
        }
        options = known if dcp.ALL in wanted else [one for one in wanted if one in known]
        return b"".join(dcp.answered(one, known[one]) for one in options)

    def handle(self, octets: bytes) -> None:
        """Answer one DCP frame if it is for this station."""
        if octets[:6] not in {self.own, dcp.EVERYONE} or octets[6:12] == self.own:
            return
        if struct.unpack_from(">H", octets, 14)[0] < dcp.HELLO:
            self._controlled = True  # outputs arrive, so inputs are wanted
            return
        frame_id, (service, kind), xid, blocks = dcp.parse(octets)
        asker = octets[6:12]
        if frame_id == dcp.IDENTIFY_REQUEST and self._is_meant(blocks):
            self._send(asker, dcp.IDENTIFY_ANSWER, (dcp.IDENTIFY, dcp.ANSWER), xid, self.blocks([dcp.ALL]))
        elif frame_id == dcp.GET_SET and kind == dcp.REQUEST and service == dcp.GET:
            found = self.blocks([option for option, _ in blocks])
            self._send(asker, dcp.GET_SET, (dcp.GET, dcp.ANSWER), xid, found)
        elif frame_id == dcp.GET_SET and kind == dcp.REQUEST and service == dcp.SET:
            done = b"".join(dcp.block((5, 4), bytes([*option, 0])) for option, _ in blocks)
            self._apply(blocks)
            self._send(asker, dcp.GET_SET, (dcp.SET, dcp.ANSWER), xid, done)

    def cycle(self, controller: bytes) -> None:
        """Send the inputs once, and for the controller its outputs."""
        self._counter = (self._counter + 2048) & 0xFFFF
        status = struct.pack(">HBB", self._counter, 0x35, 0)
        data = bytes([0x80, 0x01, int(time.monotonic()) & 1, 0x80, 0x80]).ljust(
            profinet_cm.DATA_OCTETS, b"\0"
        )
        head = struct.pack(">H", profinet_cm.INPUT_FRAME)
        self._socket.send(priority_tagged(controller, self.own, dcp.ETHERTYPE, head + data + status))

    def announce(self) -> None:
        """Announce the station by LLDP."""
        what = "Siemens, SIMATIC NET, ET 200SP, 6ES7 155-6AU01-0BN0, HW: Version 4, FW: Version V04.02.00"
        self._socket.send(dcp.lldp(self.own, (self.name, "port-001"), what, self.ip[0], dcp.STATION_ONLY))

    def run(self, controller: bytes, cyclic: bool) -> None:
        """Serve until ended."""
        now = time.monotonic()
        next_cycle, next_lldp = now + 1, now + 0.5
        while True:
            ready, _, _ = select.select([self._socket], [], [], 0.01)
            if ready:
                self.handle(self._socket.recv(2048))
            now = time.monotonic()
            if cyclic and self._controlled and now >= next_cycle:
                next_cycle = max(next_cycle, now - _CYCLE_S) + _CYCLE_S
                self.cycle(controller)
            if now >= next_lldp:
                next_lldp += _LLDP_S
                self.announce()

    def _is_meant(self, blocks: list[tuple[tuple[int, int], bytes]]) -> bool:
        return all(option != dcp.NAME or octets.decode() == self.name for option, octets in blocks)

    def _apply(self, blocks: list[tuple[tuple[int, int], bytes]]) -> None:
        for option, octets in blocks:
            if option == dcp.NAME:
                self.name = octets[2:].decode()

    def _send(self, to: bytes, frame_id: int, service: tuple[int, int], xid: int, blocks: bytes) -> None:
        self._socket.send(dcp.frame((to, self.own), frame_id, service, xid, blocks))


def outputs(host: str, station: str) -> None:
    """Play the controller: connect, then send outputs until ended."""
    profinet_cm.connect(host, station)
    own, to, counter = mac(BY_NAME[host].mac), mac(BY_NAME[station].mac), 0
    sender = raw_socket(dcp.ETHERTYPE)
    while True:
        counter = (counter + 2048) & 0xFFFF
        data = bytes([0x80, 0x80, counter >> 15]).ljust(profinet_cm.DATA_OCTETS, b"\0") + struct.pack(
            ">HBB", counter, 0x35, 0
        )
        sender.send(
            priority_tagged(to, own, dcp.ETHERTYPE, struct.pack(">H", profinet_cm.OUTPUT_FRAME) + data)
        )
        time.sleep(_CYCLE_S)


if __name__ == "__main__":
    if sys.argv[1] == "outputs":
        outputs(sys.argv[2], sys.argv[3])
    else:
        Station(sys.argv[2]).run(mac(BY_NAME[sys.argv[3]].mac), sys.argv[1] == "cyclic")
