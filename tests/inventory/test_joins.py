"""Strong reasons for which several addresses are one machine, and weak ones that are none."""

from __future__ import annotations

from inventory.build import at, clue, flow, proofs, take_stock

ONE, TWO, OTHER = "00:1c:06:00:00:01", "00:1c:06:00:00:02", "3c:97:0e:00:00:02"


def serial(ip, value="SN-4711-08", vendor="Siemens", **more):
    return [
        clue(ip, "serial", value, protocol="s7comm", **more),
        clue(ip, "vendor", vendor, protocol="s7comm", **more),
    ]


def test_one_serial_number_joins_network_cards():
    stock = take_stock(
        [clue("10.0.0.1", "mac", ONE), clue("10.1.0.1", "mac", TWO), *serial("10.0.0.1"), *serial("10.1.0.1")]
    )
    asset = at(stock, ONE)
    assert (asset.macs, set(asset.ips)) == ((ONE, TWO), {"10.0.0.1", "10.1.0.1"})
    assert "the same serial number SN-4711-08" in proofs(asset, "macs")[0].note


def test_other_vendors_realms_order_numbers_and_fillers_do_not_join():
    pairs = [
        [*serial("10.0.0.1"), *serial("10.0.0.2", vendor="Rockwell Automation")],
        [*serial("10.0.0.1", "00000000"), *serial("10.0.0.2", "00000000")],
        [*serial("10.0.0.1", "unknown"), *serial("10.0.0.2", "unknown")],
        [*serial("10.0.0.1"), *serial("10.0.0.2"), clue("10.0.0.1", "order-number", "6ES7 315-2EH14-0AB0"),
         clue("10.0.0.2", "order-number", "6ES7 516-3AN01-0AB0")],
    ]  # fmt: skip
    for records in pairs:
        stock = take_stock(records)
        assert at(stock, "10.0.0.1").id != at(stock, "10.0.0.2").id
    cells = take_stock([*serial("10.0.0.1"), *serial("10.0.0.1", realm="cell-2")])
    assert len({a.id for a in cells.assets(0)}) == 2


def test_a_name_alone_joins_nothing():
    stock = take_stock(
        [clue("10.0.0.1", "name", "PLC", protocol="lldp"), clue("10.0.0.2", "name", "PLC", protocol="lldp")]
    )
    assert len(stock.assets(0)) == 2


def test_ports_of_a_switch_are_one_machine():
    ports = [f"00:1c:06:00:01:{i:02x}" for i in range(8)]
    stock = take_stock([c for p in ports for c in (clue(p, "name", "sw-1", protocol="lldp"),
                                                   clue(p, "ip", "10.0.0.250", protocol="lldp"))])  # fmt: skip
    assert at(stock, ports[0]).macs == tuple(ports)
    assert at(stock, "10.0.0.250").names == ("sw-1",)
    assert len(stock.assets(0)) == 1


def test_a_port_that_announces_the_address_of_its_system():
    stock = take_stock(
        [flow("10.0.0.9", "10.0.0.1", server_mac=ONE), clue(TWO, "ip", "10.0.0.1", protocol="lldp")]
    )
    assert at(stock, "10.0.0.1").macs == (ONE, TWO)


def test_who_announces_a_strangers_address_does_not_become_him():
    stock = take_stock(
        [flow("10.0.0.9", "10.0.0.1", server_mac=ONE), clue(OTHER, "ip", "10.0.0.1", protocol="lldp")]
    )
    assert at(stock, ONE).id != at(stock, OTHER).id


def test_a_serial_number_belongs_to_who_held_the_address_then():
    day = 86_400_000_000_000
    stock = take_stock(
        [clue("10.0.0.1", "mac", ONE, time=day), *serial("10.0.0.1", "SN-4711-08", time=day),
         clue("10.0.0.1", "mac", TWO, time=9 * day), *serial("10.0.0.1", "SN-9999-01", time=9 * day)]
    )  # fmt: skip
    assert (at(stock, ONE).serial, at(stock, TWO).serial) == ("SN-4711-08", "SN-9999-01")


def test_a_mac_that_a_segment_marked_is_its_senders():
    sender, back = "00:01:05:00:00:01", "02:01:05:00:00:01"
    stock = take_stock(
        [
            flow(sender, "01:01:05:01:00:00"),
            flow(back, "01:01:05:01:00:00"),
            clue(sender, "mac", back, protocol="ethercat"),
        ]
    )
    assert at(stock, sender).macs == (sender, back)
    assert "came back through the segment" in proofs(at(stock, sender), "macs")[0].note


def test_no_other_mac_is_taken_for_a_marked_one():
    stock = take_stock(
        [flow(ONE, TWO), flow(OTHER, TWO), clue(ONE, "mac", OTHER, protocol="ethercat")],
    )
    assert at(stock, ONE).id != at(stock, OTHER).id
