"""Names that carry data, and names that do not."""

from __future__ import annotations

import hashlib

import pytest

from interlock.detect.name_tunnel import NameTunnel

from .rows import concluded


def carrying(number: int, domain: str = "away.example") -> str:
    return f"{hashlib.sha256(bytes((number,))).hexdigest()[:40]}.{domain}"


def asked(*names: str) -> list[dict[str, object]]:
    return [{"at": n, "protocol": "dns", "verb": "discover", "server": "10.0.0.1", "object": name}
            for n, name in enumerate(names)]  # fmt: skip


def test_ever_new_long_names_below_one_domain_are_a_tunnel() -> None:
    (finding,) = concluded(NameTunnel(), {"operations": asked(*map(carrying, range(30)))}).findings
    assert finding.techniques[0] == "T0869"
    assert finding.machines[0] == "10.0.0.9"
    assert "30 long names below away.example" in finding.title
    assert finding.severity == "high"


@pytest.mark.parametrize(
    "names",
    [
        [carrying(n) for n in range(19)],
        [carrying(1)] * 500,
        [f"plc-{n}.plant.example" for n in range(500)],
        [f"{n}.1.77.10.in-addr.arpa" for n in range(200)],
        [f"_ldap._tcp.site-{n}-with-a-long-name._msdcs.plant.example" for n in range(200)],
        [carrying(n, f"cdn{n}.example") for n in range(200)],
    ],
    ids=["too few", "always the same", "short", "backwards", "services", "each below its own domain"],
)
def test_ordinary_names_are_none(names: list[str]) -> None:
    assert concluded(NameTunnel(), {"operations": asked(*names)}).findings == ()
