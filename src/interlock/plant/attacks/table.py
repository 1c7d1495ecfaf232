"""Every attack, by name. A test finds each file of this folder in the table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.attacks.scenario import Scenario

__all__ = ["NAMES", "scenario"]

NAMES: Final = (
    "arp-spoofing",
    "bacnet-override",
    "beaconing",
    "cip-mode-change",
    "cip-write",
    "coil-flood",
    "controller-stop",
    "dcp-rename",
    "default-login",
    "discovery-sweep",
    "dnp3-cold-restart",
    "firmware-write",
    "forged-write",
    "goose-spoofing",
    "identity-reads",
    "iec104-injection",
    "lateral-movement",
    "malformed-frames",
    "opcua-downgrade",
    "program-download",
    "ransomware",
    "replayed-writes",
    "rogue-master",
    "s7-password-guessing",
    "safety-programming",
    "sensor-spoofing",
    "setpoint-creep",
    "silenced-machine",
    "slow-reconnaissance",
    "time-setting",
    "unit-sweep",
    "valve-hammering",
)


def scenario(name: str) -> Scenario:
    """The attack of this name. Raises KeyError where there is none."""
    if name not in NAMES:
        raise KeyError(name)
    module = importlib.import_module(f"interlock.plant.attacks.{name.replace('-', '_')}")
    found: Scenario = module.SCENARIO
    return found
