"""What a rule asks of packet and conversation, held against a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import (
    Bits,
    Counter,
    Fact,
    Field,
    Flags,
    Flow,
    FragBits,
    IpOption,
    SameAddress,
    Speaks,
    StreamSize,
)

if TYPE_CHECKING:
    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.plain.memory import Memory
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["check_holds", "speaks"]

_FIN: Final = 1


def speaks(unit: Unit, application: str) -> bool:
    """Whether its conversation does; SMB over TCP is DCE/RPC, too, which it carries in pipes (Suricata user guide)."""
    piped = (application, unit.application, unit.transport) == ("dcerpc", "smb", 6)
    return piped or unit.application == application


def check_holds(check: Check, unit: Unit, memory: Memory) -> bool:
    """Whether it holds; what the unit has no value for does not."""
    if isinstance(check, Flow):
        return _flow(check, unit)
    if isinstance(check, Field):
        value = unit.transport if check.name == "ip_proto" else unit.fields.get(check.name)
        return value is not None and check.bound.holds(value)
    if isinstance(check, Bits):
        return memory.marked(check, unit)
    if isinstance(check, Counter):
        return memory.counted(check, unit)
    if isinstance(check, (Flags, FragBits, IpOption)):
        return _bits(check, unit)
    if isinstance(check, Fact):
        return _fact(check, unit)
    if isinstance(check, StreamSize):
        return _stream_size(check, unit)
    if isinstance(check, Speaks):
        return bool(unit.application) and speaks(unit, check.application) != check.negated
    return isinstance(check, SameAddress) and unit.source == unit.target


def _flow(check: Flow, unit: Unit) -> bool:
    if check.direction and (unit.to_server is None or unit.to_server != (check.direction == "to_server")):
        return False
    if check.established is not None and unit.established != check.established:
        return False
    if check.fragments is not None and unit.fragment != check.fragments:
        return False
    if check.level == "stream" and (unit.apart or unit.loose):
        return False
    # Transactions are read from streams.
    return (
        not check.level or unit.level == check.level or (unit.level, check.level) == ("transaction", "stream")
    )


def _bits(check: Flags | FragBits | IpOption, unit: Unit) -> bool:
    if isinstance(check, IpOption):
        return bool(unit.fields.get("ipopts", 0) & check.bit)
    value = unit.fields.get("flags" if isinstance(check, Flags) else "fragbits")
    return value is not None and check.holds(value)


def _fact(check: Fact, unit: Unit) -> bool:
    """Every value that is asked for is there; with several, one of them is as asked."""
    for name, asked in check.asked:
        values = unit.facts.get(name)
        if values is None:
            return False
        if isinstance(asked, tuple):
            holds = any(value in asked for value in values)
        else:
            holds = any(isinstance(value, int) and asked.holds(value) for value in values)
        if not holds:
            return check.negated
    return not check.negated


def _stream_size(check: StreamSize, unit: Unit) -> bool:
    if unit.transport != 6 or unit.apart:
        return False
    # Counted from each side's first sequence number on, its SYN's (Suricata's src/detect-stream_size.c).
    ends = unit.fields.get("flags", 0) & _FIN  # which is a number of its own, too
    sizes = (
        (octets, unit.to_server == asks)
        for octets, asks in ((unit.client_octets, True), (unit.server_octets, False))
    )
    client, server = (check.bound.holds(1 + octets + bool(ends and own)) for octets, own in sizes)
    return {"client": client, "server": server, "both": client and server, "either": client or server}[
        check.side
    ]
