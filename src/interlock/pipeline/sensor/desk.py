"""The judge's desk: steps of all workers as they arrive, the diary's letters, what is due every second."""

from __future__ import annotations

import select
import selectors
from typing import TYPE_CHECKING, Final

from interlock.pipeline.sensor.board import ALIVE
from interlock.pipeline.sensor.clock_watch import ClockWatch, leap_text
from interlock.pipeline.sensor.intake import Intake
from interlock.pipeline.sensor.stream import BrokenStreamError, Receiver
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from interlock.pipeline.sensor.judge import Judge
    from interlock.pipeline.sensor.ledger import Ledger
    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step
    from interlock.pipeline.sensor.wires import Connection, LetterBox, Switchboard
    from interlock.store.port import Store

__all__ = ["Desk"]

WAIT_S: Final = 0.1
TEND_NS: Final = 1_000_000_000
PUT_NS: Final = 250_000_000
"""So long rows stay in memory at most, and so much is sent again where the judge dies."""
MOST_ROWS: Final = 100_000
LAST_NS: Final = 30_000_000_000
"""How long lines that nobody closes are listened to at the end."""


class Desk:
    """Runs until it is stopped. told: is given each step's note with the rows that its worker left out.

    cells: the judge's row of the board. clock: the wall, UTC ns. reload: called where somebody asked for it.
    """

    def __init__(
        self,
        judge: Judge,
        store: Store,
        *,
        board: Switchboard,
        letters: LetterBox,
        ledger: Ledger,
        schemas: Mapping[str, pa.Schema],
        cells: memoryview,
        clock: Callable[[], int],
        steady: Callable[[], int],
        told: Callable[[Sequence[Step], Sequence[WorkerNote]], None],
        noted: Callable[[Entry], None],
        due: Callable[[], None],
    ) -> None:
        """steady: ns that only rise. noted: is given each letter.

        due: called about once a second, a round after the judge has done what was due.
        """
        self._judge = judge
        self._store = store
        self._board = board
        self._letters = letters
        self._schemas = schemas
        self._cells = cells
        self._clock = clock
        self._watch = ClockWatch(clock, steady)
        self._told = told
        self._noted = noted
        self._due = due
        self._intake = Intake(ledger, store.note, clock)
        self._tended = self._put = 0
        self._owed = False
        self._lines = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(board, selectors.EVENT_READ)
        self._selector.register(letters, selectors.EVENT_READ)
        self._bell = store.bell
        if self._bell is not None:
            self._selector.register(self._bell, selectors.EVENT_READ)

    def run(self, stop: Callable[[], bool]) -> None:
        """The loop. After `stop`, what workers have sent before their end is still judged."""
        while not stop():
            self._round(WAIT_S)
        until = self._clock() + LAST_NS
        self._round(0.0)
        while self._lines and self._clock() < until:
            self._round(WAIT_S)
        self._judge.finish()
        self._due()

    def _round(self, wait_s: float) -> None:
        """Whatever has arrived, each worker in its turn."""
        self._cells[ALIVE] += 1
        due_s = self._judge.wait_s
        for key, _ in self._selector.select(wait_s if due_s is None else min(wait_s, due_s)):
            if key.fileobj is self._board:
                self._welcome()
            elif key.fileobj is self._letters:
                for entry in self._letters.letters():
                    self._store.note(entry)
                    self._noted(entry)
            elif key.fd == self._bell:
                continue  # heard below
            elif self._selector.get_map().get(key.fd) is key:  # not hung up in this very round
                self._read(key.data, key.fileobj)  # type: ignore[arg-type]
        self._judge.go_on(self._is_called)
        self._tend()

    def _tend(self) -> None:
        """What is due, but of what takes long one thing in each round: a finding waits for no more."""
        wall = self._clock()
        if not 0 <= wall - self._put < PUT_NS or self._intake.ended:
            self._put, self._intake.ended = wall, False
            self._judge.settle()
            self._store.put()
        if self._owed:
            self._owed = False
            self._due()
        elif not 0 <= wall - self._tended < TEND_NS:
            self._tended, self._owed = wall, True
            if leap := self._watch.leapt():
                self._store.note(Entry(time=wall, event="clock-jump", says=leap_text(leap)))
                self._judge.leapt(leap)
            self._judge.tend()

    def _is_called(self) -> bool:
        return bool(self._selector.select(0))

    def _welcome(self) -> None:
        while (connection := self._board.accept()) is not None:
            self._hear_out()
            receiver = Receiver(connection.fileno(), self._schemas)
            self._selector.register(connection, selectors.EVENT_READ, receiver)
            self._lines += 1

    def _hear_out(self) -> None:
        """Whoever calls may follow on one that died: what that one had said whole comes first."""
        poller, lines = select.poll(), {}
        for file, key in self._selector.get_map().items():
            if isinstance(key.data, Receiver):
                poller.register(file, 0)
                lines[file] = key
        for file, _ in poller.poll(0):
            key = lines[file]
            while key.data.open and file in self._selector.get_map():
                self._read(key.data, key.fileobj)  # type: ignore[arg-type]

    def _read(self, receiver: Receiver, connection: Connection) -> None:
        """Steps that one worker has sent; where its line is cut, what had come whole counts."""
        try:
            steps = _waiting(receiver)
        except ConnectionError:
            self._hang_up(connection)
            return
        except BrokenStreamError as error:
            self._store.note(
                Entry(
                    time=self._clock(),
                    event="refused",
                    says=f"records that cannot be read came from a worker ({error})",
                )
            )
            self._hang_up(connection)
            return
        for group in self._intake.groups(steps):
            self._told(group, self._judge.take(group))
            self._judge.take_rest()
        if not receiver.open:
            self._hang_up(connection)

    def _hang_up(self, connection: Connection) -> None:
        self._lines -= 1
        self._selector.unregister(connection)
        connection.close()


def _waiting(receiver: Receiver) -> list[Step]:
    """All steps that have piled up, within a bound: looking at many rows at once costs little more than at a few."""
    steps = receiver.read()
    rows = 0
    while rows < MOST_ROWS and (more := receiver.read() if receiver.open and steps else []):
        rows += sum(batch.num_rows for step in more for batch in step.batches.values())
        steps += more
    return steps
