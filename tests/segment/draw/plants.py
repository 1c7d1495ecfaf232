"""Policies to draw: a small plant with nested zones, what became of it, and a large one."""

from __future__ import annotations

from datetime import date

from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.model.policy import Policy

TODAY = date(2026, 11, 28)
ZONES = (
    Zone(name="office", kind="business", members=("10.9.0.0/16",), sl_t=(1,) * 7),
    Zone(name="internet", kind="external", members=("0.0.0.0/0",), sl_t=(1,) * 7),
    Zone(name="operations", members=("10.1.3.0/24",), sl_t=(2,) * 7, purdue_level="3", owner="automation"),
    Zone(name="boiler", members=("10.1.1.1", "10.1.1.2"), sl_t=(2,) * 7, purdue_level="1"),
    Zone(name="burner", parent="boiler", members=("10.1.1.10",), inside="conduits"),
    Zone(name="trips", parent="boiler", kind="safety", members=("10.1.1.11",), sl_t=(3,) * 7),
    Zone(name="filling", members=("10.1.2.0/24",), sl_t=(2,) * 7, purdue_level="1"),
)
CONDUITS = (
    Conduit(name="panel", from_=("operations",), to=("boiler", "filling"), protocols=("s7comm",),
            verbs=("open", "read", "write"), objects=("DB1.DBB0..31",), reason="the operators' panel"),
    Conduit(name="burner state", from_=("boiler",), to=("burner",), protocols=("modbus",), verbs=("read",)),
    Conduit(name="own", from_=("burner",), to=("burner",), protocols=("modbus",), verbs=("read",)),
    Conduit(name="reports", from_=("office",), to=("operations",), ports=("tcp/443",)),
    Conduit(name="vendor", from_=("internet",), to=("burner",), protocols=("ssh",), verbs=("*",), exception=True,
            reason="start-up", owner="J. Doe", until=date(2027, 5, 31)),
    Conduit(name="ended", from_=("office",), to=("filling",), ports=("tcp/1",), until=date(2026, 1, 1)),
)  # fmt: skip
SITE = Site(name="dairy", zones=ZONES, conduits=CONDUITS)
LATER = Site(
    name="dairy",
    zones=(*ZONES[:-1], Zone(name="laboratory", members=("10.1.4.0/24",), sl_t=(1,) * 7, purdue_level="2")),
    conduits=(
        Conduit(
            name="panel", from_=("operations",), to=("boiler",), protocols=("s7comm",), verbs=("open", "read")
        ),
        *CONDUITS[1:4],
        Conduit(name="samples", from_=("laboratory",), to=("boiler",), protocols=("opcua",), verbs=("read",)),
    ),
)
MACHINES = tuple(
    Asset(
        id=f"m{number}",
        realm="default",
        ips=(f"10.1.2.{number}",),
        role="plc" if number < 3 else "drive",
        names=(f"M{number}",),
    )
    for number in range(1, 10)
)


def policy(site: Site = SITE, assets: tuple[Asset, ...] = ()) -> Policy:
    known = {ip: asset for asset in assets for ip in asset.ips}
    return Policy(site, TODAY, lambda _, address: known.get(address))


def large(cells: int) -> Site:
    """Cells below one operations zone, one of them for safety."""
    zones = [
        Zone(name=f"cell {n}", members=(f"10.{n >> 8}.{n & 255}.0/24",), purdue_level="1")
        for n in range(cells)
    ]
    zones += [Zone(name="operations", members=("172.16.0.0/16",), purdue_level="3"),
              Zone(name="esd", kind="safety", members=("192.168.1.0/24",), purdue_level="1")]  # fmt: skip
    reads = [
        Conduit(
            name=f"c{n}", from_=("operations",), to=(f"cell {n}",), protocols=("modbus",), verbs=("read",)
        )
        for n in range(cells)
    ]
    return Site(zones=tuple(zones), conduits=tuple(reads))
