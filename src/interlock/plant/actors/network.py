"""The switch announces itself, the historian asks it how it is, the feeder's protection tells its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Link, Until, Wait
from interlock.plant.protocols import ber, goose
from interlock.plant.protocols.network import ARP, LLDP, LLDP_GROUP, SnmpAgent, arp, lldp, snmp_get
from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.process.tags import State

__all__ = ["announce", "announce_address", "ask_switch", "publish_breaker", "switch_agent"]

_DESCRIBED: Final = "Interlock Practice Switch PS-16, firmware 07.1.03"
_SYSTEM: Final = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0")
_GOOSE_GROUP: Final = bytes.fromhex("010ccd010001")
_EVERYBODY: Final = b"\xff" * 6
_HEARTBEAT_S: Final = 2.0
_BURST_S: Final = (0.004, 0.008, 0.016, 0.1)


def announce(chassis: bytes) -> Script:
    """LLDP, every 30 seconds."""
    payload = lldp(chassis, "port-1", "switch", _DESCRIBED)
    while True:
        yield Cast("switch", LLDP_GROUP, LLDP, payload)
        yield Until(30.0, 3.3)


def announce_address(machine: str, mac: bytes, ip: bytes) -> Script:
    """Is anybody else at this address? No: then it is mine (RFC 5227: three probes, two announcements)."""
    mine, nobody = End(mac, ip), End(mac, bytes(4))
    for _ in range(3):
        yield Cast(machine, _EVERYBODY, ARP, arp(1, nobody, mine))
        yield Wait(0.2)
    for _ in range(2):
        yield Cast(machine, _EVERYBODY, ARP, arp(1, mine, mine))
        yield Wait(0.5)


def switch_agent(uptime_s: Callable[[], float], community: str) -> SnmpAgent:
    """The switch's SNMP agent, and by which community it may be asked."""
    described, up, name = _SYSTEM
    return SnmpAgent(
        community,
        {
            described: lambda: ber.tagged(4, _DESCRIBED.encode("ascii")),
            up: lambda: ber.integer(0x43, int(uptime_s() * 100)),
            name: lambda: ber.tagged(4, b"switch"),
        },
    )


def ask_switch(community: str, client: str = "historian") -> Script:
    """Its system group, once a minute."""
    link, request = Link(client, "switch", 161, "udp"), 1000
    while True:
        yield Until(60.0, 4.1)
        request += 1
        yield Ask(link, snmp_get(community, request, _SYSTEM))


def publish_breaker(image: State, now_s: Callable[[], float]) -> Script:
    """GOOSE: whether the breaker is closed and the current; a burst where it opens or closes."""
    base = "RTUFEEDERCTRL/LLN0"
    publisher = goose.Publisher(
        reference=f"{base}$GO$breaker", data_set=f"{base}$breaker", name="breaker", application=0x3001,
    )  # fmt: skip
    while True:
        values = (bool(image["power.breaker"]), image.get("power.current", 0.0))
        burst = _BURST_S if publisher.changed(values, now_s()) else ()
        yield Cast("rtu-feeder", _GOOSE_GROUP, goose.ETHERTYPE, publisher.payload(4000), priority=4)
        for pause in burst:
            yield Wait(pause)
            publisher.changed(values, now_s())
            yield Cast(
                "rtu-feeder",
                _GOOSE_GROUP,
                goose.ETHERTYPE,
                publisher.payload(round(pause * 3000)),
                priority=4,
            )
        yield Until(_HEARTBEAT_S, 0.9)
