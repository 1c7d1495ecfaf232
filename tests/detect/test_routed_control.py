from __future__ import annotations

import pytest

from interlock.detect.routed_control import RoutedControl

from .rows import findings

ROUTER, PLC = "00:0c:29:00:00:01", "00:1b:1b:00:00:02"
ACROSS = {"client": "192.168.7.9", "server": "192.168.3.2"}


def mac(who: str, value: str) -> dict:
    return {"who": who, "field": "mac", "value": value}


def behind_router(*addresses: str) -> list[dict]:
    return [mac(a, ROUTER) for a in addresses]


MANY = behind_router("192.168.7.9", "192.168.7.10", "192.168.7.11")


@pytest.mark.parametrize(
    ("clues", "flows"),
    [
        (MANY, []),
        ([{"who": ROUTER, "field": "routes", "value": "5"}, mac("192.168.7.9", ROUTER)], []),
        ([{"who": "192.168.3.2", "field": "netmask", "value": "255.255.255.0"}], []),
        ([{"who": "192.168.7.9", "field": "ttl", "value": "64-1"}], []),
        ([], [{"client": f"192.168.7.{n}", "client_mac": ROUTER, "server_mac": PLC} for n in (9, 10, 11)]),
    ],
)
def test_fires_on_every_way_that_shows_a_router(clues: list, flows: list) -> None:
    (finding,) = findings(RoutedControl(), operations=[ACROSS], clues=clues, flows=flows)
    assert finding.severity == "medium"
    assert finding.machines == ("192.168.7.9", "192.168.3.2")


def test_different_private_blocks_are_a_router() -> None:
    (finding,) = findings(
        RoutedControl(), operations=[{"client": "10.1.1.1", "server": "192.168.3.2", "verb": "write"}]
    )
    assert finding.severity == "high"


@pytest.mark.parametrize(
    ("operation", "clues"),
    [
        (ACROSS, []),
        (ACROSS, MANY[:2]),
        (ACROSS, [{"who": "192.168.3.2", "field": "netmask", "value": "255.255.0.0"}]),
        (ACROSS, [{"who": "192.168.3.2", "field": "netmask", "value": "no mask"}]),
        (ACROSS, [{"who": "192.168.7.9", "field": "ttl", "value": v} for v in ("64-1", "64-0")]),
        (ACROSS, [{"who": "192.168.7.9", "field": "ttl", "value": "32-2"}]),
        (ACROSS, [*MANY, mac("192.168.3.2", ROUTER)]),
        (ACROSS, behind_router("192.168.7.9", "fe80::1", "fe80::2", "fe80::3")),
        ({**ACROSS, "protocol": "http"}, MANY),
        ({**ACROSS, "protocol": "opcua"}, MANY),
        ({**ACROSS, "server": "224.0.0.5"}, MANY),
        ({**ACROSS, "server": "192.168.3.255"}, MANY),
        ({"client": "192.168.3.255", "server": "10.1.1.1"}, []),
        ({"client": "00:1b:1b:00:00:09", "server": "00:1b:1b:00:00:02"}, MANY),
    ],
)
def test_silent(operation: dict, clues: list) -> None:
    assert findings(RoutedControl(), operations=[operation], clues=clues) == ()


def test_one_finding_for_a_client_that_reaches_many_controllers() -> None:
    rows = [{**ACROSS, "server": f"192.168.3.{n}"} for n in range(2, 100)]
    (finding,) = findings(RoutedControl(), clues=MANY, operations=rows)
    assert finding.count == 98
    assert "98 machines" in finding.title


def test_open_opcua_sessions_count_as_unauthenticated() -> None:
    rows = [{**ACROSS, "policy": "None", "mode": "None", "token": "anonymous"}]
    (finding,) = findings(RoutedControl(), clues=MANY, opcua_sessions=rows)
    assert "OPC UA" in finding.title
    assert findings(RoutedControl(), clues=MANY, opcua_sessions=[ACROSS]) == ()


def test_extra_objects_and_pending_rows_are_no_messages() -> None:
    rows = [ACROSS, {**ACROSS, "item": 1}, {**ACROSS, "outcome": "pending"}]
    (finding,) = findings(RoutedControl(), clues=MANY, operations=rows)
    assert finding.count == 1


def test_what_a_controller_asks_back_is_no_client_of_its_own() -> None:
    back = {"client": ACROSS["server"], "server": ACROSS["client"]}
    (finding,) = findings(RoutedControl(), operations=[ACROSS, ACROSS, back], clues=MANY)
    assert finding.machines[0] == ACROSS["client"]


def test_hops_alone_prove_no_router_between_neighbours() -> None:
    near = {"client": "192.168.7.9", "server": "192.168.7.50"}
    clues = [{"who": "192.168.7.9", "field": "ttl", "value": "64-1"}]
    assert findings(RoutedControl(), operations=[near], clues=clues) == ()
