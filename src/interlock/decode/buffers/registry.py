"""The one table of readers: which protocol's flows are read for buffers, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.dcerpc import RpcReader, speaks_rpc
from interlock.decode.buffers.dnp3 import Dnp3Reader
from interlock.decode.buffers.dns import DnsReader, looks_like_dns
from interlock.decode.buffers.enip import EnipReader
from interlock.decode.buffers.ftp import FtpReader, speaks_ftp
from interlock.decode.buffers.http import HttpReader
from interlock.decode.buffers.http_sizes import speaks_http
from interlock.decode.buffers.krb5 import KrbReader, speaks_krb5
from interlock.decode.buffers.mqtt import MqttReader
from interlock.decode.buffers.sip import SipReader, speaks_sip
from interlock.decode.buffers.smb import SmbReader
from interlock.decode.buffers.smtp import SmtpReader, speaks_smtp
from interlock.decode.buffers.snmp import SnmpReader
from interlock.decode.buffers.ssh import SshReader
from interlock.decode.buffers.tls import TlsReader
from interlock.records.buffers import BUFFERS, CHUNKED, STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.decode.buffers.sink import Reader, Sink

__all__ = ["DATAGRAMS", "GUESSES", "READERS", "can_be", "readers_for"]

READERS: Final[dict[str, Callable[[Sink, bool], Reader]]] = {
    "dcerpc": lambda sink, stream: RpcReader(sink, stream=stream),
    "dnp3": lambda sink, stream: Dnp3Reader(sink, stream=stream),
    "dns": lambda sink, stream: DnsReader(sink, stream=stream),
    "enip": lambda sink, stream: EnipReader(sink, stream=stream),
    "ftp": lambda sink, _: FtpReader(sink),
    "http": lambda sink, _: HttpReader(sink),
    "krb5": lambda sink, stream: KrbReader(sink, stream=stream),
    "mqtt": lambda sink, _: MqttReader(sink),
    "pnio-cm": lambda sink, stream: RpcReader(sink, stream=stream),
    "sip": lambda sink, stream: SipReader(sink, stream=stream),
    "smb": lambda sink, _: SmbReader(sink),
    "smtp": lambda sink, _: SmtpReader(sink),
    "snmp": lambda sink, stream: SnmpReader(sink, stream=stream),
    "ssh": lambda sink, _: SshReader(sink),
    "tls": lambda sink, _: TlsReader(sink),
    "winrm": lambda sink, _: HttpReader(sink),
}
"""Protocol of a flow → what makes a reader of it: where rows go, whether the flow is a stream."""
DATAGRAMS: Final = frozenset({"dcerpc", "dnp3", "dns", "enip", "krb5", "pnio-cm", "sip", "snmp"})
"""Readers that read datagrams, too."""
GUESSES: Final[dict[str, Callable[[bytes, bool], bool]]] = {
    "smtp": lambda octets, _: speaks_smtp(octets),
    "krb5": speaks_krb5,
    "sip": speaks_sip,
    "dcerpc": speaks_rpc,
    "http": speaks_http,
    "ftp": lambda octets, _: speaks_ftp(octets),
    "dns": looks_like_dns,
}
"""Readers of what no decoder recognises → whether octets that a side begins with are theirs; True for datagrams."""
_GUESSED_AT: Final = {"dns": 53}
"""Of readers whose messages may be too damaged to be told by their octets: the one port at which they are."""
_ENDING: Final = frozenset({"http", "winrm", "smtp"})
_MADE_OF: Final = {
    "http": ("http", "winrm"),
    "cip": ("enip",),
    "dcerpc": ("dcerpc", "pnio-cm", "smb"),
    "tls": ("tls", "smtp"),
    "ja3": ("tls", "smtp"),
    "sealed": ("tls", "ssh", "smtp"),
    "ja3s": ("tls", "smtp"),
    "ja4": ("tls", "smtp"),
    "email": ("smtp",),
    "file": ("http", "winrm", "smtp"),
}
"""Protocol of buffers → protocols of the flows that they are cut out of, where these are others."""


def can_be(name: str, ports: Sequence[int], *, datagrams: bool) -> bool:
    """Whether a reader is asked about a flow that no decoder recognises. ports: of both sides."""
    return (not datagrams or name in DATAGRAMS) and _GUESSED_AT.get(name, ports[0]) in ports


def readers_for(asked: frozenset[str]) -> frozenset[str]:
    """Protocols of flows that must be read to make these buffers."""
    found = {BUFFERS[name].protocol for name in asked}
    said = frozenset(spoken for name in found for spoken in _MADE_OF.get(name, (name,)) if spoken in READERS)
    # Where streams come in chunks, these say where messages end.
    return said | _ENDING if {STREAM, CHUNKED} <= asked else said
