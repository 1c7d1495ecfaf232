"""What a machine is for, level, operating system and exposure: each rule family once, with its sentence."""

from __future__ import annotations

import pytest

from interlock.inventory.registry_files import load_rules
from interlock.inventory.rules import MEASURES
from interlock.records.vocabulary import ROLES
from inventory.build import NOW, at, clue, flow, login, operation, proofs, take_stock

IP, PC = "10.0.0.1", "10.0.0.9"


def role_by(*clues):
    stock = take_stock([clue(IP, f, v, protocol="s7comm") for f, v in clues])
    return at(stock, IP)


@pytest.mark.parametrize(
    ("order", "role"),
    [
        ("6ES7 315-2EH14-0AB0", "plc"),
        ("6ES7 416-3ER05-0AB0", "plc"),
        ("6ES7 214-1AG40-0XB0", "plc"),
        ("6ES7 516-3AN01-0AB0", "plc"),
        ("6ES7 512-1DK01-0AB0", "plc"),
        ("6ES7 151-8AB01-0AB0", "plc"),
        ("6ES7 155-6AU01-0BN0", "io"),
        ("6ES7 151-3BA23-0AB0", "io"),
        ("6SL3 244-0BB12-1FA0", "drive"),
        ("6AV2 124-0MC01-0AX0", "hmi"),
        ("6GK5 208-0BA10-2AA3", "switch"),
        ("6GK5 788-2GD00-0AA0", "access-point"),
        ("7SJ8 011-1AA00", "ied"),
        ("6ED1 052-1MD08-0BA1", "plc"),
    ],
)
def test_siemens_order_numbers(order, role):
    asset = role_by(("order-number", order))
    assert asset.role == role
    assert order in proofs(asset, "role")[0].note


@pytest.mark.parametrize(
    ("field", "value", "role"),
    [
        ("device-type", "14", "plc"),
        ("device-type", "cip:24", "hmi"),
        ("device-type", "AC Drive Device", "drive"),
        ("device-type", "lldp:bridge", "switch"),
        ("device-type", "lldp:wlan-access-point", "access-point"),
        ("device-type", "IO-Controller", "plc"),
        ("product-code", "cip:1/14/54", "plc"),
        ("safety", "CIP Safety", "safety-controller"),
        ("product", "1756-L61/B LOGIX5561", "plc"),
        ("product", "PanelView Plus 6", "hmi"),
        ("description", "Cisco IOS Software, C2960 L2 Software, switch", "switch"),
        ("software", "Apache/2.4.41 (Ubuntu)", "server"),
        ("role", "io", "io"),
    ],
)
def test_what_a_machine_says(field, value, role):
    if field == "product" and role == "plc":
        value = "1769-L16ER/B LOGIX5316ER"
    assert role_by((field, value)).role == role


@pytest.mark.parametrize(
    "value",
    [
        "CIP Safety (safety segment in Forward Open)",
        "CIP Safety (safety object answered)",
        "PROFIsafe (F-parameters written)",
        "PROFIsafe (fail-safe submodule in the GSDML)",
        "FSoE (built up from Session to data)",
        "TriStation",
    ],
)
@pytest.mark.parametrize(
    "also",
    [
        [("device-type", "IO-Controller")],
        [("device-type", "profinet:io-device"), ("order-number", "6ES7 155-6AU01-0BN0")],
        [("product-code", "cip:1/14/54"), ("product", "1769-L16ER/B LOGIX5316ER")],
        [],
    ],
)
def test_who_speaks_a_safety_protocol_is_a_safety_system(also, value):
    asset = role_by(*also, ("safety", value))
    assert asset.role == "safety-controller"
    assert value in proofs(asset, "role")[0].note


def test_a_panel_that_speaks_to_safety_systems_stays_one():
    assert role_by(("device-type", "cip:24"), ("product", "PanelView Plus 6"), ("safety", "x")).role == "hmi"


def test_a_claimed_role_outside_the_vocabulary_is_no_role():
    assert role_by(("role", "toaster")).role is None


def acts(verb, servers, times=1, protocol="s7comm", client=PC):
    return [
        operation(client, s, verb=verb, protocol=protocol, time=NOW + i)
        for s in servers
        for i in range(times)
    ]


PLCS = [f"10.0.1.{i}" for i in range(1, 9)]


@pytest.mark.parametrize(
    ("records", "role"),
    [
        (acts("read", PLCS[:1], 6), "hmi"),
        (acts("read", PLCS[:2], 6) + acts("write", PLCS[:1]), "hmi"),
        (acts("read", PLCS, 6) + acts("write", PLCS[:1]), "scada-server"),
        (acts("read", PLCS[:5], 6), "historian"),
        (acts("program-write", PLCS[:1]), "engineering-station"),
        (acts("program-read", PLCS[:1]), "engineering-station"),
        (acts("stop", PLCS[:1]), "engineering-station"),
        (acts("read", PLCS[:1], 2), None),
    ],
)
def test_what_a_machine_does(records, role):
    asset = at(take_stock(records), PC)
    assert asset.role == role
    if role is not None:
        assert proofs(asset, "role")[0].note


def test_what_is_not_answered_tells_nothing():
    records = [operation(PC, s, verb="program-write", outcome="no-answer", protocol="s7comm") for s in PLCS]
    assert at(take_stock(records), PC).role is None


def test_controllers_that_poll_each_other_are_no_panels():
    records = acts("read", [PLCS[1]], 9, client=PLCS[0]) + acts("read", [PLCS[0]], 9, client=PLCS[1])
    stock = take_stock(records)
    assert {at(stock, p).role for p in PLCS[:2]} == {"plc"}


def test_a_port_number_alone_makes_no_plc():
    stock = take_stock([flow(PC, IP, basis="port", confidence=0.3)])
    assert at(stock, IP).role is None
    assert proofs(at(stock, IP), "served")[0].note == "told by the port number only"


def test_a_refused_connection_serves_nothing():
    stock = take_stock([flow(PC, IP, state="refused", basis="port")])
    assert at(stock, IP).served == ()


def test_publishing_goose_makes_an_ied():
    stock = take_stock([flow("00:30:a7:00:00:01", "01:0c:cd:01:00:01", protocol="goose", transport="eth/0x88b8",
                             server_packets=0, state=None)])  # fmt: skip
    assert at(stock, "00:30:a7:00:00:01").role == "ied"


def test_levels_follow_roles():
    stock = take_stock(acts("read", PLCS, 6) + acts("write", PLCS[:1]))
    assert at(stock, PLCS[0]).purdue_level == "1"
    assert at(stock, PC).purdue_level == "2"
    assert proofs(at(stock, PC), "purdue_level")[0].note == "The role scada-server stands on level 2."


def test_unknown_is_absent():
    asset = at(take_stock([flow(PC, IP, protocol=None, basis="unknown")]), IP)
    assert (asset.role, asset.purdue_level, asset.vendor, asset.os, asset.served) == (
        None,
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize(
    ("field", "value", "system"),
    [
        ("software", "Mozilla/5.0 (Windows NT 6.1; WOW64)", "Windows 7"),
        ("software", "SSH-2.0-OpenSSH_7.9p1 Debian-10", "Linux (Debian)"),
        ("software", "SSH-2.0-OpenSSH_7.4", "Linux"),
        ("fingerprint", "dhcp:MSFT 5.0", "Windows"),
        ("os", "Windows Server 2008 R2", "Windows Server 2008 R2"),
        ("ttl", "128-0", None),
    ],
)
def test_operating_systems(field, value, system):
    asset = at(take_stock([clue(IP, field, value)]), IP)
    assert asset.os == system
    assert proofs(asset, "os")


def test_numbers_become_names():
    asset = at(take_stock([clue(IP, "vendor-id", "cip:1", protocol="enip")]), IP)
    assert asset.vendor == "Rockwell Automation/Allen-Bradley"
    assert proofs(asset, "vendor")[0].note == "Registered vendor of cip:1."
    profinet = at(take_stock([clue(IP, "product-code", "profinet:0x002a/0x0313")]), IP)
    assert (profinet.vendor, profinet.product) == ("Siemens", "ET200SP")


def test_the_maker_of_the_interface_is_a_weak_hint():
    asset = at(take_stock([clue(IP, "mac", "00:0e:8c:00:00:01")]), IP)
    assert asset.vendor == "Siemens AG"
    assert proofs(asset, "vendor")[0].confidence < 0.5


def test_exposures():
    stock = take_stock(
        [*acts("read", [IP], 6), flow(IP, "8.8.8.8", protocol="dns", client_mac=None), login(PC, IP),
         clue("8.8.8.8", "ttl", "64-9")]
    )  # fmt: skip
    asset = at(stock, IP)
    assert {p.value for p in proofs(asset, "exposure")} == {"open-control", "internet", "clear-login"}
    assert asset.risk.score == sum(int(r.split(":")[0]) for r in asset.risk.reasons)
    assert any("8.8.8.8" in r for r in asset.risk.reasons)
    assert at(stock, "8.8.8.8").risk.score == 0


def test_the_shipped_rules_use_the_vocabulary():
    rules = load_rules()
    assert set(rules.levels) <= set(ROLES)
    assert {v.value for v in rules.serves.values()} <= set(ROLES)
    assert all(set(b.needs) <= MEASURES for b in rules.behaviours)
    assert rules.open_control <= rules.control
