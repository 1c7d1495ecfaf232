"""TLS 1.0 to 1.3 and SSL 3.0: handshakes, as far as they are in clear.

    record    | type 1 | version 2 | length 2 | fragment … |
    handshake | type 1 | length 3 | body … |        over as many records as it needs

A ClientHello is a request, a ServerHello its answer (a HelloRetryRequest, too). What is behind a ChangeCipherSpec
is encrypted. Source: RFC 8446, RFC 5246, RFC 6101.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.tls.certificate import read_certificate
from interlock.decode.protocols.tls.framing import APPLICATION_DATA, TlsFramer
from interlock.decode.protocols.tls.hello import (
    ja3,
    ja4,
    read_client_hello,
    read_server_hello,
    read_ssl2_hello,
    version_name,
)
from interlock.decode.protocols.tls.reader import Reader
from interlock.decode.protocols.tls.suites import suite_name
from interlock.decode.protocols.tls.tables import TLS
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Tls"]

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = 20, 21, 22
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
FATAL, REFUSED = 2, 2
TLS13 = 0x0304
MAX_HANDSHAKE = 65536
MAC_OCTETS = 17
"""The least that a protected record has: one octet and the shortest tag."""
"""Octets of handshake messages that wait for their rest, a side."""


class _Handshake:
    """A flow's handshake: what is half read per side, which side encrypts, and the row under construction."""

    __slots__ = ("broken", "client", "encrypted", "open", "parts", "row", "server")

    def __init__(self):
        self.parts = [b"", b""]
        self.encrypted = [False, False]
        self.broken = [False, False]
        self.client = None
        self.server = None
        self.row = None
        self.open = 0


class Tls(Decoder):
    """Hellos, certificates and alerts.

    What only a table or a clue would say is not made where nobody asked for it: a certificate's parser costs
    more to import than all the rest of a short capture.
    """

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.tells = self.facts.wants("tls")
        self.marks = self.tells or self.facts.wants("clues")
        self.reads_certificates = self.tells or self.facts.wants("oddities")

    def message(self, m, i, out):
        """See Decoder.message."""
        kind = self.cursor.u8()
        if kind == APPLICATION_DATA:
            return
        slot = m.flow[i]
        state = self.flows.state[slot]
        if state is None:
            state = self.flows.state[slot] = _Handshake()
        if kind == 0x80:
            self._client_hello(m, i, out, state, read_ssl2_hello(m.bytes(i)))
        elif kind == HANDSHAKE:
            self._handshake(m, i, out, state)
        elif kind == ALERT:
            self._alert(m, i, out, state)
        elif kind == CHANGE_CIPHER_SPEC and not (state.server is None or state.server.retry):
            state.encrypted[m.side[i]] = True
            if m.direction[i]:
                self._emit(m, i, state)

    def _handshake(self, m, i, out, state):
        side = m.side[i]
        if state.encrypted[side] or state.broken[side]:
            return
        self.cursor.skip(4)
        octets = state.parts[side] + self.cursor.rest()
        state.parts[side] = b""
        at = 0
        while at + 4 <= len(octets):
            size = int.from_bytes(octets[at + 1 : at + 4], "big")
            if at + 4 + size > len(octets):
                break
            self._one(m, i, out, state, octets[at], octets[at + 4 : at + 4 + size])
            at += 4 + size
        left = octets[at:]
        if len(left) > MAX_HANDSHAKE or (len(left) >= 4 and int.from_bytes(left[1:4], "big") > MAX_HANDSHAKE):
            state.broken[side] = True
            raise DecodeError("handshake-too-long", 5)
        state.parts[side] = left

    def _one(self, m, i, out, state, kind, body):
        if kind == CLIENT_HELLO:
            self._client_hello(m, i, out, state, read_client_hello(body))
        elif kind == SERVER_HELLO:
            self._server_hello(m, i, out, state, read_server_hello(body))
        elif kind == CERTIFICATE and m.direction[i]:
            self._certificate(m, i, state, body)
        elif m.direction[i]:
            self._emit(m, i, state)

    def _client_hello(self, m, i, out, state, hello):
        slot = m.flow[i]
        if m.direction[i]:
            self.flows.orient(slot, m.side[i])
            m.direction[i] = 0
        if state.server is not None and not state.server.retry:
            state.encrypted = [
                False,
                False,
            ]  # a renegotiation in clear, or a new handshake in the old one's place
        state.server, state.row = None, None
        state.open += 1
        row = out.ask(m, i, self.f, 1, state.open)
        if hello.server_name:
            out.set_object(row, self.objects.code(hello.server_name), 1)
        state.client = hello
        if self.marks:
            self._mark(m, i, state, hello)

    def _mark(self, m, i, state, hello):
        """Say by which fingerprints a client is known, and begin the handshake's row."""
        first, second = ja3(hello), ja4(hello)
        if self.tells:
            state.row = {
                "client_version": version_name(hello.highest()),
                "server_name": hello.server_name,
                "ja3": first,
                "ja4": second,
            }
        who = self.facts.sender(m, i)
        self.facts.clue(m, i, who, "fingerprint", "ja3:" + first, "tls", 0.6)
        self.facts.clue(m, i, who, "fingerprint", "ja4:" + second, "tls", 0.6)

    def _server_hello(self, m, i, out, state, hello):
        slot = m.flow[i]
        if not m.direction[i]:
            self.flows.orient(slot, 1 - m.side[i])
            m.direction[i] = 1
        row = out.answer(m, i, state.open) if state.open else -1
        if row < 0:
            out.orphan(m, i, self.f, 1, state.open)
        state.server = hello
        if hello.retry:
            return
        who, port = self.facts.sender(m, i), self.flows.server_port(slot)
        self.facts.clue(m, i, who, "service", f"tls/{port}", "tls", 0.95)
        if (
            state.client is not None
            and state.client.server_name
            and not _is_address(state.client.server_name)
        ):
            self.facts.clue(m, i, who, "name", state.client.server_name, "tls", 0.5)
        if self.tells:
            state.row = {
                **(state.row or {}),
                "version": version_name(hello.version),
                "suite": suite_name(hello.suite),
            }
        if hello.version >= TLS13 and hello.version >> 8 in (3, 0x7F):
            state.encrypted[m.side[i]] = True
            self._emit(m, i, state)

    def _certificate(self, m, i, state, body):
        """| all 3 | size 3 | DER … | … |; the first one is the server's own (RFC 5246 7.4.2)."""
        first = Reader(Reader(body).vector(3))
        octets = first.vector(3) if first.left() >= 3 else b""
        if not self.reads_certificates:
            return
        facts = read_certificate(octets) if octets else None
        if facts is None:
            if first.left() or first.at:
                self.facts.oddity(m, i, "tls", "certificate-unreadable", 5)
        elif self.tells:
            state.row = {**(state.row or {}), **facts}
        self._emit(m, i, state)

    def _alert(self, m, i, out, state):
        if state.encrypted[m.side[i]] or self.cursor.left() != 6:
            return
        self.cursor.skip(4)
        level, description = self.cursor.u8(), self.cursor.u8()
        if level != FATAL:
            return
        if m.direction[i] and state.client is not None and state.server is None:
            row = out.answer(m, i, state.open)
            if row >= 0:
                out.settle(row, REFUSED, description)
        if state.row is not None:
            state.row["alert"] = description
        self._emit(m, i, state)

    def _emit(self, m, i, state):
        """The handshake's row, once."""
        if state.row is not None:
            self.facts.detail("tls", m, i, state.row)
            state.row = None


def _is_address(name):
    return name.replace(".", "").isdigit() or ":" in name


def _probe(octets, hint):
    """A handshake record with a hello in it, an alert, or another record where the port hints at TLS."""
    if hint.transport != "tcp" or not octets:
        return 0
    if octets[0] == 0x80:
        return _probe_ssl2(octets)
    if octets[0] not in (20, 21, 22, 23) or octets[1:2] not in (b"\x03", b""):
        return 0
    if len(octets) < 6:
        return NEED_MORE
    length = int.from_bytes(octets[3:5], "big")
    if octets[2] > 4 or not 1 <= length <= 18432:
        return 0
    if octets[0] == HANDSHAKE:
        if len(octets) < 11:
            return NEED_MORE
        size = int.from_bytes(octets[6:9], "big")
        return 95 if octets[5] in (1, 2) and octets[9] == 3 and 38 <= size <= MAX_HANDSHAKE else 40
    if octets[0] in (ALERT, APPLICATION_DATA) and length >= MAC_OCTETS and 5 + length == len(octets):
        return 62  # joined in the middle: one protected record, which fills the segment
    if octets[0] == ALERT:
        return 70 if length == 2 and octets[5] in (1, 2) and len(octets) == 7 else 40
    if octets[0] == CHANGE_CIPHER_SPEC:
        return 75 if length == 1 and octets[5] == 1 and octets[6:8] in (b"\x16\x03", b"\x17\x03") else 35
    behind = octets[5 + length : 7 + length]
    return 65 if behind in (b"\x17\x03", b"\x15\x03") else 45


def _probe_ssl2(octets):
    """A ClientHello of SSL 2.0's form (RFC 5246 E.2): message 1, version 3.x or 2, lengths that add up."""
    if len(octets) < 11:
        return NEED_MORE if octets[2:3] in (b"\x01", b"") else 0
    if octets[2] != 1 or octets[3:5] not in (b"\x03\x00", b"\x03\x01", b"\x03\x02", b"\x03\x03", b"\x00\x02"):
        return 0
    lengths = sum(int.from_bytes(octets[k : k + 2], "big") for k in (5, 7, 9))
    return 95 if octets[1] == 9 + lengths else 0


SPEC = ProtocolSpec(
    name="tls",
    names=("tls",),
    probe=_probe,
    decoder=Tls,
    tcp=frozenset({443, 465, 636, 802, 853, 989, 990, 992, 993, 995, 4843, 5986, 8443, 8883}),
    framer=TlsFramer,
    details=(TLS,),
    timeout_ns=10_000_000_000,
    headless=True,
)
