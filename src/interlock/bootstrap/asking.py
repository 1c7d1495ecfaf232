"""What detectors ask of those who decode, found out before a sensor's processes part.

Where there are signatures a child builds the detectors: eighteen thousand rules leave behind, when they are let go,
memory that no allocator can give back, and every process that is forked later would hold it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap.allocating import give_back
from interlock.bootstrap.detecting import build_runner
from interlock.bootstrap.signature_screens import keep_screen, plan_of, screening_of, screening_with_plan
from interlock.errors import ConfigError, OutputError, SourceError
from interlock.pipeline.sensor.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interlock.bootstrap.detecting import Judgement
    from interlock.detect.signatures.engine.screening import Screening

__all__ = ["Asked", "asked_by"]

_KINDS: Final = {kind.__name__: kind for kind in (ConfigError, OutputError, SourceError)}
_LOOK_S: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """needs: table → columns. buffers: of payloads. screening: of signatures, where there are any."""

    needs: Mapping[str, tuple[str, ...]]
    buffers: frozenset[str]
    screening: Screening | None = None


def asked_by(given: Judgement) -> Asked:
    """What the detectors ask that people's judgement gives. Raises ConfigError, OutputError, SourceError."""
    if not given.signatures:
        runner = build_runner(given)
        asked = Asked(needs=runner.needs, buffers=runner.buffers, screening=screening_of(runner))
        del runner
        give_back()
        return asked
    work, pieces = Aside(partial(_looked, given), time.monotonic, nice=0), list[Any]()
    while not work.finished:
        pieces += work.pieces()
        time.sleep(_LOOK_S)
    if work.failed or not pieces:
        raise ConfigError("the signatures could not be put in force: the process that read them died")
    wrong, needs, buffers, plan = pieces[-1]
    if wrong is not None:
        kind, says = wrong
        raise _KINDS[kind](says)
    screening = screening_with_plan(plan, given.midstream or "own") if plan else None
    return Asked(needs=needs, buffers=buffers, screening=screening)


def _looked(given: Judgement) -> Iterator[tuple[Any, ...]]:
    """In the child: kind and sentence of what is wrong, or None; then the answer."""
    try:
        runner = build_runner(given)
    except (ConfigError, OutputError, SourceError) as error:
        kind = next(name for name, kind in _KINDS.items() if isinstance(error, kind))
        yield (kind, str(error)), {}, frozenset(), b""
    else:
        plan = plan_of(runner)
        if plan:
            keep_screen(given, plan)  # for workers that begin after the judge has begun again
        yield None, dict(runner.needs), runner.buffers, plan
