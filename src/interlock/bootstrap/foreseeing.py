"""What is known of a run before it begins: who of those who learn could come to say anything in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.capture.specs import SourceSpec
    from interlock.detect.runner import Runner

__all__ = ["foresee"]

_LONG: Final = 20_000
"""Minutes, two weeks: in so long a run everybody may come to know enough, and it need not be looked how long it is."""
_MORE: Final = 60
"""Minutes, by which a capture may grow while it is read; and of rows without a time."""


def foresee(runner: Runner, specs: Iterable[SourceSpec]) -> None:
    """Let detectors not learn from captures that are too short for them to judge by themselves in the end.

    runner: of a run that is concluded and gone, with its memory.
    """
    if not runner.expect(0):
        return  # all of them know enough already
    from interlock.capture.minutes import minutes_of  # noqa: PLC0415 (as above)
    from interlock.detect.learned.observed import most_observed  # noqa: PLC0415

    minutes = minutes_of(specs, _LONG)
    most = None if minutes is None else most_observed(minutes)
    runner.expect(None if most is None else most + _MORE)
