"""A lesson that begins in the midst of cyclic data: how its connection is made anew later is no news."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.new_deed import NewDeed

CONTROLLER, DEVICE, OTHER = "28:63:36:00:00:0c", "28:63:36:00:00:0d", "54:e1:ad:00:00:28"
BY_IP = {"10.0.0.12": CONTROLLER, "10.0.0.13": DEVICE, "10.0.0.40": OTHER}


def asset(_realm: str, address: str) -> Any:
    mac = BY_IP.get(address, address)
    ips = tuple(ip for ip, owner in BY_IP.items() if owner == mac)
    return (
        SimpleNamespace(id=mac, macs=(mac,), ips=ips, names=(), role=None) if mac in BY_IP.values() else None
    )


CONTEXT = Context(now=START, asset=asset)


def taught() -> NewDeed:
    detector = NewDeed()
    cyclic = {"client": DEVICE, "server": CONTROLLER, "protocol": "profinet-rt", "at": -3600, "last_at": 0}
    detector.learn(Batch("flows", batch("flows", [cyclic])), CONTEXT)
    detector.know(detector.learned())
    return detector


def told(*rows: dict[str, Any]) -> list[str]:
    detector = taught()
    list(detector.feed(Batch("operations", batch("operations", list(rows))), CONTEXT))
    return [finding.title for finding in detector.conclude(CONTEXT)]


def connected(client: str, server: str, names: str, asks: str) -> list[dict[str, Any]]:
    made = {"client": client, "server": server, "protocol": "pnio-cm"}
    return [
        {"client": asks, "server": "01:0e:cf:00:00:00", "protocol": "profinet-dcp", "verb": "discover"},
        {"client": asks, "server": names, "protocol": "profinet-dcp", "verb": "discover"},
        {**made, "verb": "open", "function_name": "Connect"},
        {**made, "verb": "write", "function_name": "Write", "object": "record:1"},
        {"client": client, "protocol": "arp", "verb": "discover"},
    ]


def test_machines_that_exchange_cyclic_data_may_make_their_connection_anew() -> None:
    assert told(*connected("10.0.0.12", "10.0.0.13", DEVICE, CONTROLLER)) == []


def test_another_machine_that_connects_to_the_device_is_news() -> None:
    assert any("wrote values" in title for title in told(*connected("10.0.0.40", "10.0.0.13", DEVICE, OTHER)))


def test_what_is_no_part_of_a_connection_is_news_between_them_too() -> None:
    named = {"client": CONTROLLER, "server": DEVICE, "protocol": "profinet-dcp", "verb": "configure"}
    (title,) = told({**named, "function_name": "Set", "object": "name-of-station"})
    assert "changed settings" in title
