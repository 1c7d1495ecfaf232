"""Signatures put in force anew while the sensor runs: the new ones are made beside the old, and take their place whole.

    read and kept by a copy of the process -> made from what was kept, by threads here and in the workers, who screen
    -> swapped between two batches; here, last

The copy takes seconds of another processor. What it leaves is made ready in the judge's own process, in turns with it,
since what was compiled cannot be handed from one process to another.
"""

from __future__ import annotations

from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap.detecting import Judgement
from interlock.errors import InterlockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.bootstrap.rescreening import Turns
    from interlock.detect.runner import Runner
    from interlock.detect.signatures.detector import Signatures
    from interlock.detect.signatures.packs.trial import Trial
    from interlock.pipeline.sensor.aside import Work

__all__ = ["SignatureRenewal"]

_NAME: Final = "signature"
"""Of their detector, which is loaded only where there are any."""
_STAY: Final = "the signatures of before stay in force"


class SignatureRenewal:
    """refused: takes a sentence about what is not in force. beside: begins work in a copy of the process.

    turns: of the workers, which screen by the same rules.
    """

    def __init__(
        self,
        refused: Callable[[str], None],
        beside: Callable[[Callable[[], Iterable[Any]]], Work],
        turns: Turns,
    ) -> None:
        self._refused = refused
        self._beside = beside
        self._turns = turns
        self._given = Judgement()
        self._shown: frozenset[str] | None = None
        self._reading: Work | None = None
        self._making: _Making | None = None

    def begin(self, runner: Runner, given: Judgement) -> None:
        """Begin to read rules as they are now; whoever asks again meanwhile gets what is there by then."""
        if self._reading is not None:
            self._reading.end()
            self._reading = None
        if self._shown is None:  # workers go on showing what was asked for when the sensor began
            self._shown = frozenset((*runner.buffers, *runner.needs))
        if given.signatures or runner.named(_NAME) is not None:
            self._given = given
            self._reading = self._beside(partial(_read, given))

    def tend(self, runner: Runner) -> Iterator[str]:
        """Put in force what is ready; gives sentences about it."""
        if self._reading is not None:
            wrong = [str(piece) for piece in self._reading.pieces()]
            for sentence in wrong:
                self._refused(f"{sentence}; {_STAY}")
            if self._reading.finished:
                if self._reading.failed and not wrong:
                    self._refused(f"the signatures could not be read to their end; {_STAY}")
                if not self._reading.failed and not wrong:
                    self._turns.begin()
                    self._making = _Making(self._given)
                self._reading = None
        elif self._making is not None and not self._making.is_alive() and self._turns.over():
            made, self._making = self._making, None
            yield from self._swap(runner, made)

    def _swap(self, runner: Runner, made: _Making) -> Iterator[str]:
        from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415
        from interlock.detect.signatures.packs.trial import Trial  # noqa: PLC0415

        if made.detector is None:
            self._refused(f"{made.wrong}; {_STAY}")
            return
        for sentence in made.sentences:
            self._refused(sentence)
        known, fresh = runner.named(_NAME), made.detector
        if isinstance(known, Signatures):
            fresh.follow(known)
        runner.renew(fresh, remembers=True)
        missing = {*fresh.buffers, *fresh.needs}
        if made.trial is not None or runner.named(Trial.name) is not None:
            missing |= self._put_on_trial(runner, made.trial or Trial())
        yield f"{len(fresh.engine.matchers)} signatures are in force"
        if made.trial is not None:
            yield f"{len(made.trial.counted)} signatures of version {made.trial.number} are on trial"
        if missing := missing.difference(self._shown or ()):
            yield f"signatures of what only {', '.join(sorted(missing))} shows need a restart of the sensor"

    def _put_on_trial(self, runner: Runner, trial: Trial) -> set[str]:
        """Let it follow the one of before; what it looks at."""
        from interlock.detect.signatures.packs.trial import Trial  # noqa: PLC0415

        known = runner.named(Trial.name)
        if isinstance(known, Trial):
            trial.follow(known)
        runner.renew(trial, remembers=True)
        return {*trial.buffers, *trial.needs}


class _Making(Thread):
    """Makes the detector from what was kept. A start of it is its beginning."""

    def __init__(self, given: Judgement) -> None:
        super().__init__(name="signatures", daemon=True)
        self._given = given
        self.detector: Signatures | None = None
        self.trial: Trial | None = None
        self.sentences: list[str] = []
        self.wrong = ""
        self.start()

    def run(self) -> None:
        """In a thread of its own."""
        from interlock.bootstrap.signature_trials import trial_of_paths  # noqa: PLC0415
        from interlock.bootstrap.signatures import build_signatures  # noqa: PLC0415

        try:
            given = self._given
            self.trial = trial_of_paths(
                given.signatures,
                self.sentences.append,
                given.lists,
                given.midstream or "own",
                given.checksums,
            )
            self.detector = build_signatures(
                given.signatures,
                self.sentences.append,
                None,
                given.lists,
                given.midstream or "own",
                given.checksums,
            )
        except InterlockError as error:
            self.wrong = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the signatures of before judge on
            self.wrong = f"the signatures could not be made ({type(error).__name__}: {error})"[:500]


def _read(given: Judgement) -> Iterator[str]:
    """Read the rules, so that they are kept; a sentence where that cannot be."""
    from interlock.bootstrap.signature_screens import keep_screen, plan_with, read_engines  # noqa: PLC0415

    try:
        keep_screen(given, plan_with(read_engines(given, lambda _: None)))
    except InterlockError as error:
        yield str(error)
