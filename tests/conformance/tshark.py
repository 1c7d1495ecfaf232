"""Runs tshark over a capture and keeps what it said.

Heuristics are as tshark ships them, names are not resolved (-n), and there is one pass only: no `-2`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.walk import grow, read_pdml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cache import Cache
    from conformance.captures import Capture
    from conformance.oracles.port import Oracle
    from conformance.walk import Packet

__all__ = ["Tshark", "TsharkError"]

_CARRIERS = "geninfo frame eth sll ip ipv6 tcp udp icmp icmpv6"


class TsharkError(Exception):
    """tshark is missing, or could not read the capture at all."""


@dataclass(frozen=True)
class Tshark:
    """decode_as: capture name to `-d` rules, for protocols on ports that tshark does not know."""

    cache: Cache
    decode_as: dict[str, tuple[str, ...]]
    program: str = "tshark"

    @cached_property
    def version(self) -> str:
        """The first line of `tshark --version`: part of every cache name."""
        if shutil.which(self.program) is None:
            raise TsharkError("tshark is not installed: apt-get install tshark")
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)
        return said.stdout.partition("\n")[0]

    def protocols(self, capture: Capture) -> frozenset[str]:
        """Names of all protocols that tshark sees anywhere in the capture."""
        depends = [self.version, self.rules(capture), "protocols"]
        place = self.cache.place("protocols", capture.digest(), depends)
        if (kept := self.cache.load(place)) is not None:
            return frozenset(kept)
        names: set[str] = set()
        for line in self.run(capture, ["-T", "fields", "-e", "frame.protocols"]):
            names.update(line.decode().strip().split(":"))
        self.cache.keep(place, sorted(names))
        return frozenset(names)

    def packets(self, capture: Capture, oracle: Oracle) -> Iterator[Packet]:
        """Frames that hold one of the oracle's layers, in order."""
        if not self.protocols(capture).isdisjoint(oracle.layers):
            for number, nodes in self._walk(capture, oracle):
                yield grow(number, nodes)

    def _walk(self, capture: Capture, oracle: Oracle) -> list[tuple[int, list[tuple[int, str, str]]]]:
        chosen = ["-Y", " || ".join(oracle.layers), "-J", f"{_CARRIERS} {' '.join(oracle.layers)}"]
        for preference in oracle.preferences:
            chosen += ["-o", preference]
        depends = [self.version, self.rules(capture), chosen, sorted(oracle.fields), "walk 1"]
        if oracle.script:
            depends.append(oracle.script)
        place = self.cache.place(oracle.name, capture.digest(), depends)
        if (kept := self.cache.load(place)) is not None:
            return [(number, [tuple(node) for node in nodes]) for number, nodes in kept]
        with _script(oracle.script) as scripted:
            walked = list(read_pdml(self.run(capture, ["-T", "pdml", *chosen, *scripted]), oracle.fields))
        self.cache.keep(place, walked)
        return walked

    def rules(self, capture: Capture) -> list[str]:
        return [part for rule in self.decode_as.get(capture.name, ()) for part in ("-d", rule)]

    def run(self, capture: Capture, options: list[str]) -> Iterator[bytes]:
        """Lines of its standard output. A capture cut in a packet is read up to there, as ours is."""
        command = [self.program, "-n", "-r", str(capture.path), *self.rules(capture), *options]
        with tempfile.TemporaryFile() as complaints:
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as run:
                assert run.stdout is not None
                yield from run.stdout
            complaints.seek(0)
            text = complaints.read().decode("utf-8", "replace")
        if run.returncode and "cut short" not in text and "appears to be damaged" not in text:
            raise TsharkError(f"{capture.name}: {text.strip()}")


@contextmanager
def _script(text: str) -> Iterator[list[str]]:
    """Options that make tshark run this Lua script, which lies in a file of its own meanwhile."""
    if not text:
        yield []
        return
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as kept:
        kept.write(text)
        kept.flush()
        yield ["-X", f"lua_script:{kept.name}"]
