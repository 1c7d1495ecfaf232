"""Worker and judge over a ring that nobody fills, each of whose lives ends at a line of its code that is chosen."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from collections import Counter
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from capture.live.blocks import Block, Packet, ring
from interlock.capture.live import interface as live
from interlock.capture.live.place import pardon, shared_row
from interlock.pipeline.sensor import desk, intake, ledger, line, stream, wires, worker
from interlock.pipeline.sensor.board import Board
from interlock.pipeline.sensor.ledger import Ledger
from interlock.pipeline.sensor.shedding import Pressure
from interlock.pipeline.sensor.sources import Interface
from interlock.pipeline.sensor.steps import read_note
from interlock.records.frames import Source
from interlock.records.gathering import joined
from interlock.store.plain import journal, streams, table, tables
from interlock.store.plain.store import PlainStore
from interlock.store.plain.streams import read_stream

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 3
BLOCKS = 1024
OCTETS = 1024
PR_SET_PDEATHSIG = 1
WORKER = {m.__file__ for m in (worker, line, stream, live, live.places)}
JUDGE = {m.__file__ for m in (desk, intake, ledger, stream, tables, table, journal, streams)}
SCHEMA = pa.schema([("time", pa.timestamp("ns", "UTC")), ("frame", pa.uint64())])
TABLES = ("values", "marks", "others", "payloads")
"""The first one goes to a journal, the third one has rows of every other step only; the last one follows each step."""


def dying(files: set[str], point: int) -> None:
    """Be killed at the so many-th line of these files from now on."""
    left = [point]

    def trace(frame, event, _arg):
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


class Engine:
    """A row for each frame in each table, with the number that the frame carries."""

    flows = SimpleNamespace(used=0)
    dissector = SimpleNamespace(now=1)
    fill = MappingProxyType({})

    def __init__(self) -> None:
        self._fed = 0

    def feed(self, frames, *, partly):
        assert partly, "nobody waits for what takes longer"
        self._fed += 1
        at = frames.offset
        numbers = [int.from_bytes(frames.octets[k : k + 4].tobytes(), "big") for k in at.tolist()]
        columns = [pa.array(np.zeros(len(numbers), "datetime64[ns]"), SCHEMA.field(0).type)]
        rows = pa.RecordBatch.from_arrays([*columns, pa.array(numbers, pa.uint64())], schema=SCHEMA)
        self._rest = rows
        return dict.fromkeys(TABLES[: 2 + self._fed % 2], rows)

    def rest(self):
        return {"payloads": self._rest}

    def idle(self, _now):
        return {}

    def finish(self):
        return []

    def open_flows(self, _since, _lasting):
        return None

    def wordless(self, _since):
        return None


class Judge:
    wait_s = None

    def __init__(self, store) -> None:
        self._store = store

    def take(self, steps):
        self._store.write(joined([step.batches for step in steps]))
        return [read_note(step.note) for step in steps]

    def take_rest(self) -> None:
        """Nothing is judged."""

    def tend(self) -> None:
        """No folding and no sealing: what lies there is looked at as it came."""

    def leapt(self, _leap) -> None:
        """The clock of these tests leaps all the time."""

    def go_on(self, waits: object) -> None:
        """Nothing is being worked on."""

    def settle(self) -> None:
        """Nothing is found."""

    def finish(self) -> None:
        self._store.put()


class World:
    """What outlives both. blocks: of FRAMES frames each, numbered from 0."""

    def __init__(self, folder: Path, blocks: int = BLOCKS) -> None:
        self.folder, self.count = folder, blocks * FRAMES
        folder.mkdir()
        memory = memoryview(bytearray(OCTETS * BLOCKS))
        shared = memoryview(mmap.mmap(-1, OCTETS * BLOCKS))
        packets = iter(range(self.count))
        filled = [
            Block(k + 1, [Packet(next(packets).to_bytes(4, "big").ljust(60, b"\0")) for _ in range(FRAMES)])
            for k in range(blocks)
        ]
        memory[:] = ring(filled, OCTETS, BLOCKS)
        shared[:] = memory
        self._ring = SimpleNamespace(
            interface="lo",
            memory=shared,
            size=SimpleNamespace(block_octets=OCTETS, blocks=BLOCKS),
            socket=socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            options=SimpleNamespace(fanout=None),
            hears=True,
            counters=lambda: (0, 0),
            close=lambda: None,
        )
        self.row, self.cells = shared_row(), Board(2)
        self.stop = Board(1).row(0)
        self.ledger, self.letters = Ledger(1), wires.LetterBox()
        self.board = wires.Switchboard(folder)

    def source(self):
        return live.LiveSource(self._ring, self.row, frames_limit=4 * FRAMES, wait_s=0.0)

    def work(self, point: int) -> None:
        """A worker's life, to its end where no point is given."""
        cells = self.cells.row(0)
        dying(WORKER, point)
        out = line.Line(
            self.board.call,
            dict.fromkeys(TABLES, SCHEMA),
            lambda: None,
            Pressure.NONE,
            kept=lambda: self.ledger.kept(0)[0],
            life=lambda: self.ledger.life,
        )
        source = Interface(self.source(), Source(name="lo"))
        made = worker.Worker(0, source=source, engine=Engine(), records=out, cells=cells, clock=time.time_ns)
        made.run(lambda: source.reached >= self.count)
        assert out.close()

    def reached(self) -> int:
        """Frames that workers have done with."""
        return live.Place(self.row).number

    def judging(self, point: int) -> None:
        """A judge's life, until `stop` is set."""
        ticks = iter(range(0, 1 << 62, 100_000_000))
        clock = lambda: next(ticks)  # noqa: E731
        dying(JUDGE, point)
        store = PlainStore(self.folder, clock=clock, compacts=False, puts=self.ledger)
        made = desk.Desk(
            Judge(store),
            store,
            board=self.board,
            letters=self.letters,
            ledger=self.ledger,
            schemas=dict.fromkeys(TABLES, SCHEMA),
            cells=self.cells.row(1),
            clock=clock,
            steady=time.monotonic_ns,
            told=lambda _steps, _notes: None,
            noted=lambda _entry: None,
            due=lambda: None,
        )
        made.run(lambda: bool(self.stop[0]))

    def rows(self) -> dict[str, Counter[int]]:
        """Table → the numbers that its rows carry, and how often."""
        found: dict[str, Counter[int]] = {name: Counter() for name in TABLES}
        for path in sorted(self.folder.glob("*/*/*.arrows")):
            with path.open("rb") as file:
                for batch, _ in read_stream(file):
                    found[path.parent.name].update(batch.column("frame").to_pylist())
        return found

    def close(self) -> None:
        self.board.close()
        self.letters.close()
        self._ring.socket.close()


def forked(work) -> int:
    """A child that does it and dies with us; its exit code is 0 where it came to its end."""
    child = os.fork()
    if child:
        return child
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        work()
        os._exit(0)
    finally:
        os._exit(1)


def ended(child: int, timeout_s: float = 30.0) -> int:
    """How it ended: its exit code, negative for a signal."""
    end = time.monotonic() + timeout_s
    while not (found := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError("it stands still")
        time.sleep(0.001)
    return os.waitstatus_to_exitcode(found[1])


def pardoned(world: World) -> None:
    """What the supervisor does where somebody was killed from outside."""
    pardon(world.row)
    world.ledger.pardon()
