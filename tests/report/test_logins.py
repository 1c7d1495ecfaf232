from __future__ import annotations

from interlock.records.asset import Asset
from interlock.records.finding import Finding
from interlock.report.logins import zone_logins


def machine(number: int, zone: str | None = "cell") -> Asset:
    return Asset(id=f"m{number}", realm="default", ips=(f"10.0.0.{number}",), zone=zone)


def said(detector: str, *numbers: int, kind: str = "weakness") -> Finding:
    machines = tuple(f"10.0.0.{n}" for n in numbers)
    return Finding(
        id=detector, detector=detector, version=1, kind=kind, severity="high", confidence=1.0, title="t",
        explanation="e", time=1, last=1, count=1, realm="default", machines=machines,
    )  # fmt: skip


def test_each_machine_counts_once_by_its_gravest_login() -> None:
    assets = [machine(n) for n in range(1, 7)] + [machine(9, None)]
    findings = [
        said("default-login", 1, 6),  # whoever logs in stands behind the machine
        said("clear-credentials", 1),
        said("weak-login", 2),
        said("shared-secret", 2, 3),
        said("clear-credentials", 4),
        said("default-login", 5, kind="alert"),
    ]
    cell, none = zone_logins(assets, findings)
    assert (cell.zone, cell.machines, none.zone) == ("cell", 6, "")
    assert (cell.default, cell.weak, cell.shared, cell.other, cell.not_seen) == (1, 1, 1, 1, 2)
    assert (none.machines, none.not_seen) == (1, 1)
