"""What a batch costs by its number of frames: decoding, inventory, detectors, and the pipe between two processes."""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.engine import Engine
from interlock.decode.registry import VerbTables, waiting_specs
from interlock.detect.interface import Context
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.inventory.inventory import Inventory
from interlock.pipeline.sensor.stream import Receiver, Sender
from interlock.records.frames import Frames
from interlock.records.site import Site
from interlock.records.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interlock.decode.engine import Batches

__all__ = ["SIZES", "STAGES", "cost_of_batches", "cut"]

SIZES: Final = (1, 5, 20, 100, 1000)
STAGES: Final = ("engine", "inventory", "detectors", "pipe")
_WARM: Final = 20_000
"""Frames before the first measured one: protocols are loaded, every flow and every object has been seen."""
_ROOM: Final = 1 << 14


def cost_of_batches(capture: Path, frames: int) -> list[dict[str, Any]]:
    """Per size of SIZES one row: `frames` in a batch, `batches` measured, CPU microseconds a batch by stage of STAGES.

    frames: of the capture are measured for each size, the same ones, after those that warm up.
    """
    return [_cost(capture, size, min(frames, 2000 * size)) for size in SIZES]


def cut(frames: Frames, size: int) -> Iterator[Frames]:
    """The same frames in batches of `size`, each with a buffer of its own, as a capture ring gives them."""
    for begin in range(0, frames.n, size):
        end = min(begin + size, frames.n)
        first, used = int(frames.offset[begin]), int(frames.offset[end - 1] + frames.caplen[end - 1])
        octets = np.empty(used - first + _ROOM, np.uint8)
        octets[: used - first] = frames.octets[first:used]
        named = ("caplen", "wirelen", "time", "linktype", "source", "number")
        columns = {name: getattr(frames, name)[begin:end] for name in named}
        yield Frames(octets=octets, used=used - first, offset=frames.offset[begin:end] - first, **columns)


class _Stages:
    """All that a batch goes through, and the time each stage took."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._inventory = Inventory()
        self._runner = Runner(all_detectors())
        self._needs = self._runner.needs
        schemas = {table.name: table.schema for table in TABLES.values()}
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        self._sender, self._receiver = Sender(write_end, schemas), Receiver(read_end, schemas)
        self._schemas = schemas
        self.spent_ns = dict.fromkeys(STAGES, 0)

    def take(self, frames: Frames) -> None:
        """One batch through all stages."""
        clock = time.process_time_ns
        begun = clock()
        batches = self.engine.feed(frames)
        decoded = clock()
        for name in INVENTORY_TABLES:
            if name in batches:
                self._inventory.feed(name, batches[name])
        known = clock()
        context = Context(site=Site(), now=int(frames.time[-1]))
        for name in self._needs:
            if name in batches:
                self._runner.feed(name, batches[name], context)
        judged = clock()
        self._carry(batches, context.now)
        carried = clock()
        for stage, spent in zip(
            STAGES, (decoded - begun, known - decoded, judged - known, carried - judged), strict=True
        ):
            self.spent_ns[stage] += spent

    def _carry(self, batches: Batches, now: int) -> None:
        """Through the pipe and out again; protocols' own tables stay here."""
        self._sender.send({n: b for n, b in batches.items() if n in self._schemas}, now=now)
        while not self._receiver.read():
            self._sender.wait(0)


def _cost(capture: Path, size: int, measured: int) -> dict[str, Any]:
    specs = waiting_specs()
    with open_sources(specify((str(capture),), ())) as run:
        stages = _Stages(Engine(run.sources, specs, VerbTables(specs), seed=secrets.randbits(64)))
        seen, batches = 0, 0
        for whole in run:
            warm = min(max(0, _WARM - seen), whole.n)
            for piece in (next(cut(whole, warm)),) if warm else ():
                stages.take(piece)
                stages.spent_ns = dict.fromkeys(STAGES, 0)
            seen += whole.n
            for piece in cut(_behind(whole, warm, measured - batches * size), size):
                stages.take(piece)
                batches += 1
            if batches * size >= measured:
                break
    spent = {stage: round(ns / 1000 / max(1, batches), 1) for stage, ns in stages.spent_ns.items()}
    return {"capture": capture.name, "frames": size, "batches": batches, "us": spent}


def _behind(frames: Frames, begin: int, most: int) -> Frames:
    """At most so many frames from one on, over the same buffer."""
    end = min(frames.n, begin + max(0, most))
    named = ("offset", "caplen", "wirelen", "time", "linktype", "source", "number")
    columns = {name: getattr(frames, name)[begin:end] for name in named}
    return Frames(octets=frames.octets, used=frames.used, **columns)


def _main() -> None:
    import argparse  # noqa: PLC0415 (`python -m interlock.bench.small_batches` only)
    import json  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("captures", nargs="+", type=Path)
    reader.add_argument("--frames", type=int, default=60_000, help="of each capture, for each size")
    reader.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = reader.parse_args()
    for capture in asked.captures:
        for row in cost_of_batches(capture, asked.frames):
            us = row["us"]
            text = f"{row['capture']} {row['frames']:5} frames: " + ", ".join(
                f"{s} {us[s]:.0f}" for s in STAGES
            )
            print(json.dumps(row) if asked.json else f"{text} us a batch")  # noqa: T201 (what was asked for)


if __name__ == "__main__":
    _main()
