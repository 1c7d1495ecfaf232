"""Conversations whose beginning nobody saw, and what rules are to make of them.

    own  they are established, their streams are put together; who is the client follows from protocol and ports
    no   as Suricata with `stream.midstream: no`: TCP without a handshake is no connection. Its segments are looked at
         one by one; none is established, nothing is put together or recognised
    yes  as with `stream.midstream: yes`: established, but for one with a SYN and no SYN/ACK, and the client is whose
         packet came first, or whom a SYN/ACK that came first answered, unless a reader of the protocol knows better

Source: Suricata user guide, "Stream engine", `midstream`, "Flow Keywords", `flow`; its behaviour in
src/stream-tcp.c, src/flow.c and src/app-layer-detect-proto.c, version 7.0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.plain.recognised import FROM_BOTH_ENDS, recognised

if TYPE_CHECKING:
    from interlock.detect.signatures.plain.unit import Unit
    from interlock.records.vocabulary import Midstream

__all__ = ["Begun", "answered", "as_begun", "heard", "looked_for"]

_TCP: Final = 6
_TURNING: Final = frozenset({"http", "ftp", "smtp", "smb", "dcerpc", "dns", "dnp3", "sip", "ike"})
"""Protocols whose octets say which way they go: Suricata turns a conversation round when it recognises them."""


class Begun(NamedTuple):
    """Who sent a conversation's first packet (address as rules number it, port; None: it has none).

    joined: it is TCP, and nobody saw it open. answered: that first packet was a SYN/ACK. first: time of that packet,
    ns, where it had payload: it makes the conversation one, and is not in an established one itself.
    asked: a SYN was seen and no SYN/ACK, for which Suricata waits.
    """

    address: int
    port: int | None
    joined: bool
    answered: bool = False
    first: int | None = None
    asked: bool = False


def as_begun(unit: Unit, begun: Begun | None, midstream: Midstream) -> Unit:
    """What rules are held against where a conversation began so; begun: None where that is as anybody sees it."""
    if midstream == "own":
        return unit
    application = unit.application if looked_for(unit, begun, midstream) else ""
    if begun is not None:
        return _as_begun(unit, application, begun, midstream)
    return unit if application == unit.application else replace(unit, application=application)


def looked_for(unit: Unit, begun: Begun | None, midstream: Midstream) -> bool:
    """Whether what a conversation speaks is known to rules: by the port to which its first packet was sent.

    With `yes` connections, and datagrams of DNS, are looked at from both ends: the one that was heard first may be the
    server.
    """
    first = unit.to_server
    if begun is not None and not begun.joined:
        first = (unit.source, unit.source_port) == (begun.address, begun.port)
    ports = [unit.target_port, unit.source_port] if first else [unit.source_port, unit.target_port]
    both = midstream == "yes" and (unit.transport == _TCP or unit.application == "dns")
    ports = ports[: 2 if both or (unit.application, unit.transport) in FROM_BOTH_ENDS else 1]
    return midstream == "own" or any(recognised(unit.application, unit.transport, port) for port in ports)


def answered(unit: Unit, begun: Begun | None) -> bool:
    """Whether both ends of what is no TCP have spoken when a message is complete: not with a conversation's first."""
    return unit.transport == _TCP or begun is None or unit.time != begun.first


def heard(unit: Unit, size: int) -> bool:
    """Whether what a connection speaks is known with a segment: Suricata looks at octets when they are acknowledged.

    size: octets of the segment. HTTP is told by its first answer, too, where the question is lost. Source: its
    src/stream-tcp-reassemble.c and src/app-layer.c.
    """
    if unit.transport != _TCP or unit.client_octets > (size if unit.to_server else 0):
        return True
    return unit.application == "http" and not unit.to_server and unit.server_octets > size


def _as_begun(unit: Unit, application: str, begun: Begun, midstream: Midstream) -> Unit:
    """application: what it speaks, as far as rules are to know it."""
    apart = begun.joined and (midstream == "no" or begun.asked)
    application = "" if apart else application
    to_server = unit.to_server
    if application not in _TURNING:
        first = (unit.source, unit.source_port) == (begun.address, begun.port)
        to_server = first != (begun.answered and midstream == "yes")
    opens = unit.level == "packet" and unit.time == begun.first
    established = unit.established and not (apart or opens)
    # Of most there is nothing to change, and a copy costs as much as all of the above.
    if (application, to_server, established, apart) == (
        unit.application, unit.to_server, unit.established, unit.apart,
    ):  # fmt: skip
        return unit
    octets = unit.client_octets, unit.server_octets
    client, server = octets if to_server == unit.to_server else octets[::-1]
    return replace(
        unit, application=application, to_server=to_server, established=established, apart=apart,
        client_octets=client, server_octets=server,
    )  # fmt: skip
