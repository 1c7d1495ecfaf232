"""A site of very many machines as records, without frames: what the inventory is measured on.

Of every hundred machines sixty are controllers of three makers, twenty are distributed I/O, eight are panels, eight
workstations, two switches, one a gateway with devices behind it, one a router. Each has a MAC and an IP, tells who
it is in its maker's own protocol, and talks to a panel and to a workstation of its hundred.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from interlock.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.records.tables import CLUES, FLOWS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.schema import Table

__all__ = ["BIG_SITE_START_NS", "big_site", "cost_of_inventory"]

BIG_SITE_START_NS: Final = 1_750_000_000_000_000_000
_SECOND_NS: Final = 1_000_000_000
_AT_ONCE: Final = 500
"""Machines in a batch."""
_HUNDRED: Final = (
    *("siemens",) * 25,
    *("rockwell",) * 20,
    *("schneider",) * 15,
    *("io",) * 20,
    *("panel",) * 8,
    *("workstation",) * 8,
    *("switch",) * 2,
    "gateway",
    "router",
)
_ASKING: Final = ((80, 8), (88, 8))
"""Panels and workstations: first place in the hundred, and how many."""
_PREFIX: Final = {
    "siemens": "00:0e:8c",
    "rockwell": "00:00:bc",
    "schneider": "00:80:f4",
    "io": "00:1b:1b",
    "panel": "00:30:de",
    "workstation": "00:14:22",
    "switch": "00:80:63",
    "gateway": "00:90:e8",
    "router": "00:00:0c",
}
_SPOKEN: Final = {
    "siemens": "s7comm",
    "rockwell": "cip",
    "schneider": "modbus",
    "io": "profinet-dcp",
    "gateway": "modbus",
}
_TOLD: Final = {
    "siemens": (
        ("vendor", "Siemens", 0.9),
        ("order-number", "6ES7 315-2EH14-0AB0", 0.95),
        ("serial", "S C-{n:012d}", 0.95),
        ("firmware", "V3.2.{v}", 0.95),
        ("name", "PLC-{n}", 0.9),
    ),
    "rockwell": (
        ("product-code", "cip:1/14/{v}", 0.95),
        ("product", "1756-L71/B LOGIX5571", 0.9),
        ("serial", "0x{n:08x}", 0.95),
        ("firmware", "20.{v}", 0.95),
    ),
    "schneider": (("vendor", "Schneider Electric", 0.9), ("product", "BMX P34 2020", 0.9), ("firmware", "v2.{v}", 0.9)),
    "io": (("vendor-id", "profinet:0x002a", 0.9), ("name", "io-{n}", 0.9), ("device-type", "io-device", 0.8)),
    "panel": (("name", "PANEL-{n}", 0.7), ("ttl", "128-0", 0.5)),
    "workstation": (("name", "WS{n}", 0.7), ("os", "Windows 10", 0.6), ("domain", "PLANT", 0.6), ("ttl", "128-0", 0.5)),
    "switch": (("name", "switch-{n}", 0.9), ("description", "Managed switch {v}", 0.9), ("device-type", "bridge", 0.8)),
    "gateway": (("product", "MGate MB3170", 0.8),),
    "router": (("ttl", "255-0", 0.5), ("name", "router-{n}", 0.6)),
}  # fmt: skip
_SAID_BY: Final = {**_SPOKEN, "panel": "nbns", "workstation": "nbns", "switch": "lldp", "router": "lldp"}
_UNITS: Final = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class _Machine:
    number: int

    @property
    def kind(self) -> str:
        return _HUNDRED[self.number % 100]

    @property
    def ip(self) -> str:
        cell, host = divmod(self.number, 200)
        return f"10.{cell >> 8}.{cell & 255}.{host + 10}"

    @property
    def mac(self) -> str:
        low = self.number & 0xFFFFFF
        return f"{_PREFIX[self.kind]}:{low >> 16:02x}:{low >> 8 & 255:02x}:{low & 255:02x}"

    @property
    def time(self) -> int:
        return BIG_SITE_START_NS + self.number * 1_000_003

    def clues(self) -> Iterator[dict[str, Any]]:
        yield self._clue("mac", self.mac, "arp", 0.9)
        said_by = _SAID_BY[self.kind]
        for field, value, sure in _TOLD[self.kind]:
            yield self._clue(field, value.format(n=self.number, v=self.number % 30), said_by, sure)
        for unit in _UNITS if self.kind == "gateway" else ():
            for field, value in (("product", "PM5560"), ("serial", f"{self.number}0{unit}77")):
                yield self._clue(field, value, "modbus", 0.8, unit)

    def talk(self, other: _Machine) -> dict[str, Any]:
        """What it asked another: a flow's row."""
        protocol = _SPOKEN.get(other.kind, "nbns")
        return {
            **_SOURCE, "flow": self.number << 20 | other.number, "client": self.ip, "server": other.ip,
            "client_mac": self.mac, "server_mac": other.mac, "client_port": 40_000, "server_port": 502,
            "transport": "tcp", "first": self.time, "last": self.time + 600 * _SECOND_NS,
            "first_frame": self.number * 20 + 1, "last_frame": self.number * 20 + 19, "client_packets": 5000,
            "server_packets": 5000, "client_octets": 400_000, "server_octets": 500_000, "state": "midstream",
            "retransmissions": 0, "gaps": 0, "duplicates": 0,
    "bad_checksums": 0, "offloaded_checksums": 0, "protocol": protocol, "basis": "parsed",
            "confidence": 0.95,
        }  # fmt: skip

    def asks(self, other: _Machine, verb: str) -> dict[str, Any]:
        """What it asked another: an operation's row."""
        return {
            **_SOURCE, "operation": self.number << 21 | other.number, "time": self.time, "frame": self.number * 20 + 3,
            "response_frame": self.number * 20 + 4, "flow": self.number << 20 | other.number, "client": self.ip,
            "server": other.ip, "protocol": _SPOKEN[other.kind], "verb": verb, "item": 0, "items": 1, "outcome": "ok",
        }  # fmt: skip

    def _clue(self, field: str, value: str, protocol: str, sure: float, unit: str = "") -> dict[str, Any]:
        who = f"{self.ip}/{unit}" if unit else self.ip
        return {
            **_SOURCE, "time": self.time, "frame": self.number * 20 + 1, "who": who,
            "field": field, "value": value, "protocol": protocol, "confidence": sure,
        }  # fmt: skip


_SOURCE: Final = {"source": "site.pcap", "realm": "default"}


def big_site(machines: int) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Batches of clues, flows and operations as a decoder gives them: (table, batch), the same for each call.

    machines: those with an address of their own; each hundredth has three more devices behind it.
    """
    for start in range(0, machines, _AT_ONCE):
        some = [_Machine(n) for n in range(start, min(start + _AT_ONCE, machines))]
        yield _batch(CLUES, [clue for m in some for clue in m.clues()])
        pairs = [pair for m in some for pair in _peers(m)]
        yield _batch(FLOWS, [asking.talk(asked) for asking, asked in pairs])
        yield _batch(
            OPERATIONS,
            [
                asking.asks(asked, verb)
                for asking, asked in pairs
                if asked.kind in _SPOKEN
                for verb in (*("read",) * 6, "write")
            ],
        )


def cost_of_inventory(machines: int) -> dict[str, object]:
    """Feed a site to an inventory and draw it once: assets, CPU seconds of each part, peak memory, and a digest.

    The digest is of everything that was drawn, so that two versions can be compared. The CPU seconds are those of
    the inventory alone; the peak is the whole process's, from its start. `calibration_s` is what ten million turns
    of an empty loop cost in between: on an idle machine about half a second, more where others keep it busy.
    """
    inventory, fed = Inventory(registries=load_registries(), rules=load_rules()), 0.0
    for table, batch in big_site(machines):
        start = time.process_time()
        inventory.feed(table, batch)
        fed += time.process_time() - start
    calibration = _turns()
    start = time.process_time()
    directory = inventory.directory(BIG_SITE_START_NS + 86_400 * _SECOND_NS)
    drawn = time.process_time() - start
    peak = _peak_mib()
    digest = hashlib.sha256()
    for asset in directory.assets:
        digest.update(repr(asset).encode())
    return {
        "assets": len(directory.assets),
        "feed_cpu_s": round(fed, 2),
        "draw_cpu_s": round(drawn, 2),
        "calibration_s": round((calibration + _turns()) / 2, 2),
        "peak_mib": peak,
        "sha256": digest.hexdigest()[:16],
    }


def _turns() -> float:
    start = time.process_time()
    for _ in range(10_000_000):
        pass
    return time.process_time() - start


def _peak_mib() -> int | None:
    """Peak resident memory of this process; None where the system does not say."""
    try:
        import resource  # noqa: PLC0415 (not on every system)
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _peers(machine: _Machine) -> Iterator[tuple[_Machine, _Machine]]:
    """(who asks, who is asked): a panel and a workstation of its hundred poll each machine."""
    hundred = machine.number - machine.number % 100
    for first, n in _ASKING:
        other = _Machine(hundred + first + machine.number % n)
        if other.number != machine.number:
            yield other, machine


def _batch(table: Table, rows: list[dict[str, Any]]) -> tuple[str, pa.RecordBatch]:
    return table.name, pa.RecordBatch.from_pylist(rows, schema=table.schema)
