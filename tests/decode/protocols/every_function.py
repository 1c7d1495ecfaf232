"""One message of every function that a verbs.toml names: what stands before it on its flow, and its octets.

The parameters are zeros: what is shown here is that the function is recognised, named and given its verb. What a
function's objects and values are is shown by the protocol's own tests.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from decode.protocols import (
    bacnet_octets,
    dlms_octets,
    dnp3_octets,
    enip_octets,
    fins_octets,
    hart_ip_octets,
    iec104_octets,
    melsec_octets,
    mms_octets,
    rpc_octets,
    s7_octets,
    s7_plus_octets,
    smb_octets,
    tristation_octets,
    winrm_octets,
)
from decode.protocols.test_knxnet_ip import data as knx_data
from decode.protocols.test_knxnet_ip import frame as knx_frame
from decode.protocols.test_knxnet_ip import tunnel
from decode.protocols.test_umas import adu
from decode.seeds import bsap, codesys, ge_srtp, roc_plus
from interlock.decode.registry import load_verbs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WAYS", "Way"]

ZEROS = bytes(24)
Messages = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a table's functions go over the wire.

    message: function and its name → octets, from the client first, then (in another flow) from the server; None where
    this builder has no form for it. before: messages that come first. elsewhere: functions that other tests show, or
    that a message alone cannot, with why.
    """

    port: int
    message: Callable[[int, str], bytes | None]
    transport: str = "tcp"
    before: Messages = field(default_factory=list)
    elsewhere: dict[int, str] = field(default_factory=dict)


def _bacnet(function: int, _: str) -> bytes:
    if function < 256:
        return bacnet_octets.ip(bacnet_octets.confirmed(1, function))
    if function < 512:
        return bacnet_octets.ip(bacnet_octets.unconfirmed(function - 256))
    if 768 <= function < 1024:
        return bacnet_octets.ip(ZEROS, message=function - 768)
    carried = bacnet_octets.npdu(bacnet_octets.unconfirmed(8)) if function in (521, 1036) else b""
    return bacnet_octets.bvlc(function & 0xFF, carried or ZEROS, 0x82 if function >= 1024 else 0x81)


def _fins(function: int, _: str) -> bytes:
    if function >= 65536:
        return fins_octets.framed(function - 65536, ZEROS[:4])
    return fins_octets.command(function, ZEROS)


def _hart(function: int, _: str) -> bytes:
    if function >= 65536:
        return hart_ip_octets.message(0, function - 65536, 1, ZEROS[:5])
    data = function.to_bytes(2, "big") if function > 255 else b""
    return hart_ip_octets.ask(31 if function > 255 else function, data)


def _iec104(function: int, _: str) -> bytes:
    if function >= 256:
        return iec104_octets.u_frame(function - 256)
    cause = 3 if function < 45 or function == 70 else 13 if function >= 120 else 6
    return iec104_octets.i_frame(0, 0, iec104_octets.asdu(function, cause, [(1, ZEROS)]))


def _dnp3(function: int, _: str) -> bytes:
    if function >= 256:
        return dnp3_octets.link(function - 256, from_master=True)
    if function >= 129:
        return dnp3_octets.reply(function=function)
    return dnp3_octets.ask(function)


def _mms(function: int, _: str) -> bytes | None:
    if function < 256:
        return mms_octets.ask(1, function)
    if function < 512:
        return mms_octets.data(mms_octets.tlv(0xA3, mms_octets.tlv(mms_octets.high(function - 256))))
    return None


def _modbus(function: int, _: str) -> bytes:
    return struct.pack(">HHHBB", 1, 0, 2 + len(ZEROS), 1, function) + ZEROS


def _pccc(function: int, _: str) -> bytes:
    command, number = divmod(function, 256)
    body = bytes((command, 0, 1, 0)) + (b"" if number == 255 else bytes((number,))) + ZEROS
    path = enip_octets.logical(0x67, 1)
    requester = bytes.fromhex("074d0078563412")
    return enip_octets.unconnected(enip_octets.request(0x4B, path, requester + body))


def _melsec(function: int, _: str) -> bytes | None:
    if function < 65536:
        return melsec_octets.ask(function, ZEROS)
    if function < 131072 or function == 221184:
        return None
    return melsec_octets.melsoft(function - 131072, ZEROS)


def _knx(function: int, _: str) -> bytes | None:
    if 0x0422 <= function <= 0x0425:
        return tunnel(1, ZEROS, service=function)
    if function < 65536:
        return knx_frame(function, ZEROS)
    if function < 131072:
        return tunnel(1, knx_data(function - 65536, 0x1101, octets=ZEROS[:6], to_group=False))
    if function < 196608:
        return tunnel(1, bytes((function - 131072,)) + ZEROS)
    head = struct.pack(">BBBBHHB", 0x11, 0, 0xBC, 0x60, 0, 0x1101, 0)
    return tunnel(1, head + bytes((function - 196608,)))


def _s7(function: int, _: str) -> bytes:
    if function >= 0x100:
        return s7_octets.ask(function, ZEROS)
    return s7_octets.job(1, bytes((function,)) + ZEROS)


def _bsap(function: int, _: str) -> bytes:
    kind, code = divmod(function, 65536)
    if kind == 0:
        return bsap.request(1, bytes((code,)) + ZEROS)
    if kind == 1:
        return bsap.request(1, struct.pack("<H", code) + ZEROS, service=0xA1)
    return bsap.request(1, ZEROS, service=code)


def _codesys(function: int, _: str) -> bytes:
    if function < 65536:
        return codesys.blocks(codesys.service(function >> 8, function & 255), request=True, number=1)[0]
    if function < 131072:
        return codesys.datagram(64, struct.pack("<BBHIIII", function - 65536, 0, 0x101, 0, 5, 0, 5))
    return codesys.datagram(3, struct.pack("<HHI", function - 131072, 0x400, 7) + ZEROS)


def _interfaces() -> dict[str, Way]:
    """A table of each interface of DCE/RPC, bound on a connection of its own."""
    listed = files("interlock.decode.protocols.dcerpc") / "interfaces.tsv"
    lines = [line.split("\t") for line in listed.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {
        f"dcerpc-{name}": Way(
            port=135,
            message=lambda f, _: rpc_octets.call(2, f, bytes(64)),
            before=[(0, rpc_octets.bind(1, uuid)), (1, rpc_octets.bound(1, 0))],
        )
        for uuid, name, *_ in lines
    }


WAYS: dict[str, Way] = {
    "bacnet": Way(
        port=47808, transport="udp", message=_bacnet, before=[(0, bacnet_octets.ip(b"\x10\x08"))],
        elsewhere=dict.fromkeys((521, 1036), "its row is that of what it carries; a refusal names it"),
    ),
    "fins": Way(port=9600, transport="udp", message=_fins, before=[(0, fins_octets.ASK)]),
    "hart-ip": Way(
        port=5094, transport="udp", message=_hart, before=[(0, hart_ip_octets.OPEN[0])],
        elsewhere=dict.fromkeys((65539, 65540), "rows are those of the commands that they carry: test_hart_ip.py"),
    ),
    "iec104": Way(port=2404, message=_iec104, before=[(0, iec104_octets.u_frame(7)), (1, iec104_octets.u_frame(11))]),
    "dnp3": Way(port=20000, message=_dnp3),
    "mms": Way(
        port=102,
        message=_mms,
        before=[(0, mms_octets.CONNECT), (1, mms_octets.CONFIRM)],
        elsewhere=dict.fromkeys((516, 517, 520, 523), "whole PDUs: test_mms.py")
        | {259: "no layout without its companion standard: the PDU has no service that could be read"},
    ),
    "modbus": Way(port=502, message=_modbus, elsewhere={90: "its row is the UMAS function's"}),
    "umas": Way(port=502, message=lambda f, _: adu(1, bytes((0, f)) + ZEROS)),
    "pccc": Way(port=44818, message=_pccc),
    "melsec": Way(
        port=5006,
        transport="udp",
        message=_melsec,
        elsewhere=dict.fromkeys(range(65536, 65700), "1E frames: test_melsec.py, test_melsec_rare.py")
        | {221184: "the search by broadcast: test_melsec.py"},
    ),
    "knxnet-ip": Way(
        port=3671,
        transport="udp",
        message=_knx,
        elsewhere=dict.fromkeys((0x0310, 0x0420, 0x0530, 0x0533), "rows are those of what they carry"),
    ),
    "dlms": Way(
        port=4059,
        message=lambda f, _: dlms_octets.ask(bytes((f,)) + ZEROS)[1] if f < 256 else None,
        elsewhere=dict.fromkeys((0x0E, 0xD8), "answers, rows of their own only without a request")
        | dict.fromkeys((0x143, 0x183), "link commands of HDLC: test_dlms.py"),
    ),
    "s7comm": Way(port=102, message=_s7, before=[(0, s7_octets.CONNECT), (1, s7_octets.CONFIRM)]),
    "s7comm-plus": Way(
        port=102,
        message=lambda f, _: s7_plus_octets.ask(f, 1, ZEROS),
        before=[(0, s7_octets.CONNECT), (1, s7_octets.CONFIRM)],
    ),
    "bsap": Way(port=1234, transport="udp", message=_bsap),
    "roc-plus": Way(
        port=4000,
        message=lambda f, _: roc_plus.asked(f, ZEROS),
        elsewhere={24: "its row is that of what it forwards: test_roc_plus.py"},
    ),
    "ge-srtp": Way(
        port=18245,
        message=lambda f, _: ge_srtp.asked(1, f, ZEROS[:5]) if f < 256 else None,
        elsewhere={65536: "what comes first: test_ge_srtp.py"},
        before=[(0, ge_srtp.OPENING), (1, ge_srtp.OPENED)],
    ),
    "tristation": Way(port=1502, transport="udp", message=lambda f, _: tristation_octets.command(f, ZEROS)
                      if f < 65536 else tristation_octets.envelope(f - 65536)),
    "codesys": Way(
        port=1740, transport="udp", message=_codesys,
        before=[(0, codesys.opening(5)), (1, codesys.opened(5))],
    ),
    "ftp": Way(port=21, message=lambda _, name: name.encode() + b" x\r\n", before=[(1, b"220 ready\r\n")]),
    "tftp": Way(port=69, transport="udp", message=lambda f, _: struct.pack(">H", f) + b"x\0octet\0"),
    "http": Way(port=80, message=lambda _, name: name.encode() + b" / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "winrm": Way(port=5985, message=lambda f, _: winrm_octets.request(f)),
    "syslog": Way(port=514, transport="udp", message=lambda f, _: b"<%d>Oct 11 22:14:15 host app: x" % f),
    "smb": Way(port=445, message=lambda f, _: smb_octets.framed(smb_octets.smb2(f, 1, bytes(64)))),
    "smb1": Way(port=445, message=lambda f, _: smb_octets.framed(
        b"\xffSMB" + bytes((f,)) + bytes(4) + b"\x18\x01\xc8" + bytes(20) + bytes(8))),
}  # fmt: skip

WAYS |= {table: way for table, way in _interfaces().items() if table in load_verbs(outside=False)}
