"""Traps around MACs and IPs: what may merge, and what must stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.inventory.bonds import Bond, holder_at, holders_at
from inventory.build import NOW, SECOND, at, clue, flow, proofs, take_stock

PLC, PC, ROUTER = "00:0e:8c:00:00:01", "3c:97:0e:00:00:02", "00:00:0c:00:00:03"
HOUR = 3600 * SECOND


def ids(stock, *addresses):
    return [at(stock, a).id for a in addresses]


def test_arp_binds_ip_and_mac():
    stock = take_stock([clue("10.0.0.1", "mac", PLC)])
    assert ids(stock, "10.0.0.1", PLC)[0] == at(stock, PLC).id
    assert at(stock, PLC).ips == ("10.0.0.1",)
    assert [p.protocol for p in proofs(at(stock, PLC), "ips")] == ["arp"]


def test_a_router_does_not_swallow_the_machines_behind_it():
    behind = [f"10.9.{i}.7" for i in range(5)]
    stock = take_stock(
        [
            clue("10.0.0.1", "mac", PLC),
            clue("10.0.0.254", "mac", ROUTER),
            *[flow(ip, "10.0.0.1", client_mac=ROUTER, server_mac=PLC) for ip in behind],
        ]
    )
    assert len(set(ids(stock, *behind, "10.0.0.254", "10.0.0.1"))) == 7
    router = at(stock, ROUTER)
    assert router.ips == ("10.0.0.254",)
    assert router.role == "router"
    for ip in behind:
        assert at(stock, ip).macs == ()
        assert [p.value for p in proofs(at(stock, ip), "via")] == [ROUTER]


def test_one_machine_behind_a_router_is_told_by_its_ttl():
    stock = take_stock([flow("10.9.9.9", "10.0.0.1", client_mac=ROUTER), clue("10.9.9.9", "ttl", "128-1")])
    assert at(stock, "10.9.9.9").macs == ()
    assert at(stock, ROUTER).role == "router"


def test_without_ttl_the_only_address_of_a_mac_is_its_own():
    stock = take_stock([flow("10.9.9.9", "10.0.0.1", client_mac=PC)])
    assert at(stock, "10.9.9.9").macs == (PC,)


def test_a_public_address_alone_on_a_mac_came_through_it():
    stock = take_stock([flow("8.8.8.8", "10.0.0.1", client_mac=ROUTER, server_mac=PLC)])
    assert at(stock, "8.8.8.8").macs == ()
    assert at(stock, "8.8.8.8").purdue_level == "5"


def test_public_addresses_used_inside_are_machines_of_the_plant():
    stock = take_stock([clue("141.81.0.10", "mac", PLC), flow("141.81.0.24", "141.81.0.10", client_mac=PC),
                        clue("141.81.0.24", "ttl", "64-0")])  # fmt: skip
    assert at(stock, "141.81.0.10").macs == (PLC,)
    assert at(stock, "141.81.0.24").macs == (PC,)
    assert at(stock, "141.81.0.24").purdue_level != "5"
    assert "internet" not in [p.value for p in proofs(at(stock, "141.81.0.10"), "exposure")]


def test_proxy_arp_leaves_the_machines_apart():
    others = [f"10.0.0.{i}" for i in range(10, 20)]
    stock = take_stock(
        [*[clue(ip, "mac", ROUTER) for ip in others], *[flow(ip, "10.0.0.1") for ip in others]]
    )
    assert len(set(ids(stock, *others))) == len(others)
    assert at(stock, ROUTER).ips == ()
    assert "proxy ARP" in proofs(at(stock, ROUTER), "forwards")[0].note


def test_proxy_arp_told_by_decode_counts_from_two_addresses():
    stock = take_stock(
        [clue("10.0.0.10", "mac", ROUTER), clue("10.0.0.11", "mac", ROUTER), clue(ROUTER, "proxy-arp", "2")]
    )
    assert at(stock, "10.0.0.10").id != at(stock, "10.0.0.11").id


def test_second_addresses_of_one_machine_merge():
    stock = take_stock([clue("10.0.0.1", "mac", PLC), clue("10.0.0.2", "mac", PLC)])
    assert at(stock, PLC).ips == ("10.0.0.1", "10.0.0.2")


def test_addresses_with_different_serial_numbers_never_merge():
    stock = take_stock(
        [
            clue("10.0.0.1", "mac", ROUTER),
            clue("10.0.0.2", "mac", ROUTER),
            clue("10.0.0.1", "serial", "AB-1001", protocol="s7comm"),
            clue("10.0.0.2", "serial", "AB-1002", protocol="s7comm"),
        ]
    )
    assert at(stock, "10.0.0.1").serial == "AB-1001"
    assert at(stock, "10.0.0.2").serial == "AB-1002"


@pytest.mark.parametrize(
    "mac", ["00:00:5e:00:01:07", "00:00:0c:07:ac:07", "00:00:0c:9f:f0:07", "00:07:b4:00:01:07"]
)
def test_a_virtual_router_is_a_router_and_no_machine_behind_it(mac):
    stock = take_stock(
        [clue("10.0.0.254", "mac", mac), clue("10.0.0.252", "mac", ROUTER),
         flow("10.7.0.1", "10.0.0.1", client_mac=mac), flow("10.0.0.1", "10.7.0.1", server_mac=mac)]
    )  # fmt: skip
    virtual = at(stock, mac)
    assert virtual.role == "router"
    assert virtual.ips == ("10.0.0.254",)
    assert virtual.vendor is None
    assert len({virtual.id, *ids(stock, ROUTER, "10.7.0.1", "10.0.0.1")}) == 4


def test_dhcp_gives_one_machine_new_addresses():
    stock = take_stock(
        [clue("10.0.0.50", "mac", PC, protocol="dhcp", time=NOW), flow("10.0.0.50", "10.0.0.1", client_mac=PC),
         clue("10.0.0.51", "mac", PC, protocol="dhcp", time=NOW + 24 * HOUR),
         flow("10.0.0.51", "10.0.0.1", client_mac=PC, first=NOW + 24 * HOUR, last=NOW + 25 * HOUR)]
    )  # fmt: skip
    assert at(stock, PC).ips == ("10.0.0.51", "10.0.0.50")
    assert len(stock.assets(NOW)) == 2


def test_an_address_that_is_lent_on_takes_nothing_along():
    later = NOW + 24 * HOUR
    stock = take_stock(
        [clue("10.0.0.50", "mac", PC), clue("10.0.0.50", "name", "first", protocol="smb", time=NOW + SECOND),
         flow("10.0.0.50", "10.0.0.1", client_mac=PC, first=NOW, last=NOW + HOUR),
         clue("10.0.0.50", "mac", PLC, time=later),
         clue("10.0.0.50", "name", "second", protocol="smb", time=later + SECOND),
         flow("10.0.0.50", "10.0.0.1", client_mac=PLC, first=later, last=later + HOUR)]
    )  # fmt: skip
    assert at(stock, PC).names == ("first",)
    assert at(stock, PLC).names == ("second",)
    directory = stock.directory(NOW)
    assert directory.id_of("default", "10.0.0.50") == at(stock, PLC).id
    assert directory.id_of("default", "10.0.0.50", NOW + SECOND) == at(stock, PC).id
    assert directory.id_of("default", "10.0.0.50", later) == at(stock, PLC).id
    assert at(stock, PC).last_seen == NOW + HOUR


def test_carried_addresses_one_after_the_other_are_a_move_and_at_once_are_a_router():
    moved = take_stock([flow("10.0.0.5", "10.0.0.1", client_mac=PC),
                        flow("10.0.0.6", "10.0.0.1", client_mac=PC, first=NOW + HOUR, last=NOW + HOUR)])  # fmt: skip
    assert at(moved, PC).ips == ("10.0.0.6", "10.0.0.5")
    at_once = take_stock(
        [flow("10.0.0.5", "10.0.0.1", client_mac=PC), flow("10.0.0.6", "10.0.0.1", client_mac=PC)]
    )
    assert at(at_once, PC).ips == ()
    assert at(at_once, "10.0.0.5").id != at(at_once, "10.0.0.6").id


def test_both_sides_of_a_router_in_one_capture():
    """The same packet before and after the router: its first MAC is its own, the second the router's."""
    stock = take_stock(
        [clue("10.50.1.50", "mac", PLC, protocol="ipv4", frame=1), clue("10.50.1.50", "ttl", "64-0", frame=1),
         clue("10.50.1.50", "mac", ROUTER, protocol="ipv4", frame=2), clue("10.50.1.50", "ttl", "64-1", frame=2)]
    )  # fmt: skip
    assert at(stock, "10.50.1.50").macs == (PLC,)
    assert at(stock, ROUTER).ips == ()


def test_the_short_ttl_of_a_group_message_is_no_distance():
    stock = take_stock([clue("10.0.0.5", "mac", PC, protocol="ipv4"), clue("10.0.0.5", "ttl", "64-0"),
                        clue("10.0.0.5", "ttl", "32-31"), flow("10.0.0.5", "10.0.0.1", client_mac=PC)])  # fmt: skip
    assert at(stock, "10.0.0.5").macs == (PC,)


def test_ipv6_addresses_follow_their_mac():
    stock = take_stock(
        [clue("10.0.0.1", "mac", PLC), flow("fe80::20e:8cff:fe00:1", "fe80::99", client_mac=PLC, transport="udp"),
         clue("fd00::5", "mac", PLC, protocol="nd")]
    )  # fmt: skip
    assert set(at(stock, PLC).ips) == {"10.0.0.1", "fd00::5", "fe80::20e:8cff:fe00:1"}
    assert at(stock, PLC).ips[-1].startswith("fe80")


def test_one_ip_on_two_macs_shows_on_both():
    stock = take_stock(
        [clue("10.0.0.1", "mac", PLC), clue("10.0.0.1", "mac", PC, time=NOW + SECOND),
         *[flow("10.0.0.9", "10.0.0.1", server_mac=PLC, last=NOW + 60 * SECOND) for _ in range(9)]]
    )  # fmt: skip
    assert at(stock, PLC).id != at(stock, PC).id
    assert at(stock, PLC).ips == at(stock, PC).ips == ("10.0.0.1",)
    assert at(stock, "10.0.0.1").id == at(stock, PLC).id, "who forges a reply has said less than the owner"


def test_loopback_captures_keep_their_machines_apart():
    zero = "00:00:00:00:00:00"
    stock = take_stock(
        [flow("127.0.0.1", f"127.0.0.{i}", client_mac=zero, server_mac=zero) for i in range(2, 6)]
    )
    assert {a.ips for a in stock.assets(NOW)} == {(f"127.0.0.{i}",) for i in range(1, 6)}


def test_groups_silent_targets_and_sweeps_are_no_assets():
    silent = {"server_packets": 0, "state": "opened"}
    stock = take_stock(
        [*[flow("10.0.0.9", f"10.1.{i}.{j}", **silent) for i in range(9) for j in range(1, 99)],
         flow("10.0.0.9", "224.0.0.251", transport="udp", protocol="mdns"), flow("10.0.0.9", "255.255.255.255"),
         flow("10.0.0.9", "10.0.0.255", transport="udp", state=None, server_packets=0), flow("0.0.0.0", "10.0.0.9"),
         flow(PC, "01:80:c2:00:00:0e", transport="eth/0x88cc", protocol="lldp", server_packets=0)]
    )  # fmt: skip
    assert {a.ips + a.macs for a in stock.assets(NOW)} == {("10.0.0.9",), (PC,)}


def test_one_way_mirroring_still_shows_the_server():
    stock = take_stock([flow("10.0.0.9", "10.0.0.1", server_packets=0, state="midstream")])
    assert at(stock, "10.0.0.1").served == ("modbus",)


@pytest.mark.parametrize("stranger", ["8.8.8.8", "203.0.113.77"])
def test_a_stranger_whose_ttl_looks_untouched_is_still_behind_the_router(stranger):
    stock = take_stock([clue("10.0.0.1", "mac", ROUTER, protocol="arp"),
                        clue(stranger, "mac", ROUTER, protocol="ipv4"), clue(stranger, "ttl", "64-0")])  # fmt: skip
    assert at(stock, "10.0.0.1").ips == ("10.0.0.1",)
    assert at(stock, stranger).ips == (stranger,)


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 20), st.integers(1, 4)), min_size=1
    ),
    times=st.lists(st.integers(-5, 80)),
)
def test_who_held_an_address_at_many_times_is_who_held_it_at_each(spans, times):
    bonds = [
        Bond(1, mac, kind, first, first + long, seen, "arp", 1, "a.pcap")
        for mac, (kind, first, long, seen) in enumerate(spans, 2)
    ]
    at = holders_at(bonds, np.array(times, np.int64)).tolist()
    assert [bonds[place].mac for place in at] == [holder_at(bonds, time).mac for time in times]


def test_an_address_that_thousands_of_link_addresses_claim_is_drawn_in_a_moment():
    crowd = [f"00:0c:29:01:{i >> 8:02x}:{i & 255:02x}" for i in range(4_000)]
    told = [clue("10.0.0.1", "mac", mac, time=NOW + i, frame=i + 1) for i, mac in enumerate(crowd)]
    stock = take_stock([*told, clue("10.0.0.1", "name", "plc-1", time=NOW + 4_000)])
    assert len(stock.assets(NOW)) == 4_000
    # The one that held it last is told what was said of it last; and nobody looks at each by each (a minute, once).
    assert at(stock, crowd[-1]).names == ("plc-1",)
