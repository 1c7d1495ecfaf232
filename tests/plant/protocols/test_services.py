"""Every side that answers: any octets give answers or a refusal to go on, whole or cut; writes reach the image."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.plant.actors.boiler import AGREEMENT, BOILER_REALS, boiler_cpu
from interlock.plant.actors.filling import FILLER_IDENTITY, FILLER_TAGS
from interlock.plant.actors.hall import HALL_NAMED, HALL_OBJECTS
from interlock.plant.actors.network import switch_agent
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES, PASTEURISER_URL, PASTEURISER_WRITABLE
from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES
from interlock.plant.actors.water import WATER, WATER_IDENTITY
from interlock.plant.actors.well import WELL_ANALOGS, WELL_BINARIES
from interlock.plant.draws import Draws
from interlock.plant.process.tags import first_state
from interlock.plant.protocols import (
    bacnet,
    ber,
    cip,
    cip_files,
    dnp3,
    ftp,
    goose,
    iec104,
    modbus,
    network,
    ntlm,
    opcua,
    opcua_client,
    opcua_wire,
    profinet,
    profinet_cm,
    rdp,
    s7comm,
    smb,
    smb_server,
    svcctl,
    tristation,
    web,
)
from interlock.plant.protocols.opcua_security import TwinKeyring
from interlock.plant.protocols.session import Crashed

NOW = 133_000_000_000_000_000
JOE = ntlm.Account("joe", "PLANT", bytes(range(16)))
PIPES = svcctl.Pipes([("IPC$", "Remote IPC"), ("Batches", "")])


def image() -> dict[str, float]:
    return first_state() | {"filler.start": 0.0}


def services(state):
    return {
        "modbus": modbus.ModbusServer(state, WATER, WATER_IDENTITY),
        "s7comm": s7comm.S7Server(state, BOILER_REALS, boiler_cpu()),
        "cip": cip.CipServer(state, FILLER_TAGS, FILLER_IDENTITY, bytes(4)),
        "opcua": opcua.OpcUaServer(
            state,
            PASTEURISER_NODES,
            PASTEURISER_WRITABLE,
            PASTEURISER_URL,
            lambda: NOW,
            {"shift": "Kessel-7"},
            guards=[TwinKeyring(Draws(1)).guard("plc-pasteuriser", "hmi")],
        ),
        "iec104": iec104.Station(state, FEEDER_ADDRESS, FEEDER_MEASURED, FEEDER_SWITCHES),
        "dnp3": dnp3.Outstation(state, WELL_ANALOGS, WELL_BINARIES),
        "bacnet": bacnet.BacnetDevice(state, HALL_OBJECTS, 5000, HALL_NAMED),
        "snmp": switch_agent(lambda: 1.0, "ours"),
        "tristation": tristation.SafetyController(key_program=True),
        "web": web.Web(),
        "ftp": ftp.FtpServer("ready", {"USER": "USERUSER"}, "10.0.0.1", {"/a": b"1"}),
        "rdp": rdp.RdpServer({"engineer": "secret"}),
        "smb": smb_server.SmbServer(
            "historian", "PLANT", {"joe": JOE}, PIPES, lambda: NOW, "Batches", {"a": b"1234"}
        ),
    }


NAMES = tuple(services(image()))
FIRST = {
    "modbus": modbus.adu(1, 1, modbus.read(4, 0, 5)),
    "s7comm": s7comm.connect() + s7comm.setup(1) + s7comm.read_reals(2, BOILER_REALS),
    "cip": cip.register() + cip.encapsulate(cip.LIST_IDENTITY, 0),
    "opcua": opcua_client.Client(PASTEURISER_URL, "x", lambda: NOW).hello(),
    "iec104": iec104.u_frame(7) + iec104.Master(FEEDER_ADDRESS).command(iec104.INTERROGATION, 0, b"\x14"),
    "dnp3": dnp3.request(1, dnp3.READ, dnp3.CLASS_0),
    "bacnet": bacnet.who_is(),
    "snmp": network.snmp_get("practice-7fk2q", 5, ["1.3.6.1.2.1.1.5.0"]),
    "tristation": tristation.command(tristation.CP_STATUS, 1),
    "web": b"GET / HTTP/1.1\r\n\r\n",
    "ftp": b"USER USER\r\nPASS USERUSER\r\nPASV\r\nSTOR /b\r\n",
    "rdp": rdp.connect("engineer")
    + b"".join(rdp.logon(rdp.Login("P", "engineer", "secret", "M", "10.0.0.2"))),
    "smb": smb.Client(JOE, "PC", bytes(16), NOW).negotiate(),
}
STREAMS = tuple(n for n in NAMES if n not in ("bacnet", "snmp", "tristation"))


def told(session, pieces) -> list[bytes]:
    return [answer for piece in pieces for answer in session.receive(piece)]


@pytest.mark.parametrize("name", NAMES)
@given(octets=st.binary(max_size=300), keep=st.integers(0, 200))
def test_any_octets_give_answers_or_a_refusal(name, octets, keep) -> None:
    session = services(image())[name].open()
    try:
        answers = told(session, [FIRST[name][:keep] + octets])
    except ValueError:
        return
    assert all(isinstance(answer, bytes) and answer for answer in answers)


@pytest.mark.parametrize("name", STREAMS)
@given(cut=st.integers(0, 400))
def test_cut_octets_are_answered_as_whole_ones(name, cut) -> None:
    octets = FIRST[name]
    whole = told(services(image())[name].open(), [octets])
    assert told(services(image())[name].open(), [octets[:cut], octets[cut:]]) == whole
    assert whole


def test_modbus_reads_and_writes_the_image() -> None:
    state = image() | {"raw.level": 1.234, "raw.inlet": 0.0}
    session = services(state)["modbus"].open()
    (answer,) = session.receive(modbus.adu(9, 1, modbus.read(4, 0, 2)))
    assert modbus.registers_of(answer) == (1234, 1500)
    session.receive(modbus.adu(10, 1, modbus.write_coil(0, on=True)))
    session.receive(modbus.adu(10, 1, modbus.write_register(0, 2000)))
    assert (state["raw.inlet"], state["buffer.level_setpoint"]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (b"\x63", 1), (modbus.read(3, 60, 10), 2), (modbus.read(3, 0, 0), 3), (modbus.read(1, 0, 2001), 3),
        (b"\x05\x00\x00\x12\x34", 3), (b"\x03\x00", 3), (b"\x2b\x0e\x04\x00", 3),
    ],
)  # fmt: skip
def test_modbus_refuses_by_the_book(pdu, code) -> None:
    (answer,) = services(image())["modbus"].open().receive(modbus.adu(1, 1, pdu))
    assert answer[7:] == bytes((pdu[0] | 0x80, code))


def test_a_wrong_answer_is_no_value() -> None:
    for parse, octets in ((modbus.registers_of, b"\0" * 9), (s7comm.reals_of, b"\3\0\0\7"), (cip.reals_of, b""),
                          (bacnet.real_of, b""), (opcua_client.doubles_of, b"MSGF")):  # fmt: skip
        with pytest.raises(ValueError, match=r"answer|response"):
            parse(octets)


def test_s7_reads_writes_stops_and_takes_a_block() -> None:
    state, ran = image(), []
    server = s7comm.S7Server(state, BOILER_REALS, boiler_cpu(), ran=ran.append)
    session = server.open()
    told(session, [s7comm.connect(), s7comm.setup(1)])
    (answer,) = session.receive(s7comm.read_reals(2, BOILER_REALS[:2]))
    assert s7comm.reals_of(answer) == pytest.approx((7.0, 60.0))
    session.receive(s7comm.write_real(3, BOILER_REALS[3], 8.5))
    assert state["boiler.pressure_setpoint"] == 8.5
    session.receive(s7comm.job(4, bytes((s7comm.PLC_STOP,)) + bytes(5) + b"\x09P_PROGRAM"))
    session.receive(s7comm.job(5, bytes((s7comm.PI_SERVICE,)) + bytes(6) + b"\xfd\0\0\x09P_PROGRAM"))
    assert ran == [False, True]
    asked = session.receive(s7comm.job(6, b"\x1a\0\1\0\0\0\0\0\x09_0800001P\x0d1000100000088"))
    data = b"\0\x20\0\xfb" + b"q" * 32
    for more in (1, 0):
        reference = int.from_bytes(asked[-1][11:13], "big")
        asked = session.receive(s7comm.confirm(reference, bytes((s7comm.DOWNLOAD_BLOCK, more)), data))
    session.receive(s7comm.confirm(1, bytes((s7comm.DOWNLOAD_ENDED,))))
    assert server.cpu.blocks["_0800001P"] == b"q" * 64


def test_cip_reads_and_writes_tags() -> None:
    state = image()
    session = services(state)["cip"].open()
    handle = cip.session_of(session.receive(cip.register())[0])
    (answer,) = session.receive(cip.unconnected(handle, cip.many([cip.read_tag("Filler_SpeedSP")])))
    assert cip.reals_of(answer) == (180.0,)
    session.receive(cip.unconnected(handle, cip.write_tag("Filler_SpeedSP", 90.0)))
    assert state["filler.speed_setpoint"] == 90.0
    (refused,) = session.receive(cip.unconnected(handle, cip.read_tag("Nothing")))
    assert refused[42] == 5


def opened(session, speaker, user=None, password=""):
    """Answers up to the activated session."""
    told(session, [speaker.hello()])
    speaker.opened(session.receive(speaker.open())[0])
    speaker.created(session.receive(speaker.create_session())[0])
    return session.receive(speaker.activate_session(user, password))[0]


def test_opcua_lets_everybody_read_and_only_users_write() -> None:
    state = image()
    server = services(state)["opcua"]
    for user, password, kept in ((None, "", 76.0), ("shift", "Kessel-7", 50.0)):
        session, speaker = server.open(), opcua_client.Client(PASTEURISER_URL, "x", lambda: NOW)
        opened(session, speaker, user, password)
        (answer,) = session.receive(speaker.read(("Pasteuriser.Temperature",)))
        assert opcua_client.doubles_of(answer) == (76.0,)
        session.receive(speaker.write("Pasteuriser.TemperatureSetpoint", 50.0))
        assert state["pasteuriser.temperature_setpoint"] == kept
    session, speaker = server.open(), opcua_client.Client(PASTEURISER_URL, "x", lambda: NOW)
    assert opcua_client.number_of(opened(session, speaker, "shift", "wrong")) == opcua_wire.FAULT
    assert (
        opcua_client.number_of(session.receive(speaker.read(("Pasteuriser.Temperature",)))[0])
        == opcua_wire.FAULT
    )


def test_iec104_tells_commands_and_refuses() -> None:
    state = image()
    station = services(state)["iec104"]
    session, master = station.open(), iec104.Master(FEEDER_ADDRESS)
    assert session.due(1.0) == ()
    assert session.receive(iec104.u_frame(iec104.STARTDT)) == [iec104.u_frame(0x0B)]
    everything = session.receive(master.command(iec104.INTERROGATION, 0, b"\x14"))
    assert iec104.floats_of(everything)[700] == pytest.approx(20.0)
    assert iec104.floats_of(session.due(1.7e9)) == {700: pytest.approx(20.0), 701: 0.0, 702: 0.0}
    assert session.due(1.7e9) == ()
    session.receive(master.command(iec104.SINGLE_COMMAND, 5000, b"\x81"))
    assert state["power.breaker"] == 1.0
    session.receive(master.command(iec104.SINGLE_COMMAND, 5000, b"\x00"))
    assert state["power.breaker"] == 0.0
    (refused,) = session.receive(master.command(iec104.SINGLE_COMMAND, 77, b"\x00"))
    assert refused[8] == 0x40 | 47


def test_dnp3_operates_only_what_was_selected() -> None:
    state = image()
    session = services(state)["dnp3"].open()
    (answer,) = session.receive(dnp3.request(1, dnp3.READ, dnp3.CLASS_0))
    assert dnp3.analogs_of(answer)[0] == 14.0
    assert (dnp3.binary_of(answer, 0), dnp3.binary_of(answer, 5)) == (True, None)
    off = dnp3.control(0, on=False)
    (refused,) = session.receive(dnp3.request(2, dnp3.OPERATE, off))
    assert (dnp3.user_data(refused)[-1], state["well.pump"]) == (2, 1.0)
    told(session, [dnp3.request(3, dnp3.SELECT, off), dnp3.request(4, dnp3.OPERATE, off)])
    assert state["well.pump"] == 0.0
    session.receive(dnp3.request(5, dnp3.DIRECT_OPERATE, dnp3.control(0, on=True)))
    assert state["well.pump"] == 1.0
    assert session.receive(dnp3.request(6, dnp3.READ, outstation=11)) == []


def test_bacnet_reads_writes_and_refuses() -> None:
    state = image()
    device = services(state)["bacnet"]
    fan, setpoint = HALL_OBJECTS[1], HALL_OBJECTS[2]
    assert bacnet.real_of(device.receive(bacnet.read_present(1, fan))[0]) == 30.0
    device.receive(bacnet.write_present(2, setpoint, 25.0, 1))
    assert state["hall.temperature_setpoint"] == 25.0
    (denied,) = device.receive(bacnet.write_present(3, HALL_OBJECTS[0], 1.0))
    assert denied[6] == 0x50


def test_snmp_answers_who_knows_the_community() -> None:
    agent = switch_agent(lambda: 2.0, "ours")
    names = ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.99.0"]
    assert agent.receive(network.snmp_get("public", 1, names)) == ()
    (answer,) = agent.receive(network.snmp_get("ours", 1, names))
    assert ber.integer(0x43, 200) in answer
    assert answer.endswith(b"\x80\x00")


def test_a_safety_controller_is_programmed_only_with_its_key_turned() -> None:
    for key, wanted in ((True, [1]), (False, [])):
        programmed: list[int] = []
        station = tristation.SafetyController(lambda told=programmed: told.append(1), key_program=key)
        for number in (tristation.DOWNLOAD_CHANGE, tristation.ALLOCATE_PROGRAM, tristation.RUN_PROGRAM):
            (answer,) = station.receive(tristation.command(number, 1))
            assert (answer[6] == 100) is not key
        assert programmed == wanted


def test_ftp_lets_in_who_knows_the_word_and_stores() -> None:
    stored = []
    server = ftp.FtpServer(
        "ready", {"USER": "x"}, "10.0.0.1", {}, lambda name, octets: stored.append((name, octets))
    )
    session, data = server.open(), server.data
    assert session.receive(b"")[0].startswith(b"220 ")
    said = session.receive(b"USER USER\r\nPASS no\r\nSTOR /a\r\nPASS x\r\nPASV\r\nSTOR /a\r\n")
    assert [int(line[:3]) for line in said] == [331, 530, 530, 230, 227, 150]
    assert session.due(0.0) == ()
    data.receive(b"level=1")
    assert [line[:3] for line in session.due(0.3)] == [b"226"]
    assert stored == [("/a", b"level=1")]
    assert session.receive(b"RETR /none\r\n")[0].startswith(b"550")


def smb_answers(session, *messages):
    return tuple(answer for message in messages for answer in session.receive(message))


def smb_session(account=JOE):
    """A session as far as the logon, with its client."""
    session, client = services(image())["smb"].open(), smb.Client(account, "PC", bytes(range(16)), NOW)
    smb_answers(session, client.negotiate())
    challenged = smb_answers(session, client.hello())
    assert smb.status_of(challenged) == smb.MORE_PROCESSING
    return session, client, smb_answers(session, client.prove(challenged[0]))


def test_smb_lets_in_who_has_the_hash_and_nobody_else() -> None:
    assert smb.status_of(smb_session()[2]) == smb.SUCCESS
    for other in (ntlm.Account("joe", "PLANT", bytes(16)), ntlm.Account("ann", "PLANT", JOE.nt_hash),
                  ntlm.Account("joe", "ELSEWHERE", JOE.nt_hash)):  # fmt: skip
        session, client, answers = smb_session(other)
        assert smb.status_of(answers) == smb.LOGON_FAILURE
        assert smb.status_of(smb_answers(session, client.connect_tree("historian", "IPC$"))) != smb.SUCCESS


def test_smb_renames_and_overwrites_files() -> None:
    session, client, _ = smb_session()
    (answer,) = smb_answers(session, client.connect_tree("historian", "Batches"))
    client.connected(answer)
    client.opened(smb_answers(session, client.open("", folder=True))[0])
    assert smb.names_of(smb_answers(session, client.list())[0]) == ("a",)
    assert smb.status_of(smb_answers(session, client.list())) == smb.NO_MORE_FILES
    client.opened(smb_answers(session, client.open("a"))[0])
    done = smb_answers(session, client.write(b"xy"), client.rename("a.locked"), client.close())
    assert all(smb.status_of((one,)) == smb.SUCCESS for one in done)
    assert session._server.files == {"a.locked": b"xy34"}
    assert smb.status_of(smb_answers(session, client.open("a"))) != smb.SUCCESS


def piped(session, client, operation, stub):
    return smb.piped(smb_answers(session, client.call(operation, stub))[0])


def test_services_are_created_and_started_over_a_pipe() -> None:
    started = []
    pipes = svcctl.Pipes([("IPC$", "r"), ("D", "x")], lambda name, path: started.append((name, path)))
    server = smb_server.SmbServer("hmi", "PLANT", {"joe": JOE}, pipes, lambda: NOW)
    session, client = server.open(), smb.Client(JOE, "PC", bytes(range(16)), NOW)
    smb_answers(session, client.negotiate())
    smb_answers(session, client.prove(smb_answers(session, client.hello())[0]))
    client.connected(smb_answers(session, client.connect_tree("hmi", "IPC$"))[0])
    client.opened(smb_answers(session, client.open("srvsvc"), client.bind(svcctl.SRVSVC))[0])
    assert svcctl.shares_of(piped(session, client, *svcctl.share_enum("hmi"))) == ("IPC$", "D")
    client.opened(smb_answers(session, client.open("svcctl"))[0])
    smb_answers(session, client.bind(svcctl.SVCCTL))
    manager = svcctl.handle_of(piped(session, client, *svcctl.open_manager("hmi")), svcctl.OPEN_MANAGER)
    made = piped(session, client, *svcctl.create_service(manager, "Upd", "C:\\x.exe"))
    service = svcctl.handle_of(made, svcctl.CREATE_SERVICE)
    assert piped(session, client, *svcctl.start_service(service)) == bytes(4)
    assert started == [("Upd", "C:\\x.exe")]
    piped(session, client, *svcctl.delete_service(service))
    assert piped(session, client, *svcctl.start_service(service)) != bytes(4)
    with pytest.raises(ValueError, match="no response"):
        piped(session, client, 99, b"")


def test_remote_desktop_tells_who_logged_on_and_closes_on_others() -> None:
    let_in = []
    server = rdp.RdpServer({"engineer": "secret"}, let_in.append)
    session = server.open()
    told(session, [rdp.connect("x"), *rdp.logon(rdp.Login("P", "engineer", "secret", "M", "10.0.0.2"))])
    assert let_in == ["engineer"]
    with pytest.raises(ValueError, match="let in"):
        told(server.open(), [rdp.connect("x"), *rdp.logon(rdp.Login("P", "engineer", "no", "M", "10.0.0.2"))])


@pytest.mark.parametrize("size", [1, 220, 221, 70_000])
def test_a_file_object_takes_a_file_whole_and_in_order(size) -> None:
    written, octets = [], bytes(k & 0xFF for k in range(size))
    firmware = cip_files.FileObject(written.append)
    server = cip.CipServer({}, {}, FILLER_IDENTITY, bytes(4), objects={cip_files.FILE_CLASS: firmware.serve})
    requests = list(cip_files.download("a.bin", octets))
    assert [server.answer(each)[2] for each in requests] == [0] * len(requests)
    assert written == [octets]
    assert server.answer(requests[1])[2] == 0x0C, "nothing was announced"


def test_a_fragile_machine_fails_on_what_is_longer_than_anything_may_be() -> None:
    overlong = struct.pack("!HHHB", 1, 0, 1000, 1) + bytes(999)
    for fragile, kind in ((True, Crashed), (False, ValueError)):
        server = modbus.ModbusServer(image(), WATER, WATER_IDENTITY, fragile=fragile)
        with pytest.raises(kind) as raised:
            server.open().receive(overlong)
        assert isinstance(raised.value, Crashed) is fragile


def test_opcua_offers_better_than_none_and_refuses_what_it_cannot() -> None:
    session, speaker = (
        services(image())["opcua"].open(),
        opcua_client.Client(PASTEURISER_URL, "x", lambda: NOW),
    )
    told(session, [speaker.hello()])
    speaker.opened(session.receive(speaker.open())[0])
    (endpoints,) = session.receive(speaker.get_endpoints())
    assert endpoints.index(b"#Basic256Sha256") < endpoints.index(b"#None")
    asked = speaker.open().replace(b"SecurityPolicy#None", b"SecurityPolicy#Else")
    (refused,) = services(image())["opcua"].open().receive(asked)
    assert refused[:4] == b"ERRF"


def test_a_goose_change_begins_a_new_state() -> None:
    publisher = goose.Publisher(reference="A$GO$b", data_set="A$b", name="b", application=1)
    assert [publisher.changed((True, 1.0), 1.0), publisher.changed((True, 2.0), 2.0)] == [False, False]
    assert publisher.sequence_number == 1
    assert publisher.changed((False, 2.0), 3.5)
    assert (publisher.state_number, publisher.sequence_number, publisher.changed_s) == (2, 0, 3.5)
    payload = publisher.payload(4000)
    assert struct.unpack_from("!HH", payload) == (1, len(payload))


def test_profinet_data_are_taken_only_where_they_are_valid() -> None:
    frame = profinet.cyclic(0x8001, b"abcd", 7)
    assert profinet.data_of(frame, 0x8001)[:4] == b"abcd"
    assert profinet.data_of(frame, 0x8002) is None
    assert profinet.data_of(profinet.cyclic(0x8001, b"abcd", 7, valid=False), 0x8001) is None


def test_a_station_is_found_and_renamed() -> None:
    names = []
    device = profinet.DcpDevice("rio", "Practice", (1, 2), 1, bytes(4), names.append)
    (found,) = device.receive(profinet.identify(5))
    assert b"rio" in found
    (done,) = device.receive(profinet.set_name(6, "other"))
    assert (names, device.name, done[-2]) == (["other"], "other", 0)
    assert device.receive(found) == ()


@given(st.integers(-(2**40), 2**40))
def test_ber_integers_are_as_short_as_they_can_be(value) -> None:
    tag, octets, end = ber.read(ber.integer(2, value))
    assert (tag, int.from_bytes(octets, "big", signed=True), end) == (2, value, len(octets) + 2)
    assert len(octets) == 1 or octets[:1] not in (b"\0", b"\xff") or (octets[0] ^ octets[1]) & 0x80


def ends():
    controller = profinet_cm.Party("plc", 0x2A, 0x10E, b"\2\0\0\0\0\1")
    device = profinet_cm.Party("rio", 0x2A, 0x501, b"\2\0\0\0\0\2", "ORDER", "SERIAL-7")
    return profinet_cm.ControllerEnd(controller, device, AGREEMENT), profinet_cm.DeviceEnd(device, 0x8002)


def test_controller_and_device_agree_and_the_device_says_that_it_is_ready() -> None:
    controller, device = ends()
    (answer,) = device.receive(controller.connect())
    controller.connected(answer)
    assert (controller.target, device.target) == (device.station.mac, controller.station.mac)
    (who,) = device.receive(controller.identify())
    assert b"SERIAL-7" in who
    device.receive(controller.write(1, 7, b"abcd"))
    assert device.parameters == {(1, 7): b"abcd"}
    assert not device.prepared
    device.receive(controller.end_of_parameters())
    assert device.prepared
    assert len(controller.receive(device.application_ready())) == 1
    assert (controller.ready, device.prepared) == (True, False)


def test_a_device_without_a_name_does_not_answer() -> None:
    controller, device = ends()
    device.named = False
    assert device.receive(controller.connect()) == ()
    with pytest.raises(ValueError, match=r"call|relation"):
        controller.connected(b"")


@given(octets=st.binary(max_size=300), keep=st.integers(0, 400))
def test_any_octets_leave_both_ends_standing(octets, keep) -> None:
    controller, device = ends()
    first = controller.connect()
    device.receive(first[:keep] + octets)
    device.receive(first)
    device.receive(controller.end_of_parameters())
    controller.receive(device.application_ready()[:keep] + octets)
    device.receive(controller.write(0, 1, b"")[:keep] + octets)


def test_only_the_station_of_that_name_is_found() -> None:
    device = profinet.DcpDevice("rio", "Practice", (1, 2), 1, bytes(4))
    assert device.receive(profinet.find(1, "other")) == ()
    assert len(device.receive(profinet.find(1, "rio"))) == 1
