"""What became of files of indicators: counted by kind and giver, refusals one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.indicators.model import Indicator, Refused

__all__ = ["IndicatorTally", "indicator_document", "indicator_lines"]

_SHOWN: Final = 20
_MOST_REFUSALS: Final = 10_000
"""Refusals that are named; of the others the number is told."""
_MOST_GIVERS: Final = 1000


@dataclass(slots=True)
class IndicatorTally:
    """files: those read. loaded, refused, left_out: how many. octets: memory of those loaded. seconds: to read all."""

    files: list[str] = field(default_factory=list)
    loaded: int = 0
    refused: int = 0
    left_out: int = 0
    octets: int = 0
    seconds: float = 0.0
    by_kind: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[str, Refused]] = field(default_factory=list)

    def begin(self, file: str) -> None:
        """A file is read from here on."""
        self.files.append(file)

    def load(self, one: Indicator, *, fits: bool) -> None:
        """One that can be looked for. fits: whether there was room for it."""
        if not fits:
            self.left_out += 1
            return
        self.loaded += 1
        self.by_kind[one.kind] += 1
        if one.origin in self.by_source or len(self.by_source) < _MOST_GIVERS:
            self.by_source[one.origin] += 1

    def refuse(self, one: Refused) -> None:
        """One that cannot."""
        self.refused += 1
        if len(self.refusals) < _MOST_REFUSALS:
            self.refusals.append((self.files[-1], one))


def indicator_document(tally: IndicatorTally) -> dict[str, Any]:
    """Return the document `interlock/indicator-check/1`; its schema ships as `indicator-check.schema.json`."""
    return {
        "schema": "interlock/indicator-check/1",
        "files": tally.files,
        "loaded": tally.loaded,
        "refused": tally.refused,
        "left_out": tally.left_out,
        "octets": tally.octets,
        "seconds": round(tally.seconds, 3),
        "by_kind": dict(sorted(tally.by_kind.items())),
        "by_source": dict(sorted(tally.by_source.items())),
        "refusals": [{"file": file, "id": one.id, "reason": one.reason} for file, one in tally.refusals],
    }


def indicator_lines(tally: IndicatorTally) -> Iterator[str]:
    """The same for a person."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in tally.by_kind.most_common())
    yield f"{counted(tally.loaded, 'indicator loads', 'indicators load')}{f': {kinds}' if kinds else ''}"
    for source, count in tally.by_source.most_common(_SHOWN):
        yield f"  {count} of {source}"
    yield f"{tally.octets / (1 << 20):.1f} MiB of memory, read in {tally.seconds:.1f} s"
    if tally.left_out:
        yield f"{tally.left_out} do not fit"
    if tally.refused:
        yield f"{counted(tally.refused, 'is refused', 'are refused')}:"
    for file, one in tally.refusals[:_SHOWN]:
        yield f"  {file}: {one.id}: {one.reason}"
    if tally.refused > _SHOWN:
        yield f"  and {tally.refused - _SHOWN} more (--json names them)"
