from __future__ import annotations

from interlock.capture.health import CONDITIONS
from interlock.detect.interface import HEALTH, Context
from interlock.detect.registry import DETECTORS
from interlock.records.asset import Asset
from interlock.records.site_text import load_site


def test_conditions_are_those_of_capture_health() -> None:
    assert set(HEALTH) == set(CONDITIONS) - {"ok"}


def test_detectors_withhold_by_known_conditions_and_say_why() -> None:
    for name, make in DETECTORS.items():
        for condition, reason in getattr(make, "withheld_by", {}).items():
            assert condition in HEALTH, (name, condition)
            assert reason


def test_a_machine_is_called_as_the_site_file_or_the_inventory_does() -> None:
    known = Asset(id="i", realm="default", ips=("10.0.0.2",), names=("plc-7",), role="plc")
    context = Context(asset=lambda _realm, address: known if address == "10.0.0.2" else None)
    assert context.name("default", "10.0.0.2") == "plc-7 (10.0.0.2)"
    assert context.name("default", "10.0.0.3") == "10.0.0.3"
    assert context.role("default", "10.0.0.2") == "plc"
    assert context.role("default", "10.0.0.3") is None
    site = load_site('[[safety_systems]]\naddress = "10.0.0.2"\nname = "F-CPU"\n')
    assert Context(asset=context.asset, site=site).name("default", "10.0.0.2") == "F-CPU (10.0.0.2)"
    assert Context(health={"a": frozenset({"gaps"})}).has("a", "gaps")
    assert not Context().has("a", "gaps")
