"""Devices behind one address."""

from __future__ import annotations

import pytest

from inventory.build import NOW, SECOND, at, clue, operation, take_stock

IP = "10.0.0.1"


def asks(unit, protocol="modbus", times=4, **more):
    return [
        operation("10.0.0.9", IP, unit=unit, protocol=protocol, time=NOW + i, **more) for i in range(times)
    ]


def units(records):
    stock = take_stock(records)
    parent = at(stock, IP)
    directory = stock.directory(NOW)
    return [directory.by_id[c].unit for c in parent.children]


def test_a_single_unit_is_the_machine_itself():
    assert units(asks("1")) == []
    assert units(asks("0.2", "s7comm")) == []
    assert units(asks("255")) == []


def test_two_units_are_children_and_the_address_a_gateway():
    stock = take_stock(
        [*asks("1"), *asks("17"), clue(f"{IP}/17", "product", "Power meter", protocol="modbus")]
    )
    parent = at(stock, IP)
    meter = at(stock, f"{IP}/17")
    assert parent.role == "gateway"
    assert meter.parent == parent.id
    assert (meter.unit, meter.product, meter.ips, meter.served) == ("17", "Power meter", (), ("modbus",))
    assert meter.first_seen == NOW
    assert at(stock, f"{IP}/99").id == parent.id, "an unknown unit is looked up as its address"


def test_a_unit_beside_the_device_itself_is_a_child():
    assert units([*asks("255"), *asks("3")]) == ["3"]


def test_a_unit_that_contradicts_the_address_is_a_child():
    records = [
        clue(IP, "product", "1756-ENBT/A", protocol="enip"),
        clue(f"{IP}/1.0", "product", "1756-L61", protocol="cip"),
    ]
    assert units([*records, *asks("1.0", "cip")]) == ["1.0"]
    same = [
        clue(IP, "product", "1769-L16ER", protocol="enip"),
        clue(f"{IP}/1.0", "product", "1769-L16ER", protocol="cip"),
    ]
    assert units([*same, *asks("1.0", "cip")]) == []


def test_what_a_folded_unit_says_is_said_by_the_address():
    stock = take_stock([*asks("1"), clue(f"{IP}/1", "product", "M221", protocol="modbus")])
    assert at(stock, IP).product == "M221"


@pytest.mark.parametrize(
    "answer",
    [{"outcome": "no-answer"}, {"outcome": "refused", "code": 10}, {"outcome": "refused", "code": 11}],
)
def test_units_that_are_only_asked_for_do_not_exist(answer):
    assert units([r for u in range(1, 60) for r in asks(str(u), **answer)] + asks("1")) == []


def test_a_scan_of_a_server_that_ignores_the_unit_makes_no_children():
    assert units([r for u in range(1, 248) for r in asks(str(u))]) == []
    assert units([r for u in range(1, 248) for r in asks(str(u), times=1)]) == []


def test_two_protocols_with_one_unit_each_are_one_machine():
    assert units([*asks("1"), *asks("0.2", "s7comm")]) == []


def test_a_rack_is_no_gateway():
    stock = take_stock([*asks("0.2", "s7comm"), *asks("0.3", "s7comm")])
    assert at(stock, IP).role == "plc"
    assert len(at(stock, IP).children) == 2


def test_children_of_cloned_addresses_stay_in_their_realm():
    cells = [(t, {**r, "realm": realm}) for realm in ("a", "b") for t, r in [*asks("1"), *asks("2")]]
    stock = take_stock(cells)
    assert len({a.id for a in stock.assets(NOW + SECOND)}) == 8
