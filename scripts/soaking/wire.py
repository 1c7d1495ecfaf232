"""A wire of its own: a network namespace with one pair of virtual interfaces, which no octet can leave.

Names carry the number of the process that made them. What was made is removed by `close`, and by the next run where
that never came.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["Wire", "sweep", "why_not"]

_NETNS = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_NAME = re.compile(r"ilw-(\d+)-\d+")


def why_not() -> str:
    """Why no wire can be made here; empty where one can."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    if shutil.which("ip") is None:
        return "the program `ip` (iproute2) is not installed"
    try:
        Wire().close()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespace can be made here ({error})"
    return ""


def sweep() -> None:
    """Remove wires whose makers are gone."""
    for name in sorted(path.name for path in _NETNS.glob("ilw-*")):
        found = _NAME.fullmatch(name)
        if found and not Path("/proc", found[1]).exists():
            _ip("netns", "del", name)


class Wire:
    """`far` is where frames are sent, `near` where the sensor listens."""

    far, near = "far0", "near0"
    _made = 0

    def __init__(self) -> None:
        Wire._made += 1
        self.name = f"ilw-{os.getpid()}-{Wire._made}"
        _ip("netns", "add", self.name)
        try:
            self.plug()
        except BaseException:
            self.close()
            raise

    def plug(self) -> None:
        """Make the pair; the kernel says nothing by itself on either end."""
        self._ip("link", "add", self.far, "type", "veth", "peer", "name", self.near)
        for end in (self.far, self.near):
            quiet = f"echo 1 > /proc/sys/net/ipv6/conf/{end}/disable_ipv6"
            _run("ip", "netns", "exec", self.name, "sh", "-c", quiet)
            self.up(end)

    def unplug(self) -> None:
        """Delete the pair."""
        self._ip("link", "del", self.far)

    def up(self, end: str) -> None:
        """Switch an interface on."""
        self._ip("link", "set", end, "up")

    def down(self, end: str) -> None:
        """Switch an interface off."""
        self._ip("link", "set", end, "down")

    def start(self, *command: object, **how: Any) -> subprocess.Popen[bytes]:
        """A process that sees the wire and nothing else of the network. how: as Popen's."""
        there = os.open(_NETNS / self.name, os.O_RDONLY | os.O_CLOEXEC)
        prepare = how.pop("preexec_fn", None)

        def enter() -> None:
            if ctypes.CDLL(None, use_errno=True).setns(there, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            if prepare is not None:
                prepare()

        try:
            return subprocess.Popen([str(word) for word in command], preexec_fn=enter, **how)  # noqa: PLW1509
        finally:
            os.close(there)

    def close(self) -> None:
        """Take all of it away."""
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "del", self.name)

    def _ip(self, *words: str) -> None:
        _ip("-n", self.name, *words)


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)
