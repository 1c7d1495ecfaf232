# cython: compiled
"""One frame's headers: link, tunnels, network, transport, in one pass and without copying.

Sources: IEEE 802.3, 802.1Q, 802.1ad; IEC 62439-3 (PRP, HSR); RFC 791, 8200, 9293, 768, 2784, 7348, 3032, 4448, 2516,
8926; ERSPAN types I-III and TZSP as their implementers publish them; LINKTYPE_ numbers of the pcap project.

Over 400 lines: one class, since each layer's fields and the place where the next one begins are those of one frame.
"""

from __future__ import annotations

import cython

from interlock.decode.checksums import Summing, halves

__all__ = ["BROKEN", "FRAGMENT", "LINK", "NETWORK", "TCP", "UDP", "Packet"]

BROKEN, LINK, NETWORK, FRAGMENT, TCP, UDP = range(6)
"""What `parse` found: a broken header; a link payload; an IP payload of another protocol; a piece of an
IP datagram; a TCP segment; a UDP datagram."""

MAX_DEPTH = 6


class Packet(Summing):
    """The headers of one frame; after `parse`, start..end is the payload of the innermost layer found.

    family: 4, 6, or 0 where there is no IP (then the addresses are MACs, in *_low).
    IPv4 addresses are in *_low, with *_high 0. protocol: the IP protocol number, else the ethertype.
    network, outer: where the innermost IP header begins, and the outermost around it in IP or GRE; -1 for none.
    tags: numbers of up to three VLAN tags, 12 bits each, the outermost lowest.
    carrier, carrier_end: the outermost IP packet that carries another one, in whatever; -1 for none.
    hidden: 1 where the innermost came in what Suricata does not take off, 2 where that is a datagram.
    shallow: whether it is read as if it carried nothing.
    window: TCP's window, or UDP's checksum. missing: octets of the IP payload that the capture cut off.
    redundancy: 1 where a PRP trailer or HSR tag numbers the frame (`redundancy_seq`).
    checksum: the worst of its IP, TCP and UDP checksums, as checksums.verdict says; 0 if cut. wrong: TCP's or UDP's is.
    """

    def __init__(self) -> None:
        self.octets = memoryview(b"")
        self.time = self.frame = self.clock = 0
        self.source = self.realm = self.linktype = self.wire = self.shallow = 0

    def bind(self, octets):
        """Read from this buffer from now on."""
        self.octets = octets

    def _be16(self, at):
        """One check for both octets: no act is commoner than reading a header's field."""
        high: cython.int
        if at < 0 or at + 2 > self.octets.shape[0]:
            raise IndexError(at)
        with cython.boundscheck(False):
            high = self.octets[at]
            return (high << 8) | self.octets[at + 1]

    def _be32(self, at):
        a: cython.uint
        if at < 0 or at + 4 > self.octets.shape[0]:
            raise IndexError(at)
        with cython.boundscheck(False):
            a = self.octets[at]
            a = (a << 8) | self.octets[at + 1]
            a = (a << 8) | self.octets[at + 2]
            return (a << 8) | self.octets[at + 3]

    def _be64(self, at):
        a: cython.ulonglong = self._be32(at)
        b: cython.ulonglong = self._be32(at + 4)
        return (a << 32) | b

    def _mac(self, at):
        a: cython.ulonglong = self._be16(at)
        b: cython.ulonglong = self._be32(at + 2)
        return (a << 32) | b

    def parse(self, start, end, linktype):
        """Read the headers of octets[start:end]; returns BROKEN … UDP."""
        # Over 40 lines: every link type that there is, each in a line or two; it runs for every frame.
        self.ethertype = 0
        self.vlan = -1
        self.tags = 0
        self.protocol = 0
        self.ttl = 0
        self.ipid = 0
        self.family = 0
        self.source_mac = self.target_mac = 0
        self.source_high = self.source_low = self.target_high = self.target_low = 0
        self.source_port = self.target_port = 0
        self.seq = self.ack = 0
        self.flags = 0
        self.window = 0
        self.missing = 0
        self.checksum = self.wrong = 0
        self.depth = 0
        self.redundancy = 0
        self.redundancy_seq = 0
        self.network = self.outer = self.carrier = -1
        self.hidden = 0
        self.start = start
        self.end = end
        first: cython.int
        if linktype == 1:
            return self._ethernet(start, end)
        if linktype == 113:  # Linux cooked v1: type, ARPHRD, length, address[8], protocol
            if end - start < 16:
                return 0
            if self._be16(start + 4) == 6:
                self.source_mac = self._mac(start + 6)
            return self._ethertype(self._be16(start + 14), start + 16, end)
        if linktype == 276:  # Linux cooked v2: protocol, reserved, ifindex, ARPHRD, type, length, address[8]
            if end - start < 20:
                return 0
            if self.octets[start + 11] == 6:
                self.source_mac = self._mac(start + 12)
            return self._ethertype(self._be16(start), start + 20, end)
        if linktype == 0 or linktype == 108:  # BSD loopback: address family in the writer's byte order
            if end - start < 4:
                return 0
            start += 4
        elif linktype not in (12, 14, 101, 228, 229):
            self.family = 0
            return 0
        if end - start < 1:
            return 0
        first = self.octets[start] >> 4
        if first == 4:
            return self._ipv4(start, end)
        if first == 6:
            return self._ipv6(start, end)
        return 0

    def _ethernet(self, start, end):
        if end - start < 14:
            return 0
        self.target_mac = self._mac(start)
        self.source_mac = self._mac(start + 6)
        if end - start >= 20 and self.octets[end - 2] == 0x88 and self.octets[end - 1] == 0xFB:
            self._prp(start, end)
        return self._ethertype(self._be16(start + 12), start + 14, end)

    def _prp(self, start, end):
        """PRP's redundancy trailer: sequence, LAN (4 bits), size (12 bits), 0x88FB; IEC 62439-3 clause 4.2.7."""
        size: cython.Py_ssize_t = self._be16(end - 4) & 0x0FFF
        lan: cython.int = self.octets[end - 4] >> 4
        if lan in (10, 11) and size <= end - start - 14 and size + 22 >= end - start - 14 and size >= 6:
            self.redundancy = 1
            self.redundancy_seq = self._be16(end - 6)
            self.end = end - 6
        return 0

    def _ethertype(self, ethertype, start, end):
        # Over 40 lines: one loop that takes tags and tunnels off; it runs for every frame.
        tags: cython.int = 0
        end = min(end, self.end) if self.redundancy == 1 else end
        while True:
            if ethertype in (0x8100, 0x88A8, 0x9100, 0x9200):  # 802.1Q, 802.1ad and older QinQ
                if end - start < 4:
                    return 0
                if self.vlan < 0:
                    self.vlan = self._be16(start) & 0x0FFF
                if tags < 3:
                    self.tags |= cython.cast(cython.longlong, self._be16(start) & 0x0FFF) << (12 * tags)
                else:
                    self.hidden = 1
                tags += 1
                ethertype = self._be16(start + 2)
                start += 4
            elif ethertype == 0x892F:  # HSR tag: path and size, sequence, ethertype
                if end - start < 6:
                    return 0
                self.redundancy = 2
                self.hidden = 1
                self.redundancy_seq = self._be16(start + 2)
                ethertype = self._be16(start + 4)
                start += 6
            elif ethertype == 0x8926:  # VN-Tag: four octets, ethertype
                if end - start < 6:
                    return 0
                ethertype = self._be16(start + 4)
                start += 6
            else:
                break
        self.ethertype = ethertype
        self.start = start
        self.end = end
        if ethertype == 0x0800:
            return self._ipv4(start, end)
        if ethertype == 0x86DD:
            return self._ipv6(start, end)
        if ethertype == 0x8847 or ethertype == 0x8848 or ethertype == 0x8864:
            inner: cython.int = self._carried(ethertype, start, end)
            if inner >= 0:
                return inner
        if (ethertype == 0x88E7 or ethertype == 0x8903) and self.depth < 6:
            # 802.1ah: four octets of its tag, then a frame; FabricPath: tree and time to live, then a frame
            at: cython.Py_ssize_t = start + (4 if ethertype == 0x88E7 else 2)
            if end - at >= 14:
                self.depth += 1
                return self._ethernet(at, end)
        if ethertype < 0x0600:  # 802.3 length, then LLC
            self.end = min(end, start + ethertype)
            if end - start >= 8 and self.octets[start] == 0xAA and self.octets[start + 1] == 0xAA:
                organisation: cython.int = self._be16(start + 3)
                if organisation == 0 and self.octets[start + 5] == 0:
                    if self.depth >= 6:
                        return 0
                    self.depth += 1
                    self.hidden = 1
                    return self._ethertype(self._be16(start + 6), start + 8, end)
            ethertype = 4  # Linux' number for 802.2 frames, so that their lengths make no flows of their own
        self.protocol = ethertype
        self.family = 0
        self.source_high = self.target_high = 0
        self.source_low = self.source_mac
        self.target_low = self.target_mac
        return 1

    def _carried(self, ethertype, start, end):
        """What MPLS and PPPoE carry; -1 where that is neither IP nor Ethernet: it stays a frame of its own.

            label 20 | class 3 | last 1 | time to live 8, …, then IP by its version, or four octets and Ethernet
            version, type 1 | code 1 | session 2 | length 2 | protocol 2, or 1 where that is odd

        Source: RFC 3032 clause 2.1, RFC 4448 clause 4.6; RFC 2516 clause 4, RFC 1661 clause 2.
        """
        kind: cython.int
        if ethertype == 0x8864:
            if end - start < 8 or self.octets[start] != 0x11 or self.octets[start + 1] != 0:
                return -1
            end = min(end, start + 6 + self._be16(start + 4))
            short: cython.int = self.octets[start + 6] & 1
            kind = self.octets[start + 6] if short else self._be16(start + 6)
            start += 7 if short else 8
            kind = 4 if kind == 0x21 else 6 if kind == 0x57 else -1
        else:
            label: cython.int
            for label in range(16):
                if end - start < 5:
                    return -1
                start += 4
                if self.octets[start - 2] & 1:
                    break
            else:
                return -1
            kind = self.octets[start] >> 4
        if end <= start or self.depth >= 6:
            return -1
        self.depth += 1
        if kind == 4:
            return self._ipv4(start, end)
        if kind == 6:
            return self._ipv6(start, end)
        if kind == 0 and end - start >= 18:
            return self._ethernet(start + 4, end)
        return -1

    def _ipv4(self, start, end):
        if end - start < 20 or self.octets[start] >> 4 != 4:
            return 0
        header: cython.Py_ssize_t = (self.octets[start] & 15) * 4
        total: cython.Py_ssize_t = self._be16(start + 2)
        if header < 20 or end - start < header:
            return 0
        if total == 0:  # segmentation offload leaves the length out
            total = end - start
        if total < header:
            return 0
        if total < end - start:
            end = start + total
        else:
            self.missing = total - (end - start)
        self.family = 4
        self.network = start
        self.ttl = self.octets[start + 8]
        self.ipid = self._be16(start + 4)
        self.protocol = self.octets[start + 9]
        self.source_high = self.target_high = 0
        self.source_low = self._be32(start + 12)
        self.target_low = self._be32(start + 16)
        if self.internet_sum(start, start + header) != 0xFFFF:
            self.checksum = 2 if self._be16(start + 10) else max(1, self.checksum)
        piece: cython.int = self._be16(start + 6)
        start += header
        if piece & 0x3FFF:
            self.fragment_more = 1 if piece & 0x2000 else 0
            self.fragment_offset = (piece & 0x1FFF) * 8
            self.fragment_id = self.ipid
            self.start = start
            self.end = end
            return 3
        return self.transport(start, end)

    def _ipv6(self, start, end):
        # Over 40 lines: one loop over extension headers, each with its own way to tell its length.
        if end - start < 40 or self.octets[start] >> 4 != 6:
            return 0
        total: cython.Py_ssize_t = 40 + self._be16(start + 4)
        if total > 40:
            if total < end - start:
                end = start + total
            else:
                self.missing = total - (end - start)
        self.family = 6
        self.network = start
        self.ttl = self.octets[start + 7]
        self.source_high = self._be64(start + 8)
        self.source_low = self._be64(start + 16)
        self.target_high = self._be64(start + 24)
        self.target_low = self._be64(start + 32)
        after: cython.int = self.octets[start + 6]
        start += 40
        count: cython.int
        for count in range(12):
            if after in (0, 43, 60, 135):  # hop-by-hop, routing, destination options, mobility
                if end - start < 8:
                    return 0
                after, start = self.octets[start], start + 8 + 8 * self.octets[start + 1]
                if start > end:
                    return 0
            elif after == 51:  # authentication header
                if end - start < 8:
                    return 0
                after, start = self.octets[start], start + 8 + 4 * self.octets[start + 1]
                if start > end:
                    return 0
            elif after == 44:  # fragment
                if end - start < 8:
                    return 0
                self.protocol = self.octets[start]
                piece: cython.int = self._be16(start + 2)
                self.fragment_more = piece & 1
                self.fragment_offset = piece & 0xFFF8
                self.fragment_id = self._be32(start + 4)
                start += 8
                self.start = start
                self.end = end
                if self.fragment_offset == 0 and self.fragment_more == 0:
                    return self.transport(start, end)
                return 3
            else:
                self.protocol = after
                return self.transport(start, end)
        return 0

    def transport(self, start, end):
        """Read what IP carries (after reassembly, too)."""
        self.start = start
        self.end = end
        if self.protocol == 6:
            return self._tcp(start, end)
        if self.protocol == 17:
            return self._udp(start, end)
        if self.shallow:
            return 2
        self.outer = self.network if self.outer < 0 and self.protocol in (4, 41, 47) else self.outer
        if self.protocol == 47 and self.depth < 6:
            self._carries(end)
            return self._gre(start, end)
        if (self.protocol == 4 or self.protocol == 41) and self.depth < 6:
            self._carries(end)
        if self.protocol == 4 and self.depth < 6 and end - start >= 20:  # IP in IP
            if self.family == 4:
                self.hidden = 1
            self.depth += 1
            return self._ipv4(start, end)
        if self.protocol == 41 and self.depth < 6:
            self.depth += 1
            return self._ipv6(start, end)
        return 2

    def _carries(self, end):
        """The IP packet that is read ends at `end` and carries another one: the outermost is kept in mind."""
        if self.carrier < 0:
            self.carrier = self.network
            self.carrier_end = end
        return 0

    def again(self, start, end):
        """Read the IP packet there as one that carries nothing."""
        self.shallow = 1
        self.depth = self.missing = 0
        self.source_port = self.target_port = self.flags = 0
        self.network = self.outer = -1
        try:
            return self._ipv4(start, end) if self.octets[start] >> 4 == 4 else self._ipv6(start, end)
        finally:
            self.shallow = 0

    def _tcp(self, start, end):
        if end - start < 20:
            return 0
        header: cython.Py_ssize_t = (self.octets[start + 12] >> 4) * 4
        if header < 20 or end - start < header:
            return 0
        self.source_port = self._be16(start)
        self.target_port = self._be16(start + 2)
        self.seq = self._be32(start + 4)
        self.ack = self._be32(start + 8)
        self.flags = self.octets[start + 13]
        self.window = self._be16(start + 14)
        self._verify(start, end, start + 16)
        self.start = start + header
        return 4

    def _verify(self, start, end, at):
        """Judge the checksum at `at` of the whole segment or datagram; what the capture cut cannot be judged."""
        if self.missing:
            return 0
        pseudo: cython.ulonglong = self.protocol + halves(self.source_low) + halves(self.target_low)
        if self.family == 6:
            pseudo += halves(self.source_high) + halves(self.target_high)
        found: cython.int = self.verdict(start, end, at, pseudo)
        self.wrong = 1 if found else 0
        self.checksum = max(found, self.checksum)
        return 0

    def _udp(self, start, end):
        if end - start < 8:
            return 0
        self.source_port = self._be16(start)
        self.target_port = self._be16(start + 2)
        length: cython.Py_ssize_t = self._be16(start + 4)
        self.window = self._be16(start + 6)
        if 8 <= length < end - start:
            end = start + length
        if self.window and length == end - start:  # zero: the sender did not sum
            self._verify(start, end, start + 6)
        self.start = start + 8
        self.end = end
        if self.depth < 6 and self.shallow == 0:
            return self._in_datagram(start + 8, end)
        return 5

    def _in_datagram(self, at, end):
        """What a datagram's payload carries by either of its ports: VXLAN, Geneve, Teredo; to its port TZSP."""
        kind: cython.int
        if (
            (self.target_port == 4789 or self.source_port == 4789)
            and end - at >= 22
            and self.octets[at] & 0x08
        ):
            self._carries(end)
            self.depth += 1
            return self._ethernet(at + 8, end)
        if (self.target_port == 6081 or self.source_port == 6081) and end - at >= 22:
            # Geneve (RFC 8926 clause 3.4): version and options 1, flags 1, protocol 2, network 3, reserved 1
            options: cython.int = (self.octets[at] & 0x3F) * 4
            kind = self._be16(at + 2)
            known: cython.int = kind == 0x6558 or kind == 0x0800 or kind == 0x86DD
            if known and self.octets[at] >> 6 == 0 and end - at - 8 - options >= 14:
                self._carries(end)
                self.depth += 1
                at += 8 + options
                if kind == 0x6558:
                    return self._ethernet(at, end)
                return self._ipv4(at, end) if kind == 0x0800 else self._ipv6(at, end)
        if self.target_port == 3544 or self.source_port == 3544:
            # Teredo (RFC 4380 clause 5.1.1): maybe 8 octets of the sender's origin, then IPv6 up to the end
            if end - at >= 48 and self.octets[at] == 0 and self.octets[at + 1] == 0:
                at += 8
            if end - at >= 40 and self.octets[at] >> 4 == 6 and end - at == 40 + self._be16(at + 4):
                self._carries(end)
                self.depth += 1
                return self._ipv6(at, end)
        if self.target_port == 37008:
            return self._tzsp(at, end)
        return 5

    def _gre(self, start, end):
        """GRE, and ERSPAN inside it: type I has no sequence number, II an 8-octet header, III 12 or 20.

        Version 1 carries PPP (RFC 2637 clause 4.1).
        """
        if end - start < 4:
            return 0
        flags: cython.int = self._be16(start)
        kind: cython.int = self._be16(start + 2)
        if flags & 0x0007 > 1:
            return 2
        at: cython.Py_ssize_t = start + 4
        if flags & 0x8000:
            at += 4
        if flags & 0x2000:
            at += 4
        if flags & 0x1000:
            at += 4
        if flags & 0x0007 == 1 and flags & 0x0080:
            at += 4
        self.depth += 1
        if kind == 0x6558:
            return self._ethernet(at, end) if at <= end else 0
        if kind == 0x88BE:
            if flags & 0x1000:
                self.hidden = 1 if end - at < 1 or self.octets[at] >> 4 != 1 else self.hidden
                at += 8
            return self._ethernet(at, end) if at <= end else 0
        if kind == 0x880B:
            return self._ppp(at, end)
        if kind == 0x8100:
            return self._ethertype(kind, at, end)
        if kind == 0x22EB:
            self.hidden = 1
            if end - at < 12:
                return 0
            at += 20 if self.octets[at + 11] & 1 else 12
            return self._ethernet(at, end) if at <= end else 0
        if kind == 0x0800 or kind == 0x86DD:
            if at > end:
                return 0
            return self._ipv4(at, end) if kind == 0x0800 else self._ipv6(at, end)
        return 2

    def _ppp(self, start, end):
        """IP in PPP: address and control maybe, then its protocol in one octet or two.

        Source: RFC 1661 clause 2, RFC 1662 clause 3.1.
        """
        if end - start >= 2 and self.octets[start] == 0xFF and self.octets[start + 1] == 0x03:
            start += 2
        if end - start < 3:
            return 2
        short: cython.int = self.octets[start] & 1
        kind: cython.int = self.octets[start] if short else self._be16(start)
        start += 1 if short else 2
        if kind == 0x21:
            return self._ipv4(start, end)
        return self._ipv6(start, end) if kind == 0x57 else 2

    def _tzsp(self, start, end):
        """TZSP: version, type, encapsulated protocol, tags up to 0x01, then the frame."""
        if end - start < 5 or self.octets[start] != 1 or self.octets[start + 1] > 1:
            return 5
        if self._be16(start + 2) != 1:
            return 5
        at: cython.Py_ssize_t = start + 4
        count: cython.int
        for count in range(64):
            if at >= end:
                return 5
            tag: cython.int = self.octets[at]
            if tag == 1:
                self._carries(end)
                self.hidden = 2
                self.depth += 1
                return self._ethernet(at + 1, end)
            if tag == 0:
                at += 1
            elif at + 1 < end:
                at += 2 + self.octets[at + 1]
            else:
                return 5
        return 5
