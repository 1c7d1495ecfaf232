"""Workers follow when signatures are made anew: each makes its screen beside its work, and changes it between batches.

The judge counts how often rules were made anew; each worker says how far it has followed. Rules speak when both have
them: a rule that both had before goes on without a gap.
"""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.reloading import in_force, judged_by
from interlock.errors import InterlockError
from interlock.pipeline.sensor.board import RULES
from interlock.pipeline.sensor.child import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.detect.signatures.engine.screen import Screen
    from interlock.pipeline.sensor.board import Board

__all__ = ["Rescreening", "Turns"]

_PATIENCE_S: Final = 10.0
"""So long the judge waits for workers: one that is being begun again takes the new rules by itself."""


class Turns:
    """board: its rows are those of the workers, and then the judge's."""

    def __init__(self, board: Board, workers: int, *, screened: bool) -> None:
        """screened: whether workers screen at all."""
        self._rows = [board.row(number) for number in range(workers)]
        self._screened = screened
        self._judge = board.row(workers)
        self._until = 0.0

    @property
    def now(self) -> int:
        """How often the judge has had rules made anew; 1 are those that the sensor began with."""
        return max(1, int(self._judge[RULES]))

    def begin(self) -> None:
        """There are new rules, and what was read of them is kept."""
        self._judge[RULES] += 1
        self._until = time.monotonic() + _PATIENCE_S

    def over(self) -> bool:
        """Whether all workers have followed, or had their time."""
        followed = not self._screened or all(row[RULES] >= self.now for row in self._rows)
        return followed or time.monotonic() > self._until

    def follow(self, worker: int, turn: int) -> None:
        """A worker screens by the rules of that turn."""
        self._rows[worker][RULES] = turn


class Rescreening:
    """Of one worker. Made when it begins: where rules were made anew before, it begins with the new ones."""

    def __init__(self, parts: Parts, worker: int) -> None:
        self._parts, self._worker = parts, worker
        self._turn = 1
        self._making: _Making | None = None
        if parts.screening is not None and parts.turns.now > 1:
            self._making = _Making(parts, parts.turns.now)
            self._making.join()
            self.tend()
        parts.turns.follow(worker, self._turn)

    def between(self, stop: Callable[[], bool]) -> Callable[[], bool]:
        """`stop`, which its loop asks in every round, with `tend` before it."""
        if self._parts.screening is None:
            return stop

        def stopping() -> bool:
            self.tend()
            return stop()

        return stopping

    def tend(self) -> None:
        """Begin to follow, or change the screen where a new one is ready."""
        made, screening = self._making, self._parts.screening
        if made is None and self._parts.turns.now != self._turn:
            self._making = _Making(self._parts, self._parts.turns.now)
        elif made is not None and not made.is_alive() and screening is not None:
            self._making, self._turn = None, made.turn
            if made.screen is not None:
                screening.renew(made.screen)
            else:
                say(f"packets are screened by the signatures of before: {made.wrong}")
            self._parts.turns.follow(self._worker, self._turn)


class _Making(Thread):
    """Makes a screen of the rules as they are now. A start of it is its beginning."""

    def __init__(self, parts: Parts, turn: int) -> None:
        super().__init__(name="screen", daemon=True)
        self._sensor = parts.sensor
        self.turn = turn
        self.screen: Screen | None = None
        self.wrong = ""
        self.start()

    def run(self) -> None:
        """In a thread of its own."""
        from interlock.bootstrap.signature_screens import kept_screen  # noqa: PLC0415

        try:
            self.screen = kept_screen(judged_by(self._sensor, in_force(self._sensor)), lambda _: None)
        except InterlockError as error:
            self.wrong = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker goes on as before
            self.wrong = f"{type(error).__name__}: {error}"[:500]
