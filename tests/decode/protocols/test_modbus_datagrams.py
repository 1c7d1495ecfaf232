"""Modbus over UDP is taken for Modbus on any port, what only begins like it is not."""

from __future__ import annotations

import pytest

from decode.feed import CLIENT, SERVER, udp

ASK = bytes.fromhex("000100000006010300000001")
REPLY = bytes.fromhex("00010000000501030200ff")
BROADCAST = bytes.fromhex("570100000011110700 00ffff030000fe03000020001c0a1614") + bytes(28)


@pytest.mark.parametrize("port", [502, 5020])
def test_a_poll_over_udp_is_modbus_on_any_port(port):
    rows = udp([(CLIENT, ASK), (SERVER, REPLY)], port=port)
    found = [(row["protocol"], row["function"], row["outcome"]) for row in rows["operations"]]
    assert found == [("modbus", 3, "ok")]


def test_melsofts_broadcast_is_its_own_and_not_modbus():
    rows = udp([(CLIENT, BROADCAST)] * 3, port=5560)
    assert {row["protocol"] for row in rows["operations"]} == {"melsec"}
    assert [flow["protocol"] for flow in rows["flows"]] == ["melsec"]


def test_octets_after_the_adu_do_not_hide_it_on_the_registered_port():
    rows = udp([(CLIENT, ASK + bytes(6))], port=502)
    assert [row["function"] for row in rows["operations"]][:1] == [3]
