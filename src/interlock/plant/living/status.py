"""What the plant says of itself: machines and who answers there, process values, attacks, the mirror port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.process.tags import TAGS
from interlock.plant.protocols.ftp import DATA_PORT
from interlock.plant.protocols.profinet_cm import PORT as CONTEXT_MANAGER

if TYPE_CHECKING:
    from interlock.plant.living.life import Plant
    from interlock.plant.living.stage import Served

__all__ = ["SCHEMA", "tell"]

SCHEMA: Final = "interlock/plant-status/1"
PROTOCOLS: Final = {
    502: "Modbus/TCP", 102: "S7 communication", 44818: "EtherNet/IP", 4840: "OPC UA", 2404: "IEC 60870-5-104",
    20000: "DNP3", 47808: "BACnet/IP", 1502: "TriStation", 161: "SNMP", 80: "HTTP",
    CONTEXT_MANAGER: "PROFINET", 5985: "WinRM", 21: "FTP", DATA_PORT: "FTP data", 445: "SMB", 3389: "RDP",
}  # fmt: skip
_SILENT_S: Final = 15.0
_LATELY_S: Final = 150.0
"""The rarest of the plant's clients asks once a minute."""


def _answers(plant: Plant, served: Served) -> str:
    """yes, no, or unasked: judged by the plant's own clients, for asking it anew would be seen on the mirror port."""
    hosted = plant.children.get(served.machine)
    if served.machine in plant.silent or (
        hosted and hosted.library == served.by and served.machine in plant.ended
    ):
        return "no"
    now = plant.watch.now_s()
    if served.silent_s is not None and now - served.silent_s > _SILENT_S:
        return "no"
    return "yes" if served.answered_s is not None and now - served.answered_s < _LATELY_S else "unasked"


def _service(plant: Plant, served: Served) -> dict[str, Any]:
    address, moved_to = plant.ground.address(served.machine, served.port)
    return {
        "machine": served.machine, "address": address, "port": served.port, "moved_to": moved_to,
        "protocol": PROTOCOLS[served.port],
        "server": served.by, "answers": _answers(plant, served), "asked": served.asked,
        "answered": served.answered, "why": plant.ended.get(served.machine, ""),
    }  # fmt: skip


def _memory_kib(pids: list[int]) -> int:
    """Proportional set size of processes, together: what they share is counted once. 0 where it cannot be read."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            continue
    return total


def tell(plant: Plant) -> dict[str, Any]:
    """Everything, as JSON."""
    state = plant.process.state
    harmed = plant.process.harmed()
    pids = [plant.run.pid, *(c.pid for c in plant.children.values() if c.machine not in plant.ended)]
    machines = [
        {
            "name": m.name,
            "role": m.role,
            "address": plant.ground.address(m.name, 0)[0],
            "mac": m.mac,
            "text": m.text,
        }
        for m in BY_NAME.values()
    ]
    controllers = [
        {"name": name, "running": each.running, "scans": each.scans}
        for name, each in plant.controllers.items()
    ]
    values = [
        {"tag": t.name, "unit": t.unit, "value": round(state[t.name], 4), "low": t.low, "high": t.high,
         "text": t.text, "harmed": t.name in harmed}
        for t in TAGS
    ]  # fmt: skip
    return {
        "schema": SCHEMA, "run": plant.run.run, "ground": plant.run.ground, "mirror": plant.ground.mirror,
        "layer2": plant.ground.layer2, "seed": plant.run.seed, "begun": plant.run.begun,
        "up_s": round(plant.watch.up_s(), 1), "day_s": round(plant.watch.day_s(), 1),
        "late_s": round(plant.late_s, 1), "restarts": plant.stage.restarts(), "silent": sorted(plant.silent),
        "memory_kib": _memory_kib(pids), "processes": len(pids),
        "machines": machines, "controllers": controllers,
        "services": [_service(plant, s) for s in plant.stage.served.values()], "values": values,
        "attacks": plant.attacks.status(),
    }  # fmt: skip
