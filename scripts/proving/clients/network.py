"""The network: machines and ports searched, half-open connections, calls outside, a switch walked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from proving.clients.talk import Talk, held_open, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTROL: Final = (102, 502, 2404, 20000, 44818, 4840, 11740, 1962, 789, 9600)


def control_ports(to: str) -> None:
    """Ports of control protocols, machine by machine."""
    net = to.rpartition(".")[0]
    for host in range(10, 20):
        for port in _CONTROL:
            with Talk(f"{net}.{host}", port, 0.15):
                pass


def one_port_everywhere(to: str) -> None:
    """One port at every address, slowly."""
    net = to.rpartition(".")[0]
    for host in range(8, 40):
        with Talk(f"{net}.{host}", 502, 0.2):
            time.sleep(0.4)


def outside_called(to: str) -> None:
    """A closed port outside, over and over, as an implant whose server is gone."""
    for _ in range(15):
        with Talk(to, 443, 0.5):
            time.sleep(1.5)


def connections_held(to: str) -> None:
    """Connections opened and left open, until none is left."""
    held = held_open(to, 502, 150, 0.1, 0.01)
    time.sleep(3.0)
    for talk in held:
        talk.close()


def _tlv(tag: int, octets: bytes) -> bytes:
    return bytes((tag, len(octets))) + octets


def _next(number: int) -> bytes:
    name = _tlv(6, bytes.fromhex("2b0601020102020101") + bytes((number,)))
    asked = _tlv(0x30, _tlv(0x30, name + b"\x05\x00"))
    pdu = _tlv(0xA1, _tlv(2, bytes((number,))) + _tlv(2, b"\0") + _tlv(2, b"\0") + asked)
    return _tlv(0x30, _tlv(2, b"\1") + _tlv(4, b"public") + pdu)


def switch_walked(to: str) -> None:
    """GetNext over the switch's interfaces, by the delivered community."""
    tell(to, 161, *(_next(number) for number in range(30)), pause_s=0.05)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "control-ports": control_ports,
    "one-port-everywhere": one_port_everywhere,
    "outside-called": outside_called,
    "connections-held": connections_held,
    "switch-walked": switch_walked,
}
