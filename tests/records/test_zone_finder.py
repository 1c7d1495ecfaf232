from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.site import Site, Zone, covers
from interlock.records.zone_finder import finder_of

ADDRESSES = (
    "10.0.0.1",
    "10.0.0.2",
    "10.0.1.1",
    "2001:db8::1",
    "2001:DB8::2",
    "00:1B:1b:00:00:03",
    "10.0.0.1/7",
    "",
)
MEMBERS = st.sampled_from([
    "10.0.0.1", "10.0.0.0/24", "10.0.0.0/23", "10.0.0.1/24", "0.0.0.0/0", "::/0", "2001:db8::/64", "2001:db8::2",
    "00:1b:1b:00:00:03",
])  # fmt: skip
zones = st.lists(
    st.builds(
        Zone,
        name=st.sampled_from("abcdef"),
        realm=st.sampled_from(["default", "b"]),
        members=st.lists(MEMBERS, max_size=3).map(tuple),
    ),
    max_size=6,
).map(tuple)


def one_by_one(some: tuple[Zone, ...], realm: str, address: str) -> Zone | None:
    """The zone with the narrowest member that covers a machine; the first of equals."""
    fits = [
        (breadth(member), number)
        for number, zone in enumerate(some)
        for member in zone.members
        if zone.realm == realm and covers((member,), address)
    ]
    return some[min(fits)[1]] if fits else None


def breadth(member: str) -> float:
    try:
        return 2.0 ** -ipaddress.ip_network(member, strict=False).prefixlen
    except ValueError:  # a MAC is a single one
        return 0.0


@given(zones)
def test_a_site_finds_what_is_found_one_by_one(some: tuple[Zone, ...]) -> None:
    site = Site(zones=some)
    for realm in ("default", "b", "c"):
        for address in ADDRESSES:
            found = one_by_one(some, realm, address)
            assert site.zone_of(realm, address) == found
            assert site.owns(realm, address) == (found is not None)


@given(zones, zones)
def test_other_zones_have_another_finder(some: tuple[Zone, ...], others: tuple[Zone, ...]) -> None:
    assert finder_of(some) is finder_of(some)
    if some is not others:
        assert finder_of(others) is not finder_of(some)
