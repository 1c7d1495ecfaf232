from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.site import Site, Zone
from interlock.records.zone_finder import ZoneFinder

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


@given(zones)
def test_it_finds_what_the_site_finds_one_by_one(some: tuple[Zone, ...]) -> None:
    site = Site(zones=some)
    finder = ZoneFinder(site)
    for realm in ("default", "b", "c"):
        for address in ADDRESSES:
            assert finder.of(realm, address) == site.zone_of(realm, address)
