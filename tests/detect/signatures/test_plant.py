"""What variables mean by a site file's zones, held against how zones find their machines."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.language.header import address_range, read_term
from interlock.detect.signatures.language.plant import meanings_of
from interlock.detect.signatures.language.variables import DEFAULT, Variables, read_variables
from interlock.records.conduit import Conduit
from interlock.records.site import DEFAULT_REALM, Realm, Site, Zone

FOUR = st.builds(
    lambda octets, width: str(ipaddress.ip_network((octets, width), strict=False)),
    st.integers(0x0A000000, 0x0A0000FF),
    st.integers(24, 32),
)
SIX = st.builds(
    lambda low, width: str(ipaddress.ip_network(((0x20010DB8 << 96) + low, width), strict=False)),
    st.integers(0, 255),
    st.integers(120, 128),
)
PROBES = [*(f"10.0.0.{k}" for k in range(0, 256, 5)), *(f"2001:db8::{k:x}" for k in range(0, 256, 15))]


def meant(site, *more):
    lines = "".join(f"{one.name} = {one.term} # {one.why}\n" for one in meanings_of(site))
    return read_variables(list(more), [("site.toml", lines)])


def holds(variables, name, address):
    spans = variables.addresses(read_term(f"${name}", ports=False))
    return address_range(address)[0] in spans


def conduit(name, from_, to, protocols, **more):
    return Conduit(name=name, from_=from_, to=to, protocols=protocols, **more)


@given(
    st.lists(
        st.tuples(st.sampled_from(["control", "external"]), st.one_of(FOUR, SIX)),
        max_size=7,
        unique_by=lambda t: t[1],
    )
)
def test_a_machine_is_at_home_where_its_zone_is_not_external(claims):
    zones = tuple(Zone(name=f"z{k}", kind=kind, members=(member,)) for k, (kind, member) in enumerate(claims))
    site = Site(zones=zones)
    found = {one.name for one in meanings_of(site)}
    at_home = [
        a for a in PROBES if (zone := site.zone_of(DEFAULT_REALM, a)) is not None and zone.kind != "external"
    ]
    if not found:
        assert not at_home
        return
    variables = meant(site)
    assert [a for a in PROBES if holds(variables, "HOME_NET", a)] == at_home
    assert [a for a in PROBES if not holds(variables, "EXTERNAL_NET", a)] == at_home
    assert [a for a in PROBES if holds(variables, "MODBUS_SERVER", a)] == at_home


def test_who_may_ask_is_who_a_conduit_lets():
    zones = (
        Zone(name="panels", members=("10.0.0.0/28",), inside="conduits"),
        Zone(name="cells", members=("10.0.0.64/28",), inside="conduits"),
        Zone(name="left", members=("10.0.0.80",), parent="panels", inside="conduits"),
        Zone(name="free", members=("10.0.0.128/28",)),
    )
    one = conduit("a", ("panels",), ("cells",), ("modbus",))
    said = meant(Site(zones=zones, conduits=(one,)))
    assert [holds(said, "MODBUS_CLIENT", a) for a in ("10.0.0.1", "10.0.0.65", "10.0.0.80", "10.0.0.129")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert holds(said, "DNP3_CLIENT", "10.0.0.65"), "no conduit is about it: all that is at home"
    two = conduit("b", ("panels",), ("free",), ("cip", "modbus"), clients=("10.0.0.3",))
    said = meant(Site(zones=zones, conduits=(two,)))
    assert [holds(said, "ENIP_CLIENT", a) for a in ("10.0.0.1", "10.0.0.3", "10.0.0.129")] == [
        False,
        True,
        True,
    ], "within a zone that lets its own machines talk, each may ask"


def test_where_addresses_are_not_known_nothing_is_narrowed():
    selected = Zone(name="chosen", selector='role = "plc"', inside="conduits")
    one = conduit("a", ("chosen",), ("cells",), ("modbus",))
    site = Site(zones=(Zone(name="cells", members=("192.0.2.0/24",)), selected), conduits=(one,))
    said = meant(site)
    assert all(holds(said, "HOME_NET", a) for a in ("192.0.2.1", "10.0.0.1", "192.168.3.4"))
    assert holds(said, "MODBUS_CLIENT", "10.0.0.1")
    (home,) = meanings_of(site)
    assert "chosen" in home.why
    for members in (("28:63:36:5a:10:0d",), ()):
        silent = Site(zones=(Zone(name="macs", members=members),))
        assert not list(meanings_of(silent)), "a site without addresses says nothing"


def test_networks_of_realms_are_the_plants_own():
    site = Site(realms=(Realm(name="line 3", networks=("198.51.100.0/24",)),))
    assert holds(meant(site), "HOME_NET", "198.51.100.7")
    assert not holds(meant(site), "HOME_NET", "10.0.0.1")


def test_the_whole_world_outside_takes_nothing_away():
    zones = (
        Zone(name="out", kind="external", members=("0.0.0.0/0", "::/0")),
        Zone(name="in", members=("10.0.0.0/24",)),
    )
    assert holds(meant(Site(zones=zones)), "HOME_NET", "10.0.0.9")
    assert not holds(meant(Site(zones=zones)), "HOME_NET", "10.0.1.9")


def test_what_people_say_comes_first_and_each_says_where_it_is_from():
    site = Site(zones=(Zone(name="cells", members=("192.0.2.0/24",)),))
    variables = meant(site, ("variables.conf", "# ours\nHOME_NET = 10.9.0.0/16"))
    for name in ("EXTERNAL_NET", "MODBUS_SERVER"):
        holds(variables, name, "10.9.0.1")
    assert holds(variables, "HOME_NET", "10.9.0.1")
    assert [one.source for one in variables.used()] == [DEFAULT, "variables.conf:2", DEFAULT]
    variables = meant(site)
    holds(variables, "HOME_NET", "10.9.0.1")
    assert [tuple(one) for one in variables.used()] == [
        ("HOME_NET", "[192.0.2.0/24]", "site.toml: zone cells")
    ]
    assert not list(Variables().used())
