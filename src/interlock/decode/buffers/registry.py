"""The one table of readers: which protocol's flows are read for buffers, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.dns import DnsReader
from interlock.decode.buffers.http import HttpReader
from interlock.decode.buffers.tls import TlsReader
from interlock.records.buffers import BUFFERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.buffers.sink import Reader, Sink

__all__ = ["READERS", "readers_for"]

READERS: Final[dict[str, Callable[[Sink, bool], Reader]]] = {
    "dns": lambda sink, stream: DnsReader(sink, stream=stream),
    "http": lambda sink, _: HttpReader(sink),
    "tls": lambda sink, _: TlsReader(sink),
    "winrm": lambda sink, _: HttpReader(sink),
}
"""Protocol of a flow → what makes a reader of it: where rows go, whether the flow is a stream."""
_MADE_OF: Final = {
    "http": ("http", "winrm"),
    "ja3": ("tls",),
    "ja3s": ("tls",),
    "ja4": ("tls",),
    "file": ("http", "winrm"),
}
"""Protocol of buffers → protocols of the flows that they are cut out of, where these are others."""


def readers_for(asked: frozenset[str]) -> frozenset[str]:
    """Protocols of flows that must be read to make these buffers."""
    found = {BUFFERS[name].protocol for name in asked}
    return frozenset(spoken for name in found for spoken in _MADE_OF.get(name, (name,)) if spoken in READERS)
