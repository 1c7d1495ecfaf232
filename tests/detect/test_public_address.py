from __future__ import annotations

import pytest

from interlock.detect.interface import Context
from interlock.detect.public_address import PublicAddress
from interlock.records.site_text import load_site

from .rows import START, findings, with_roles

SERVES = {"client": "10.0.0.9", "server": "10.0.0.2"}
CLOUD = {"client": "10.0.0.2", "server": "93.184.216.34", "server_port": 443, "protocol": "tls"}


def test_a_controller_that_asks_the_internet_fires() -> None:
    (finding,) = findings(PublicAddress(), flows=[SERVES, CLOUD])
    assert finding.machines == ("10.0.0.2", "93.184.216.34")
    assert finding.severity == "high"


def test_a_controller_known_from_operations_or_by_role_fires_too() -> None:
    assert findings(PublicAddress(), operations=[{}], flows=[CLOUD])
    assert findings(PublicAddress(), with_roles(_10_0_0_2="drive"), flows=[CLOUD])


def test_control_asked_for_from_outside_is_critical() -> None:
    (finding,) = findings(PublicAddress(), flows=[{"client": "93.184.216.34", "server": "10.0.0.2"}])
    assert finding.severity == "critical"
    assert "T0883" in finding.techniques


@pytest.mark.parametrize(
    ("flow", "severity"),
    [
        ({"server_packets": 0}, "medium"),
        ({"protocol": "ntp", "server_port": 123, "transport": "udp"}, "medium"),
        ({"protocol": "modbus", "server_port": 502}, "high"),
    ],
)
def test_severity(flow: dict, severity: str) -> None:
    assert findings(PublicAddress(), flows=[SERVES, {**CLOUD, **flow}])[0].severity == severity


def test_an_hmi_that_controls_through_the_internet_is_reported_without_a_role() -> None:
    (finding,) = findings(PublicAddress(), flows=[{"client": "10.0.0.77", "server": "93.184.216.34"}])
    assert finding.machines[0] in ("10.0.0.77", "93.184.216.34")


@pytest.mark.parametrize(
    "flows",
    [
        [CLOUD],
        [SERVES, {**CLOUD, "server": "192.168.5.5"}],
        [SERVES, {**CLOUD, "server": "239.255.255.250"}],
        [SERVES, {**CLOUD, "server": "255.255.255.255"}],
        [SERVES, {**CLOUD, "server": "169.254.3.4"}],
        [{"client": "141.81.0.10", "server": "141.81.0.86"}],
        [{"client": "2001:db8:1:1::1", "server": "2001:db8:1:2::2"}],
        [{"client": "00:1b:1b:00:00:09", "server": "00:1b:1b:00:00:02", "protocol": "profinet-rt"}],
    ],
)
def test_silent(flows: list) -> None:
    assert findings(PublicAddress(), flows=flows) == ()


def test_silent_for_networks_that_the_site_file_calls_its_own() -> None:
    site = load_site('[[realms]]\nname = "default"\nnetworks = ["93.184.0.0/16"]\n')
    assert findings(PublicAddress(), Context(site=site, now=START), flows=[SERVES, CLOUD]) == ()
