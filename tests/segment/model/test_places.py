from __future__ import annotations

import ipaddress
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.asset import Asset
from interlock.records.site import Site, Zone
from interlock.segment.model.places import Places

TODAY = date(2026, 11, 28)
ASSET = Asset(
    id="00000000-0000-0000-0000-000000000001", realm="default", ips=("10.0.0.1", "10.9.0.1"),
    macs=("00:1b:1b:00:00:01",), role="plc",
)  # fmt: skip


def find(realm: str, address: str) -> Asset | None:
    return ASSET if realm == "default" and address in {*ASSET.ips, *ASSET.macs} else None


def place(*zones: Zone, address: str = "10.0.0.1", realm: str = "default") -> str | None:
    return Places(Site(zones=zones), TODAY, find).of(realm, address).name


def test_the_strongest_claim_holds() -> None:
    exact = Zone(name="exact", members=("10.0.0.1",))
    known = Zone(name="known", assets=(ASSET.id,))
    other = Zone(name="other", members=("00:1b:1b:00:00:01",))
    near = Zone(name="near", members=("10.0.0.0/24",))
    wide = Zone(name="wide", members=("10.0.0.0/8",))
    chosen = Zone(name="chosen", selector='role = "plc"')
    claims = [exact, known, other, near, wide, chosen]
    for first in range(len(claims)):
        assert place(*reversed(claims[first:])) == claims[first].name
    assert place() is None


def test_equal_claims_put_a_machine_nowhere_and_say_so() -> None:
    zones = (Zone(name="b", selector='role = "plc"'), Zone(name="a", selector='role != "hmi"'))
    there = Places(Site(zones=zones), TODAY, find).of("default", "10.0.0.1")
    assert there.zone is None
    assert there.why == "zones a and b claim it: what is known of it is selected"


def test_a_link_address_is_where_all_ip_addresses_of_its_machine_are() -> None:
    both, one = (
        Zone(name="a", members=("10.0.0.0/24", "10.9.0.0/24")),
        Zone(name="a", members=("10.0.0.0/24",)),
    )
    other = Zone(name="b", members=("10.9.0.1",))
    mac = "00:1b:1b:00:00:01"
    assert place(both, address=mac) == place(both, address=mac.upper()) == "a"
    assert place(both, address="00:1b:1b:00:00:02") is None
    assert place(one, address=mac) is None
    there = Places(Site(zones=(one, other)), TODAY, find).of("default", mac)
    assert (there.zone, there.why) == (None, "its IP addresses are in a and b")
    assert place(one, Zone(name="c", members=(mac,)), address=mac) == "c"


def test_who_takes_an_address_by_a_lie_gets_no_zone_by_it() -> None:
    """ARP made one machine of two addresses: the one that is no member stays in no zone, and so does the MAC."""
    panel = Zone(name="panels", members=("10.9.0.1",))
    assert place(panel, address="10.9.0.1") == "panels"
    assert place(panel, address="10.0.0.1") is None
    assert place(panel, address="00:1b:1b:00:00:01") is None


def test_units_realms_and_ends() -> None:
    zone = Zone(name="a", realm="cell", members=("10.0.0.1",))
    assert place(zone) is None
    assert place(zone, realm="cell", address="10.0.0.1/7") == "a"
    assert place(Zone(name="a", members=("10.0.0.1",), until=TODAY)) == "a"
    assert place(Zone(name="a", members=("10.0.0.1",), until=date(2026, 11, 27))) is None
    assert place(Zone(name="a", selector='role = "plc"', until=date(2026, 11, 27))) is None
    assert place(Zone(name="a", members=("fe80::/10",)), address="fe80::1%eth0") == "a"


networks = st.builds(
    lambda number, width: str(ipaddress.ip_network((number << 16, width), strict=False)),
    st.integers(0, 255),
    st.integers(0, 32),
)


@given(st.lists(networks, max_size=8, unique=True), st.integers(0, 2**24 - 1))
def test_the_narrowest_network_is_the_zone(members: list[str], number: int) -> None:
    """The same as looking at every network one by one."""
    address = ipaddress.ip_address(number)
    zones = tuple(Zone(name=member, members=(member,)) for member in members)
    around = [m for m in members if address in ipaddress.ip_network(m)]
    narrowest = max(around, key=lambda m: ipaddress.ip_network(m).prefixlen, default=None)
    assert place(*zones, address=str(address)) == narrowest
