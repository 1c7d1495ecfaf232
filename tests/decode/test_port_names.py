"""Whether a port names a conversation whose octets no decoder knows: not where they refute it."""

from __future__ import annotations

import pytest

from decode.feed import CLIENT, SERVER, tcp
from interlock.decode.registry import load_specs

METER = bytes.fromhex("6047a60406022a03a803020101be3a2838")
"""An ACSE PDU, as C12.22 meters are asked by: no decoder's."""
ANSWER = bytes.fromhex("6069a207060560867401")
HEADFUL = {
    21: "ftp", 102: "iso-tsap", 502: "modbus", 2404: "iec104", 4712: "c37118", 4840: "opcua", 9600: "fins",
    11740: "codesys", 18245: "ge-srtp", 20000: "dnp3", 44818: "enip",
}  # fmt: skip
HEADLESS = {22: "ssh", 23: "telnet", 80: "http", 443: "tls", 3389: "rdp"}
BOTH = [(CLIENT, METER), (SERVER, ANSWER)]


def named(talk: list[tuple[int, bytes]], port: int, *, begun: bool) -> tuple[str | None, str]:
    (flow,) = tcp(talk, port=port, client_port=49999, handshake=begun)["flows"]
    return flow["protocol"], flow["basis"]


@pytest.mark.parametrize("port", [*HEADFUL, *HEADLESS])
def test_a_beginning_that_its_decoder_refuses_is_not_named_by_its_port(port: int) -> None:
    assert named([(CLIENT, METER)], port, begun=True) == (None, "unknown")


@pytest.mark.parametrize("port", HEADFUL)
def test_nor_is_the_middle_where_both_ends_say_what_it_refuses(port: int) -> None:
    assert named(BOTH, port, begun=False) == (None, "unknown")


@pytest.mark.parametrize(("port", "name"), [*HEADFUL.items(), *HEADLESS.items()])
def test_one_end_may_be_in_the_middle_of_a_message(port: int, name: str) -> None:
    assert named([(CLIENT, METER)] * 3, port, begun=False) == (name, "port")
    assert named([(SERVER, ANSWER)] * 9, port, begun=False) == (name, "port")


@pytest.mark.parametrize(("port", "name"), HEADLESS.items())
def test_ciphered_and_raw_streams_keep_the_name_of_their_port(port: int, name: str) -> None:
    assert named(BOTH, port, begun=False) == (name, "port")
    assert named([*BOTH, *BOTH, *BOTH, *BOTH], port, begun=False) == (name, "port")


def test_the_tail_of_a_message_on_each_side_costs_no_name() -> None:
    ask = bytes.fromhex("000700000006010300000001")
    tails = [(CLIENT, b"\xff" * 20), (SERVER, b"\xfe" * 20)]
    assert named([*tails, (CLIENT, ask)], 502, begun=False) == ("modbus", "parsed")


def test_who_is_headless_is_said_by_the_specs() -> None:
    known = {name for spec in load_specs(outside=False) if spec.headless for name in spec.names}
    assert known == {*HEADLESS.values(), "winrm"}
