"""A large site's inventory: what it holds, and that drawing it stays cheap in time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

from interlock.bench.big_site import BIG_SITE_START_NS, big_site
from interlock.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules


def test_a_hundred_machines_are_what_they_say() -> None:
    inventory = Inventory(registries=load_registries(), rules=load_rules())
    for table, batch in big_site(200):
        inventory.feed(table, batch)
    assets = inventory.assets(BIG_SITE_START_NS)
    assert len(assets) == 206, "two gateways have three devices each"
    assert all(a.macs and a.ips for a in assets if a.parent is None)
    roles = Counter(a.role for a in assets)
    assert roles["plc"] >= 120
    assert roles["io"] == 40
    assert roles["gateway"] == 2


def test_the_cost_is_told_and_memory_stays_small() -> None:
    """500 MiB for 100,000 machines leave each some 4,000 octets beside the program itself; here twice that."""
    told = {}
    for machines in (1000, 11_000):
        done = subprocess.run(
            [sys.executable, "-m", "interlock.bench", "inventory", "--machines", str(machines)],
            check=True, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        told[machines] = json.loads(done.stdout)
    assert told[1000]["assets"] == 1030
    grown = told[11_000]["peak_mib"] - told[1000]["peak_mib"]
    assert grown < 80, f"{grown} MiB more for 10,000 machines more"
