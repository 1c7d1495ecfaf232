from __future__ import annotations

import pytest

from conformance.oracles import (
    cip,
    datagrams,
    dnp3,
    ethercat,
    iec104,
    link,
    modbus,
    names,
    opcua,
    profinet,
    s7comm,
    sessions,
    synchrophasor,
)
from conformance.oracles.table import ORACLES, PROTOCOLS
from conformance.packets import keys, packet, tcp, udp

A, B = "10.0.0.1", "10.0.0.2"


def test_every_protocol_has_one_oracle():
    assert len(PROTOCOLS) == len(set(PROTOCOLS))
    assert len({oracle.name for oracle in ORACLES}) == len(ORACLES)


def test_several_modbus_adus_in_a_frame_are_several_messages():
    adu = [(1, "<modbus", ""), (2, "modbus.func_code", "3")]
    asked = packet(7, tcp(A, B, 502), adu, adu)
    answered = packet(8, tcp(A, B, 502, back=True), adu)
    assert keys(modbus.ORACLE, asked, answered) == [
        f"7 modbus {A} > {B} function 3 request",
        f"7 modbus {A} > {B} function 3 request",
        f"8 modbus {A} > {B} function 3 answer",
    ]


def s7(**fields: str):
    return [
        (1, "<s7comm", ""),
        *((2, f"s7comm.{name.replace('__', '.')}", shown) for name, shown in fields.items()),
    ]


def test_an_s7_ack_without_a_function_has_that_of_its_job():
    job = packet(1, tcp(A, B, 102), s7(header__rosctr="1", header__pduref="9", param__func="0x1d"))
    ack = packet(2, tcp(A, B, 102, back=True), s7(header__rosctr="2", header__pduref="9"))
    assert keys(s7comm.ORACLE, job, ack)[1] == f"2 s7comm {A} > {B} function 29 answer"


def test_an_s7_controller_that_asks_is_the_client():
    job = packet(1, tcp(A, B, 102, back=True), s7(header__rosctr="1", header__pduref="1", param__func="0x1b"))
    assert keys(s7comm.ORACLE, job) == [f"1 s7comm {B} > {A} function 27 request"]


@pytest.mark.parametrize(("method", "ends"), [("4", f"{B} > {A}"), ("8", f"{A} > {B}"), ("0", f"{A} > {B}")])
def test_s7_userdata_counts_group_and_subfunction(method, ends):
    data = s7(
        header__rosctr="7",
        param__userdata__type=method,
        param__userdata__funcgroup="4",
        param__userdata__subfunc="1",
    )
    kind = "answer" if method == "8" else "request"
    assert keys(s7comm.ORACLE, packet(3, tcp(A, B, 102, back=True), data)) == [
        f"3 s7comm {ends} function 1025 {kind}"
    ]


def enip(command: str, status: str = "0x00000000", context: str = "01"):
    return [
        (1, "<enip", ""),
        (2, "enip.command", command),
        (2, "enip.status", status),
        (2, "enip.context", context),
    ]


def service(code: str, answers: str = "0x00", depth: int = 1, status: str | None = None):
    nodes = [(depth, "<cip", ""), (depth + 1, "cip.rr", answers), (depth + 1, "cip.sc", code)]
    return nodes + ([(depth + 1, "cip.genstat", status)] if status else [])


UNCONNECTED = [*service("0x52"), (1, "<cipcm", ""), *service("0x4c", depth=3)]
MULTIPLE = [*service("0x0a"), *service("0x4c", depth=3), *service("0x4d", depth=3)]


def test_enip_requests_of_its_own_count_and_carriers_do_not():
    register = packet(1, tcp(A, B, 44818), enip("0x0065"))
    answered = packet(2, tcp(A, B, 44818, back=True), enip("0x0065"))
    carrier = packet(3, tcp(A, B, 44818), enip("0x006f"), service("0x0e"))
    assert keys(cip.ORACLE, register, answered, carrier) == [
        f"1 enip {A} > {B} function 101 request",
        f"2 enip {A} > {B} function 101 answer",
        f"3 cip {A} > {B} function 14 request",
    ]


@pytest.mark.parametrize(("wrapped", "inside"), [(UNCONNECTED, [76]), (MULTIPLE, [76, 77])])
def test_only_the_innermost_cip_services_count(wrapped, inside):
    asked = packet(1, tcp(A, B, 44818), enip("0x006f"), wrapped)
    assert keys(cip.ORACLE, asked) == [f"1 cip {A} > {B} function {code} request" for code in inside]


@pytest.mark.parametrize("refusal", [service("0x0a", "0x01", status="0x08"), []])
def test_a_refused_wrapper_answers_all_that_it_held(refusal):
    asked = packet(1, tcp(A, B, 44818), enip("0x006f"), MULTIPLE)
    status = "0x00000000" if refusal else "0x00000064"
    refused = packet(2, tcp(A, B, 44818, back=True), enip("0x006f", status), refusal)
    assert keys(cip.ORACLE, asked, refused)[2:] == [
        f"2 cip {A} > {B} function 76 answer",
        f"2 cip {A} > {B} function 77 answer",
    ]


def ua(kind: str, number: str | None, request: str = "5", chunk: str = "F"):
    nodes = [
        (1, "<opcua", ""),
        (2, "opcua.transport.type", kind),
        (2, "opcua.transport.chunk", chunk),
        (2, "opcua.security.rqid", request),
    ]
    return nodes + ([(2, "opcua.servicenodeid.numeric", number)] if number else [])


def test_opcua_answers_have_the_function_of_their_request():
    asked = packet(1, tcp(A, B, 4840), ua("MSG", "631"))
    chunk = packet(2, tcp(A, B, 4840, back=True), ua("MSG", None, chunk="C"))
    fault = packet(3, tcp(A, B, 4840, back=True), ua("MSG", "397"))
    alone = packet(4, tcp(A, B, 4840, back=True), ua("MSG", "634", request="8"))
    assert keys(opcua.ORACLE, asked, chunk, fault, alone) == [
        f"1 opcua {A} > {B} function 631 request",
        f"3 opcua {A} > {B} function 631 answer",
        f"4 opcua {A} > {B} function 631 answer",
    ]


def test_opcua_transport_messages_do_not_count_and_tell_who_serves():
    hello = packet(1, tcp(A, B, 51210), ua("HEL", None))
    hidden = packet(2, tcp(A, B, 51210), ua("MSG", None))
    opened = packet(3, tcp(A, B, 51210, back=True), ua("OPN", None))
    assert keys(opcua.ORACLE, hello, hidden, opened) == [
        f"2 opcua {A} > {B} function - request",
        f"3 opcua {A} > {B} function 446 answer",
    ]


def test_dcp_answers_count_under_the_service():
    def frame(number, source, destination, kind):
        ends = [(1, "<eth", ""), (2, "eth.src", source), (2, "eth.dst", destination)]
        named = [(1, "<pn_dcp", ""), (2, "pn_dcp.service_id", "5"), (2, "pn_dcp.service_type", kind)]
        return packet(number, ends, named)

    assert keys(profinet.DCP, frame(1, "m1", "all", "0"), frame(2, "m2", "m1", "1")) == [
        "1 profinet-dcp m1 > all function 1280 request",
        "2 profinet-dcp m1 > m2 function 1280 answer",
    ]


def call(kind: str, interface: str = "dea00001-6c97-11d1-8271-00a02442df7d", last: str | None = None):
    nodes = [
        (1, "<dcerpc", ""),
        (2, "dcerpc.pkt_type", kind),
        (2, "dcerpc.opnum", "2"),
        (2, "dcerpc.dg_if_id", interface),
    ]
    flags = [(2, "dcerpc.dg_flags1_frag", "1"), (2, "dcerpc.dg_flags1_last_frag", last or "0")]
    return nodes + (flags if last else [])


def test_pnio_calls_count_once_and_only_theirs():
    packets = [
        packet(1, udp(A, B, 34964), call("0", last="0")),
        packet(2, udp(A, B, 34964), call("0", last="1")),
        packet(3, udp(A, B, 34964, back=True), call("2")),
        packet(4, udp(A, B, 34964), call("1")),
        packet(5, udp(A, B, 34964), call("0", interface="e1af8308-5d1f-11c9-91a4-08002b14a0fa")),
    ]
    assert keys(profinet.CM, *packets) == [
        f"2 pnio-cm {A} > {B} function 2 request",
        f"3 pnio-cm {A} > {B} function 2 answer",
    ]


def test_arp_names_who_has_no_address_by_its_hardware():
    def frame(number, operation, source, target):
        nodes = [
            (1, "<arp", ""),
            (2, "arp.opcode", operation),
            (2, "arp.src.hw_mac", "m1"),
            (2, "arp.src.proto_ipv4", source),
            (2, "arp.dst.proto_ipv4", target),
        ]
        return packet(number, nodes)

    assert keys(link.ARP, frame(1, "1", A, B), frame(2, "2", B, A), frame(3, "1", "0.0.0.0", B)) == [
        f"1 arp {A} > {B} function 1 request",
        f"2 arp {A} > {B} function 1 answer",
        f"3 arp m1 > {B} function 1 request",
    ]


def test_names_tell_questions_from_answers():
    def message(number, layer, response, *, back):
        prefix = "nbns" if layer == "nbns" else "dns"
        flags = [(2, f"{prefix}.flags.response", response), (2, f"{prefix}.flags.opcode", "0")]
        return packet(number, udp(A, B, 53, back=back), [(1, f"<{layer}", ""), *flags])

    packets = [message(1, "dns", "0", back=False), message(2, "nbns", "1", back=True)]
    assert keys(names.ORACLE, *packets) == [
        f"1 dns {A} > {B} function 0 request",
        f"2 nbns {A} > {B} function 0 answer",
    ]


def test_snmp_responses_have_the_tag_of_their_request():
    def pdu(number, tag, request, *, back):
        fields = [(2, "snmp.data", tag), (2, "snmp.request_id", request)]
        return packet(number, udp(A, B, 161, back=back), [(1, "<snmp", ""), *fields])

    assert keys(datagrams.SNMP, pdu(1, "5", "7", back=False), pdu(2, "2", "7", back=True)) == [
        f"1 snmp {A} > {B} function 5 request",
        f"2 snmp {A} > {B} function 5 answer",
    ]


def test_encrypted_snmp_counts_by_port_without_a_function():
    hidden = [(1, "<snmp", ""), (2, "snmp.encryptedPDU", "67:2b")]
    assert keys(
        datagrams.SNMP, packet(1, udp(A, B, 161), hidden), packet(2, udp(A, B, 161, back=True), hidden)
    ) == [
        f"1 snmp {A} > {B} function - request",
        f"2 snmp {A} > {B} function - answer",
    ]


def test_pipelined_http_is_answered_in_order_and_interim_answers_settle_nothing():
    def ask(number, method):
        return packet(number, tcp(A, B, 80), [(1, "<http", ""), (2, "http.request.method", method)])

    def reply(number, code):
        return packet(number, tcp(A, B, 80, back=True), [(1, "<http", ""), (2, "http.response.code", code)])

    assert keys(
        sessions.HTTP, ask(1, "PUT"), ask(2, "GET"), reply(3, "100"), reply(4, "201"), reply(5, "200")
    ) == [
        f"1 http {A} > {B} function PUT request",
        f"2 http {A} > {B} function GET request",
        f"4 http {A} > {B} function PUT answer",
        f"5 http {A} > {B} function GET answer",
    ]


def test_a_fatal_alert_in_place_of_a_server_hello_answers():
    hello = packet(1, tcp(A, B, 443), [(1, "<tls", ""), (2, "tls.handshake.type", "1")])
    alert = [(1, "<tls", ""), (2, "tls.alert_message.level", "2")]
    packets = [hello, packet(2, tcp(A, B, 443), alert), packet(3, tcp(A, B, 443, back=True), alert)]
    later = packet(4, tcp(A, B, 443, back=True), alert)
    assert keys(sessions.TLS, *packets, later)[1:] == [f"3 tls {A} > {B} function 1 answer"]


def test_tls_counts_hellos_only():
    def hand(number, *types, back):
        shown = [(2, "tls.handshake.type", kind) for kind in types]
        return packet(number, tcp(A, B, 443, back=back), [(1, "<tls", ""), *shown])

    assert keys(sessions.TLS, hand(1, "1", back=False), hand(2, "2", "11", "14", back=True)) == [
        f"1 tls {A} > {B} function 1 request",
        f"2 tls {A} > {B} function 1 answer",
    ]


def test_an_ethercat_frame_that_came_back_answers_its_sender():
    def frame(number, source):
        ends = [(1, "<eth", ""), (2, "eth.src", source), (2, "eth.dst", "01:01:05:01:00:00")]
        return packet(number, ends, [(1, "<ecat", ""), (2, "ecat.cmd", "0x0a"), (2, "ecat.cmd", "0x07")])

    sent, back = frame(1, "00:01:05:00:00:01"), frame(2, "02:01:05:00:00:01")
    assert keys(ethercat.ORACLE, sent, back) == [
        f"{number} ethercat 00:01:05:00:00:01 > 01:01:05:01:00:00 function {function} {kind}"
        for number, kind in ((1, "request"), (2, "answer"))
        for function in (10, 7)
    ]


def test_what_a_synchrophasor_command_asks_for_answers_it_once():
    def frame(number, kind, *, back, command=None):
        shown = [(2, "synphasor.frtype", kind), (2, "synphasor.idcode_stream_source", "7")]
        shown += [(2, "synphasor.command", command)] if command else []
        return packet(number, tcp(A, B, 4712, back=back), [(1, "<synphasor", ""), *shown])

    packets = [
        frame(1, "0x0004", back=False, command="0x0005"),
        frame(2, "0x0003", back=True),
        frame(3, "0x0003", back=True),
    ]
    assert keys(synchrophasor.ORACLE, *packets) == [
        f"1 c37118 {A} > {B} function 261 request",
        f"2 c37118 {A} > {B} function 261 answer",
        f"3 c37118 {A} > {B} function 3 request",
    ]


def fragment(seq: str, function: str, *more: tuple[str, str], length: str = "17"):
    """An outstation's segment with a whole fragment, as tshark shows it."""
    shown = [
        ("ctl.dir", "False"),
        ("ctl.prifunc", "4"),
        ("al.func", function),
        ("al.seq", "3"),
        ("al.fir", "True"),
    ]
    return [
        (2, "tcp.seq", seq),
        (2, "tcp.len", length),
        (1, "<dnp3", ""),
        *((2, f"dnp3.{name}", value) for name, value in [*shown, *more]),
    ]


def test_octets_that_a_stream_has_twice_count_once_in_whatever_order_they_come():
    sent = [
        ("4294967290", "17"),
        ("28", "17"),  # behind a hole, and behind the number's wrap
        ("4294967290", "17"),  # again
        ("11", "17"),  # fills the hole
        ("4294967290", "34"),  # again, both in one
        ("28", "18"),  # again, and one octet more
    ]
    frames = [
        packet(n, tcp(A, B, 20000, back=True), fragment(seq, "130", length=length))
        for n, (seq, length) in enumerate(sent, 1)
    ]
    frames.append(packet(7, tcp(A, B, 20000), fragment("11", "130")))
    frames.append(packet(8, tcp(A, B, 20000, back=True, stream=1), fragment("11", "130")))
    told = f"dnp3 {A} > {B} function 130 request"
    counted = [line.partition(" ")[0] for line in keys(dnp3.ORACLE, *frames)]
    assert keys(dnp3.ORACLE, frames[0]) == [f"1 {told}"]
    assert counted == ["1", "2", "4", "6", "7", "8"]


def test_what_tshark_laid_over_another_fragment_is_no_dnp3_message():
    conflict = ("al.fragment.overlap.conflict", "1")
    laid = packet(1, tcp(A, B, 20000, back=True), fragment("7", "0", conflict))
    good = packet(2, tcp(A, B, 20000, back=True), fragment("9", "130", ("al.fragment.overlap.conflict", "0")))
    assert keys(dnp3.ORACLE, laid, good) == [f"2 dnp3 {A} > {B} function 130 request"]


def apdu(seq: str, length: str, *asdu: tuple[str, str]):
    return [
        (2, "tcp.seq", seq),
        (2, "tcp.len", length),
        (1, "<iec60870_104", ""),
        (1, "<iec60870_asdu", ""),
        *((2, f"iec60870_asdu.{name}", shown) for name, shown in asdu),
    ]


def test_an_apdu_whose_first_octet_came_before_is_none_and_an_asdu_without_its_address_neither():
    whole = [("typeid", "100"), ("causetx", "6"), ("addr", "4"), ("ioa", "0")]
    frames = [
        packet(1, tcp(A, B, 2404), apdu("1", "16", *whole)),
        packet(2, tcp(A, B, 2404), apdu("1", "22", *whole)),
        packet(3, tcp(A, B, 2404), apdu("40", "10", *whole[:2])),
    ]
    assert keys(iec104.ORACLE, *frames) == [f"1 iec104 {A} > {B} function 100 request"]
