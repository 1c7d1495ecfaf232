"""A synthetic plant for measuring speed: Modbus/TCP polling of many controllers, and what is in it.

Ten operator stations poll 200 PLCs every 100 ms over one connection each. Every poll asks for one of the
PLC's four blocks of 4 to 100 registers (some of coils) or, one time in a hundred, writes. One ADU in 100
shares its segment with another, one in a hundred is split over two segments; a tenth of the PLCs sit behind
an 802.1Q tag. Sequence numbers, acknowledgements and checksums are those of a real exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlock.bench.exchanges import Exchanges, Segments
from interlock.bench.modbus_messages import MOST_REGISTERS, Polls
from interlock.bench.process_image import REGISTERS, ProcessImage
from interlock.bench.tcp_frames import PCAP_HEADER, blank, flatten
from interlock.bench.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["PlantTraffic", "write_plant_traffic"]

_BEGIN_S = 1_750_000_000
_CYCLE_US = 100_000
_CYCLES_AT_ONCE = 24
_PIPELINED, _SPLIT, _WRITE, _EXCEPTION = 0.005, 0.01, 0.01, 0.0002
_SYN, _SYN_ACK, _ACK, _PSH_ACK = 0x5002, 0x5012, 0x5010, 0x5018
_SLOTS = 5  # of one poll: request, its second segment, answer, its second segment, acknowledgement


class PlantTraffic:
    """The plant; equal (plcs, seed, cycle_us) give equal traffic, cycle after cycle (of 100 ms, if not told)."""

    def __init__(self, plcs: int = 200, seed: int = 1, cycle_us: int = _CYCLE_US) -> None:
        self._cycle_us = cycle_us
        self._rng = rng = np.random.default_rng(seed)
        self.plcs = plcs
        self.truth = Truth(connections=plcs)
        self._image = ProcessImage.draw(plcs, rng)
        block = (plcs, 4)
        self._function = rng.choice([3, 4, 1, 2], size=block, p=[0.75, 0.17, 0.05, 0.03])
        # Long blocks are rarer than short ones; the exponent makes frames 90 octets long on average.
        self._count = (4 + 97 * rng.random(block) ** 1.5).astype(np.int64)
        self._address = (rng.random(block) * (REGISTERS - MOST_REGISTERS)).astype(np.int64)
        self._phase_us = (60_000 * rng.random(plcs)).astype(np.int64)
        self._client_seq = rng.integers(0, 1 << 32, plcs)
        self._server_seq = rng.integers(0, 1 << 32, plcs)
        self._transaction = rng.integers(0, 1 << 16, plcs)
        self._tagged = np.arange(plcs) % 10 == 9
        self._port = 49152 + rng.permutation(16_000)[:plcs]
        self._cycle = 0
        self._packet = 0

    def records(self, packets: int) -> Iterator[NDArray[np.uint8]]:
        """Give pcap records, in time order, until `packets` packets are written; `truth` counts along."""
        segments, matrices = self._handshakes(), None
        while self.truth.packets < packets:
            left = packets - self.truth.packets
            kept = segments.take(np.argsort(segments.time_us, kind="stable")[:left])
            yield self._write(kept, matrices)
            segments, matrices = self._cycles()

    def _handshakes(self) -> Segments:
        plc = np.repeat(np.arange(self.plcs), 3)
        step = np.tile([0, 1, 2], self.plcs)
        client, server = self._client_seq[plc], self._server_seq[plc]
        nothing = np.zeros(len(plc), np.int64)
        segments = Segments(
            time_us=self._phase_us[plc] + 400 * step,
            plc=plc,
            poll=nothing,
            kind=nothing,
            upstream=step != 1,
            seq=np.choose(step, [client, server, client + 1]),
            ack=np.choose(step, [nothing, client + 1, server + 1]),
            flags=np.choose(step, [_SYN, _SYN_ACK, _ACK]),
            begin=nothing,
            end=nothing,
            completes=nothing > 0,
        )
        self._client_seq, self._server_seq = self._client_seq + 1, self._server_seq + 1
        self._cycle = 1
        return segments

    def _cycles(self) -> tuple[Segments, Exchanges]:
        cycles = self._cycle + np.repeat(np.arange(_CYCLES_AT_ONCE), self.plcs)
        plc = np.tile(np.arange(self.plcs), _CYCLES_AT_ONCE)
        self._cycle += _CYCLES_AT_ONCE
        matrices = Exchanges(self._polls(plc, cycles))
        doubled = np.flatnonzero(self._rng.random(len(plc)) < _PIPELINED)
        matrices.double(doubled, self._polls(plc[doubled], cycles[doubled] + 1))
        self._number(matrices, plc)
        return self._segments(plc, cycles, matrices), matrices

    def _polls(self, plc: NDArray[np.int64], cycles: NDArray[np.int64]) -> Polls:
        rng, block = self._rng, cycles % 4
        write = rng.random(len(plc)) < _WRITE
        written = rng.choice([5, 6, 16], size=len(plc))
        function = np.where(write, written, self._function[plc, block])
        count = np.where(write, np.where(written == 16, 4 + cycles % 7, 1), self._count[plc, block])
        return Polls(
            plc=plc,
            transaction=np.zeros(len(plc), np.int64),  # numbered later, in the order of the connection
            unit=np.ones(len(plc), np.int64),
            function=function,
            address=self._address[plc, block],
            count=count,
            exception=np.where(rng.random(len(plc)) < _EXCEPTION, 6, 0),
            registers=self._image.read(
                plc, self._address[plc, block], MOST_REGISTERS, cycles * self._cycle_us / 1e6, rng
            ),
        )

    def _number(self, matrices: Exchanges, plc: NDArray[np.int64]) -> None:
        """Give every ADU the next transaction identifier of its connection."""
        adus = matrices.adus.reshape(-1, self.plcs)
        first = self._transaction + np.cumsum(adus, axis=0) - adus
        self._transaction = self._transaction + adus.sum(axis=0)
        matrices.number(first.ravel())
        assert len(plc) == first.size

    def _segments(self, plc: NDArray[np.int64], cycles: NDArray[np.int64], matrices: Exchanges) -> Segments:
        """Lay the polls out as segments; arrays are (polls x slots) until the last line."""
        rng, n = self._rng, len(plc)
        asked, answered = matrices.request_octets, matrices.answer_octets
        client, server = self._advance(asked, answered)
        single = matrices.adus == 1
        cut = [self._cut(octets, single) for octets in (asked, answered)]
        zero = np.zeros(n, np.int64)
        present = np.stack([zero == 0, cut[0] > 0, zero == 0, cut[1] > 0, zero == 0], axis=1)
        begin = np.stack([zero, cut[0], zero, cut[1], zero], axis=1)
        ends = [np.where(c > 0, c, octets) for c, octets in zip(cut, (asked, answered), strict=True)]
        end = np.stack([ends[0], asked, ends[1], answered, zero], axis=1)
        thinking_us = 2000 + (10_000 * rng.random(n)).astype(np.int64)
        delay = np.stack([zero, 150 + zero, thinking_us, 120 + zero, 400 + zero], axis=1)
        start = cycles * self._cycle_us + self._phase_us[plc] + (2_000 * rng.random(n)).astype(np.int64)
        upstream = np.array([True, True, False, False, True])
        after = client + asked
        shape = (n, _SLOTS)
        return Segments(
            time_us=(start[:, None] + np.cumsum(delay, axis=1)).ravel(),
            plc=np.broadcast_to(plc[:, None], shape).ravel(),
            poll=np.broadcast_to(np.arange(n)[:, None], shape).ravel(),
            kind=np.broadcast_to([1, 1, 2, 2, 0], shape).ravel(),
            upstream=np.broadcast_to(upstream, shape).ravel(),
            seq=np.stack([client, client + cut[0], server, server + cut[1], after], axis=1).ravel(),
            ack=np.stack([server, server, after, after, server + answered], axis=1).ravel(),
            flags=np.broadcast_to([_PSH_ACK] * 4 + [_ACK], shape).ravel(),
            begin=begin.ravel(),
            end=end.ravel(),
            completes=np.stack([cut[0] == 0, cut[0] > 0, cut[1] == 0, cut[1] > 0, zero > 0], axis=1).ravel(),
        ).take(np.flatnonzero(present.ravel()))

    def _cut(self, octets: NDArray[np.int64], single: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Choose where messages are split, an octet at least on either side; 0 where they are not."""
        place = 1 + (self._rng.random(len(octets)) * (octets - 1)).astype(np.int64)
        return np.where(single & (self._rng.random(len(octets)) < _SPLIT), place, 0)

    def _advance(
        self, asked: NDArray[np.int64], answered: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the sequence numbers that each poll begins with, and move the connections on."""
        up, down = asked.reshape(-1, self.plcs), answered.reshape(-1, self.plcs)
        client = self._client_seq + np.cumsum(up, axis=0) - up
        server = self._server_seq + np.cumsum(down, axis=0) - down
        self._client_seq = (self._client_seq + up.sum(axis=0)) & 0xFFFFFFFF
        self._server_seq = (self._server_seq + down.sum(axis=0)) & 0xFFFFFFFF
        return client.ravel(), server.ravel()

    def _write(self, segments: Segments, matrices: Exchanges | None) -> NDArray[np.uint8]:
        rows = blank(len(segments.plc))
        time_us = segments.time_us
        rows["seconds"] = _BEGIN_S + time_us // 1_000_000
        rows["micros"] = time_us % 1_000_000
        self._address_rows(rows, segments)
        rows["seq"], rows["ack"] = segments.seq & 0xFFFFFFFF, segments.ack & 0xFFFFFFFF
        rows["offset_flags"] = segments.flags
        rows["ip_id"] = (self._packet + np.arange(len(rows))) & 0xFFFF
        self._packet += len(rows)
        payload_octets = segments.end - segments.begin
        if matrices is not None:
            matrices.fill(rows["payload"], segments)
            matrices.count(self.truth, segments)
        tagged = self._tagged[segments.plc]
        octets = flatten(rows, payload_octets, tagged)
        self.truth.packets += len(rows)
        self.truth.octets += len(octets)
        self.truth.frame_octets += len(octets) - 16 * len(rows)
        self.truth.tagged_packets += int(tagged.sum())
        return octets

    def _address_rows(self, rows: NDArray[np.void], segments: Segments) -> None:
        plc, up = segments.plc, segments.upstream
        station = plc // max(1, -(-self.plcs // 10))
        server = 0x0A140100 + (plc // 250) * 256 + plc % 250 + 1  # 10.20.1.1 and on
        client = 0x0A14000A + station  # 10.20.0.10 and on
        rows["ip_from"], rows["ip_to"] = np.where(up, client, server), np.where(up, server, client)
        rows["port_from"] = np.where(up, self._port[plc], 502)
        rows["port_to"] = np.where(up, 502, self._port[plc])
        plc_mac, station_mac = _macs(0x02, server), _macs(0x06, client)
        rows["mac_from"] = np.where(up[:, None], station_mac, plc_mac)
        rows["mac_to"] = np.where(up[:, None], plc_mac, station_mac)
        rows["tci"] = 100 + plc % 7


def write_plant_traffic(target: BinaryIO, packets: int, plcs: int = 200, seed: int = 1) -> Truth:
    """Write a pcap of exactly `packets` packets to `target` and return what is in it."""
    traffic = PlantTraffic(plcs, seed)
    target.write(PCAP_HEADER)
    traffic.truth.octets = len(PCAP_HEADER)
    target.writelines(records.data for records in traffic.records(packets))
    return traffic.truth


def _macs(first: int, host: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Give locally administered addresses (n x 6), made of the host's IP address."""
    address = np.zeros((len(host), 6), np.uint8)
    address[:, 0] = first
    address[:, 2:] = host.astype(">u4").view(np.uint8).reshape(-1, 4)
    return address
