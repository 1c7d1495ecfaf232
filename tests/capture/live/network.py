"""Network namespaces with pairs of virtual interfaces, made for one test and removed after it, also when it fails."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path("/proc/thread-self/ns/net")
CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_count = 0


def why_not():
    """Why no namespaces can be made here, or empty."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    if shutil.which("ip") is None:
        return "the program `ip` (iproute2) is not installed"
    _sweep()
    tried = f"ilk-{os.getpid()}-can"
    made = subprocess.run(["ip", "netns", "add", tried], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here ({made.stderr.strip()})"
    subprocess.run(["ip", "netns", "del", tried], check=True)
    return ""


def _sweep():
    """Remove what a run left that was killed."""
    for place in Path("/run/netns").glob("ilk-*-*"):
        owner = place.name.split("-")[1]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", place.name], capture_output=True, check=False)


REASON = why_not()
needs_namespaces = pytest.mark.skipif(bool(REASON), reason=REASON or "can run")


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


class Network:
    """One namespace with `a0` <-> `b0`: what is sent on one comes in at the other."""

    def __init__(self):
        global _count  # noqa: PLW0603
        _count += 1
        self.name = f"ilk-{os.getpid()}-{_count}"
        ip("netns", "add", self.name)

    def ip(self, *words):
        ip("-n", self.name, *words)

    def pair(self, first="a0", second="b0", *, up=True, quiet=True, chatty=""):
        """Make a pair; quiet: the kernel says nothing by itself on either end, but on the chatty one."""
        self.ip("link", "add", "name", first, "type", "veth", "peer", "name", second)
        for end in (first, second):
            if quiet and end != chatty:
                with self.inside():
                    Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
            if up:
                self.ip("link", "set", end, "up")

    @contextlib.contextmanager
    def inside(self):
        """Let this thread see the namespace's interfaces; sockets made meanwhile stay in it."""
        with HOME.open() as home, Path("/run/netns", self.name).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def sender(self, interface="b0"):
        """A socket that sends frames as they are."""
        with self.inside():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.bind((interface, 0))
            return sock

    def received(self, interface="b0"):
        """How many packets came in at an interface since it was made."""
        words = ["ip", "-n", self.name, "-j", "-s", "link", "show", interface]
        told = json.loads(subprocess.run(words, check=True, capture_output=True, timeout=20).stdout)
        return told[0]["stats64"]["rx"]["packets"]

    def close(self):
        ip("netns", "del", self.name)


def _enter(file):
    if _LIBC.setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
