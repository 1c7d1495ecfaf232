"""Record the demo captures: build the plant in namespaces, let it live, and keep what its mirror port sees.

    python -m venv demo-venv && demo-venv/bin/pip install -r requirements/demo-recording.txt
    sudo demo-venv/bin/python scripts/record_demo.py --out demo/

Needs root (namespaces, packet sockets) and iproute2. Every packet stays inside the namespaces, which are gone
afterwards, also when something fails or someone interrupts.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from responders.network import BY_NAME, PlantNetwork, ip_of, remove_namespaces, stop

if TYPE_CHECKING:
    import subprocess

_SERVERS = (
    ("plc-a", "modbus_plc", "plc"),
    ("gateway", "modbus_plc", "gateway"),
    ("plc-b", "s7_plc"),
    ("plc-c", "cip_device", "controller", "plc-c"),
    ("drive", "cip_device", "drive", "drive"),
    ("opcua", "opcua_server", "opcua"),
    ("bacnet", "bacnet_device", "bacnet"),
    ("io", "profinet_cm", "io"),
    ("io", "profinet_io", "cyclic", "io", "plc-b"),
    ("services", "services"),
    ("switch", "snmp", "public"),
    ("switch", "panel", "telnet", "ssh"),
    ("switch", "tls_ends", "443", "switch", ip_of("switch"), "1.0", "1.2", "expired"),
    ("hmi", "panel", "http", "ftp"),
    ("hmi", "tls_ends", "443", "panel", ip_of("hmi"), "1.2", "1.3", "valid"),
    ("public", "tls_ends", "443", "updates.vendor.example", ip_of("public"), "1.2", "1.3", "valid"),
)
_LISTENERS = (
    *(("plc-a", 502), ("gateway", 502), ("plc-b", 102), ("plc-c", 44818), ("drive", 44818), ("opcua", 4840)),
    *(("switch", 23), ("switch", 443), ("hmi", 80), ("hmi", 443), ("public", 443)),
)
_LASTING = (("hmi", "hmi"), ("historian", "historian"), ("bms", "bms"), ("plc-c", "drives"))
_SHIFT = (
    ("hmi", "panel"),
    ("switch", "switch"),
    ("services", "services"),
    ("historian", "historian"),
    ("engineer", "engineer"),
)


def start(plant: PlantNetwork, host: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one program on one machine."""
    return plant.start(host, f"responders.{module}", *arguments)


def recorded(plant: PlantNetwork, path: Path) -> subprocess.Popen[bytes]:
    """Begin a capture."""
    recorder = start(plant, "tap", "recorder", "eth0", str(path))
    time.sleep(1)
    return recorder


def normal_shift(plant: PlantNetwork, path: Path, seconds: float) -> None:
    """Everything begins, and goes as it should."""
    recorder = recorded(plant, path)
    start(plant, "plc-b", "profinet_io", "outputs", "plc-b", "io")
    for host, module in _LASTING:
        start(plant, host, module)
    short = [start(plant, host, "shift", what, str(seconds - 5)) for host, what in _SHIFT]
    time.sleep(seconds)
    for child in [recorder, *short]:
        stop(child)


def engineering(plant: PlantNetwork, path: Path, seconds: float) -> None:
    """The engineering station works while the shift goes on."""
    recorder = recorded(plant, path)
    _must_end(start(plant, "engineer", "engineering"), seconds)
    stop(recorder)


def incident(plant: PlantNetwork, path: Path, seconds: float) -> None:
    """Somebody is in the cell who should not be."""
    recorder = recorded(plant, path)
    office = start(plant, "office", "incident", "office")
    home = start(plant, "plc-b", "incident", "home")
    _must_end(start(plant, "intruder", "incident", "intruder"), seconds)
    for child in (office, home):
        _must_end(child, seconds)
    time.sleep(4)
    stop(recorder)


def _must_end(child: subprocess.Popen[bytes], seconds: float) -> None:
    if child.wait(3 * seconds) != 0:
        raise SystemExit(f"a part of the story failed: {child.args}")


def main() -> None:
    """Record all three captures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, required=True, help="folder for the captures")
    asked.add_argument("--seconds", type=float, default=60, help="length of the normal shift (default 60)")
    options = asked.parse_args()
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise SystemExit("recording needs root and the program `ip` (iproute2)")
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with PlantNetwork() as plant:
        for host, module, *arguments in _SERVERS:
            assert host in BY_NAME
            start(plant, host, module, *arguments)
        for host, port in _LISTENERS:
            plant.await_listener(host, port)
        time.sleep(2)
        normal_shift(plant, out / "normal-shift.pcapng", options.seconds)
        engineering(plant, out / "engineering.pcap", options.seconds)
        incident(plant, out / "incident.pcap", options.seconds)
        if fallen := plant.fallen():
            raise SystemExit(f"not all of the plant lived: {', '.join(fallen)}")
    remove_namespaces()
    plain = out / "incident.pcap"
    with plain.open("rb") as source, gzip.open(f"{plain}.gz", "wb", 9) as target:
        shutil.copyfileobj(source, target)
    plain.unlink()
    captures = [out / name for name in ("engineering.pcap", "incident.pcap.gz", "normal-shift.pcapng")]
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in captures]
    (out / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
