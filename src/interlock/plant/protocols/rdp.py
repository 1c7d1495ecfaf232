"""Remote desktop: a logon, up to the session that it opens, within TLS where the machine has a certificate.

Source: MS-RDPBCGR 1.3.1.1 (connection sequence), 2.2.1 (its PDUs); ITU-T T.125 (MCS), T.124 (GCC), X.224 class 0.

    TPKT | X.224 connection request, confirm or data | MCS PDU | security header, in logon and licensing | PDU
    └ in clear up to the confirm, which says whether TLS follows (5.4.5.1); then all of it within TLS records
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import ber
from interlock.plant.protocols.tpkt import Packets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.protocols.tls import TlsServer

__all__ = ["Login", "RdpServer", "connect", "logon"]

_DATA: Final = b"\x02\xf0\x80"
_GCC: Final = b"\x00\x05\x00\x14\x7c\x00\x01"
_CONNECT_INITIAL, _CONNECT_RESPONSE = b"\x7f\x65", b"\x7f\x66"
_ERECT, _ATTACH, _JOIN, _SEND = 0x04, 0x28, 0x38, 0x64
_ATTACHED, _JOINED, _INDICATION = 0x2E, 0x3E, 0x68
_TLS, _CREDSSP = 1, 2
_USER: Final = 6
"""Of the MCS channel 1001 + 6, the client's own."""

_GLOBAL: Final = 1003
_SERVER: Final = 1002
_SHARE: Final = 0x000103EA
_DEMAND, _CONFIRM, _SHARED = 0x11, 0x13, 0x17
_SYNCHRONIZE, _CONTROL, _FONT_LIST, _FONT_MAP, _SESSION_INFO = 31, 20, 39, 40, 38
_LOGON_PACKET, _LICENSE_PACKET = 0x40, 0x80
_LOGON_FLAGS: Final = 0x0000015B
"""Mouse, no Ctrl-Alt-Del, automatic logon, Unicode, logon notification, Windows key."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs on, and from which machine."""

    domain: str
    user: str
    password: str
    machine: str
    address: str


def _tpkt(octets: bytes) -> bytes:
    return struct.pack("!BBH", 3, 0, 4 + len(octets)) + octets


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _x224(kind: int, rest: bytes, ours: int) -> bytes:
    return _tpkt(bytes((6 + len(rest), kind)) + struct.pack("!HHB", 0, ours, 0) + rest)


def connect(user: str) -> bytes:
    """X.224 connection request with the cookie that load balancers read, and the securities that the client knows."""
    wished = struct.pack("<BBHI", 1, 0, 8, _TLS | _CREDSSP)
    return _x224(0xE0, f"Cookie: mstshash={user}\r\n".encode("ascii") + wished, 0)


def _parameters(values: Sequence[int]) -> bytes:
    return ber.tagged(0x30, b"".join(ber.integer(2, value) for value in values))


def _per(octets: bytes) -> bytes:
    """Behind a length as aligned PER writes one of up to 16 Ki."""
    return struct.pack("!H", 0x8000 | len(octets)) + octets


def _block(kind: int, octets: bytes) -> bytes:
    return struct.pack("<HH", kind, 4 + len(octets)) + octets


def _mcs(octets: bytes) -> bytes:
    return _tpkt(_DATA + octets)


def initial(machine: str) -> bytes:
    """MCS Connect-Initial with GCC Conference Create Request: core and security data."""
    core = struct.pack("<IHHHHII", 0x00080004, 1280, 1024, 0xCA01, 0xAA03, 0x0407, 7601)
    core += _wide(machine[:15]).ljust(32, b"\0") + struct.pack("<III", 4, 0, 12) + bytes(64)
    core += struct.pack("<HHIHHH", 0xCA01, 1, 0, 24, 7, 1) + bytes(64) + struct.pack("<BBI", 0, 0, 0)
    data = _block(0xC001, core) + _block(0xC002, bytes(8))
    conference = _GCC + _per(b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + _per(data))
    body = ber.tagged(4, b"\x01") * 2 + b"\x01\x01\xff"
    for values in (
        (34, 2, 0, 1, 0, 1, 65535, 2),
        (1, 1, 1, 1, 0, 1, 1056, 2),
        (65535, 64535, 65535, 1, 0, 1, 65535, 2),
    ):
        body += _parameters(values)
    return _mcs(_applied(_CONNECT_INITIAL, body + ber.tagged(4, conference)))


def _applied(tag: bytes, octets: bytes) -> bytes:
    """Behind a tag of two octets, which the encoding of ber.tagged does not know."""
    return tag + ber.tagged(0, octets)[1:]


def response() -> bytes:
    """MCS Connect-Response with GCC Conference Create Response: no encryption, no channels beside the global one."""
    data = _block(0x0C01, struct.pack("<II", 0x00080004, 0)) + _block(0x0C02, bytes(8))
    data += _block(0x0C03, struct.pack("<HH", _GLOBAL, 0))
    conference = _GCC + _per(b"\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn" + _per(data))
    body = (
        b"\x0a\x01\x00\x02\x01\x00" + _parameters((34, 3, 0, 1, 0, 1, 65528, 2)) + ber.tagged(4, conference)
    )
    return _mcs(_applied(_CONNECT_RESPONSE, body))


def _sent(octets: bytes, *, server: bool = False) -> bytes:
    """MCS Send Data Request or Indication on the global channel."""
    kind, sender = (_INDICATION, _SERVER) if server else (_SEND, 1001 + _USER)
    return _mcs(struct.pack("!BHHB", kind, sender - 1001, _GLOBAL, 0x70) + _per(octets))


def _controlled(kind: int, octets: bytes, *, server: bool = False) -> bytes:
    """Behind a share control header."""
    sender = _SERVER if server else 1001 + _USER
    return _sent(struct.pack("<HHH", 6 + len(octets), kind, sender) + octets, server=server)


def _shared(kind: int, octets: bytes, *, server: bool = False) -> bytes:
    """Behind a share data header."""
    head = struct.pack("<IBBHBBH", _SHARE, 0, 1, 12 + len(octets), kind, 0, 0)
    return _controlled(_SHARED, head + octets, server=server)


def _capabilities() -> tuple[int, bytes]:
    """General, bitmap and share capability sets: how many, and the octets."""
    general = struct.pack("<HHHHHHHHHBB", 1, 3, 0x0200, 0, 0, 0x040D, 0, 0, 0, 1, 1)
    bitmap = struct.pack("<HHHHHHHHHBBHH", 24, 1, 1, 1, 1280, 1024, 0, 1, 1, 0, 0, 1, 0)
    return 3, _block(1, general) + _block(2, bitmap) + _block(9, struct.pack("<HH", 0, 0))


def logon(login: Login) -> tuple[bytes, ...]:
    """Everything that a client says after the connection is confirmed, in order, each after the answer to the last."""
    join = struct.pack("!BH", _JOIN, _USER)
    count, sets = _capabilities()
    agreed = (
        struct.pack("<IHHH", _SHARE, 0x03EA, 6, 4 + len(sets))
        + b"MSTSC\0"
        + struct.pack("<HH", count, 0)
        + sets
    )
    return (
        initial(login.machine),
        _mcs(bytes((_ERECT, 1, 0, 1, 0))) + _mcs(bytes((_ATTACH,))),
        _mcs(join + struct.pack("!H", 1001 + _USER)),
        _mcs(join + struct.pack("!H", _GLOBAL)),
        _sent(struct.pack("<HH", _LOGON_PACKET, 0) + _named(login)),
        _controlled(_CONFIRM, agreed)
        + _shared(_SYNCHRONIZE, struct.pack("<HH", 1, _SERVER))
        + _shared(_CONTROL, struct.pack("<HHI", 4, 0, 0))
        + _shared(_CONTROL, struct.pack("<HHI", 1, 0, 0))
        + _shared(_FONT_LIST, struct.pack("<HHHH", 0, 0, 3, 50)),
    )


def _named(login: Login) -> bytes:
    """TS_INFO_PACKET."""
    texts = [_wide(text) for text in (login.domain, login.user, login.password, "", "")]
    packet = struct.pack("<II5H", 0, _LOGON_FLAGS, *(len(octets) for octets in texts))
    packet += b"".join(octets + b"\0\0" for octets in texts)
    for text in (login.address, "C:\\Windows\\System32\\mstscax.dll"):
        octets = _wide(text) + b"\0\0"
        packet += (b"" if text != login.address else b"\x02\0") + struct.pack("<H", len(octets)) + octets
    # no time zone, no session to return to, slow pictures; no reconnection, and its time zone has no name
    return packet + bytes(172) + struct.pack("<II5H", 0, 7, 0, 0, 0, 0, 0)


def login_of(octets: bytes) -> tuple[str, str, str]:
    """Domain, user and password of a TS_INFO_PACKET. Raises ValueError where it is none."""
    try:
        _, flags, *sizes = struct.unpack_from("<II5H", octets)
    except struct.error as error:
        raise ValueError("no logon") from error
    if not flags & 0x10:
        raise ValueError("a logon that isn't Unicode")
    found, at = [], 18
    for size in sizes[:3]:
        found.append(octets[at : at + size].decode("utf-16-le", "replace"))
        at += size + 2
    return found[0], found[1], found[2]


class RdpServer:
    """A Windows machine's remote desktop. users: user → password. logged_on: told who has been let in.

    tls: makes the machine's side of a connection; None: it asks for no security.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        logged_on: Callable[[str], None] = lambda _user: None,
        tls: Callable[[], TlsServer] | None = None,
    ) -> None:
        self.users = users
        self.tls = tls
        self.logged_on = logged_on

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)


class _Connection:
    def __init__(self, server: RdpServer) -> None:
        self._server = server
        self._user = ("", "")
        self._packets = Packets()
        self._tls: TlsServer | None = None

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't remote desktop, or nobody is let in: the machine closes."""
        tls = self._tls
        if tls is None:
            return [answer for message in self._packets.cut(octets) for answer in self._one(message)]
        said, data = tls.take(octets)
        answers = [answer for message in self._packets.cut(data) for answer in self._one(message)]
        return [*filter(None, (said,)), *map(tls.seal, answers)]

    def _one(self, message: bytes) -> list[bytes]:
        if message[1] == 0xE0:
            return [self._confirm(message)]
        if message[:3] != _DATA or len(message) < 4:
            raise ValueError("not X.224 data")
        pdu = message[3:]
        if pdu[:2] == _CONNECT_INITIAL:
            return [response()]
        if pdu[0] == _ATTACH:
            return [_mcs(struct.pack("!BBH", _ATTACHED, 0, _USER))]
        if pdu[0] == _JOIN and len(pdu) >= 5:
            return [_mcs(struct.pack("!BB", _JOINED, 0) + pdu[1:5] + pdu[3:5])]
        return self._data(pdu[8:]) if pdu[0] == _SEND and len(pdu) >= 14 else []

    def _confirm(self, message: bytes) -> bytes:
        """Confirm with the security that is taken; a failure where the client knows none that would be."""
        known = struct.unpack("<I", message[-4:])[0] if message[-8:-4] == b"\x01\x00\x08\x00" else 0
        chosen = struct.pack("<BBHI", 2, 0, 8, 0)
        if self._server.tls is not None:
            if not known & _TLS:
                return _x224(0xD0, struct.pack("<BBHI", 3, 0, 8, 1), 0x1234)  # SSL_REQUIRED_BY_SERVER
            chosen, self._tls = struct.pack("<BBHI", 2, 0, 8, _TLS), self._server.tls()
        return _x224(0xD0, chosen, 0x1234)

    def _data(self, octets: bytes) -> list[bytes]:
        if octets[:2] == struct.pack("<H", _LOGON_PACKET):
            return self._log_on(octets[4:])
        kind = struct.unpack_from("<H", octets, 2)[0]
        if kind != _SHARED or len(octets) < 18 or not self._user[1]:
            return []
        return self._share(octets[14], octets[18:])

    def _log_on(self, packet: bytes) -> list[bytes]:
        domain, user, password = login_of(packet)
        if self._server.users.get(user) != password:
            raise ValueError("nobody who is let in")
        self._user = domain, user
        licensed = struct.pack("<HHBBHIIHH", _LICENSE_PACKET, 0, 0xFF, 3, 16, 7, 2, 4, 0)
        count, sets = _capabilities()
        demand = (
            struct.pack("<IHH", _SHARE, 4, 4 + len(sets)) + b"RDP\0" + struct.pack("<HH", count, 0) + sets
        )
        return [_sent(licensed, server=True), _controlled(_DEMAND, demand + bytes(4), server=True)]

    def _share(self, kind: int, octets: bytes) -> list[bytes]:
        if kind == _SYNCHRONIZE:
            return [_shared(kind, struct.pack("<HH", 1, 1001 + _USER), server=True)]
        if kind == _CONTROL:
            asked = octets[:2] == b"\1\0"
            told = struct.pack("<HHI", 2, 1001 + _USER, _SERVER) if asked else struct.pack("<HHI", 4, 0, 0)
            return [_shared(kind, told, server=True)]
        if kind != _FONT_LIST:
            return []
        domain, user = self._user
        self._server.logged_on(user)
        info = struct.pack("<II", 0, 2 * len(domain) + 2) + _wide(domain).ljust(52, b"\0")
        info += struct.pack("<I", 2 * len(user) + 2) + _wide(user).ljust(512, b"\0") + struct.pack("<I", 2)
        font = struct.pack("<HHHH", 0, 0, 3, 4)
        return [_shared(_FONT_MAP, font, server=True), _shared(_SESSION_INFO, info, server=True)]
