"""What is not Linux has no live capture, and everything else works there."""

from __future__ import annotations

import subprocess
import sys

ALONE = """
import importlib, pkgutil, sys
sys.modules["fcntl"] = None  # as on Windows
import socket
for name in [name for name in vars(socket) if name.startswith(("AF_PACKET", "AF_NETLINK", "NETLINK_"))]:
    delattr(socket, name)
import interlock
left = ("capture.live", "bench", "store", "plant", "pipeline.sensor", "pipeline.drill", "bootstrap.", "cli.sensor")
left = tuple("interlock." + room for room in left)
broken = []
for module in pkgutil.walk_packages(interlock.__path__, "interlock."):
    if module.name.startswith(left) or module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        if "fcntl" in str(error):
            broken.append(module.name)
print(*broken, len(sys.modules) > 200)
"""


def test_nothing_that_reads_captures_needs_what_only_linux_has():
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.split() == ["True"]


def test_commands_do_not_load_live_capture_before_it_is_asked_for():
    asked = "import interlock.cli.main, interlock.cli.analyze, interlock.cli.sensor_prepare, interlock.bootstrap, sys;"
    asked += "print([name for name in sys.modules if 'capture.live' in name])"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_system_without_packet_sockets_says_so():
    asked = (
        "import socket; del socket.AF_PACKET\n"
        "from interlock.capture.live.socket import open_ring\n"
        "from interlock.errors import SourceError\n"
        "try:\n    open_ring('eth1')\nexcept SourceError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "eth1: only Linux lets Interlock listen; here it reads captures\n"
