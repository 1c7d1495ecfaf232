"""Rules that ask for buffers of transactions: each buffer of a whole batch is looked through at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.scanner import Scanner
from interlock.detect.signatures.plain.transforming import transformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interlock.detect.signatures.engine.prefilter import Literal
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.traits import Traits
    from interlock.detect.signatures.language.model import Transformation

__all__ = ["Tables"]


class _Sought(NamedTuple):
    numbers: list[int]
    literals: list[Literal]


class Tables:
    """For each buffer, as it is and as transformations make it: what is looked for there, and for which rules."""

    def __init__(self, traits: Sequence[Traits], compiled: Compile | None = None) -> None:
        sought: dict[tuple[str, tuple[Transformation, ...]], _Sought] = {}
        self._always: dict[str, list[int]] = {}
        for number, one in enumerate(traits):
            if "transaction" not in one.levels:
                continue
            if one.literal is None:
                self._always.setdefault(one.needed, []).append(number)
                continue
            known = sought.setdefault((one.within, one.transformations), _Sought([], []))
            known.numbers.append(number)
            known.literals.append(one.literal)
        self._scanners = {
            key: (Scanner(known.literals, compiled), known.numbers) for key, known in sought.items()
        }

    @property
    def scanners(self) -> list[Scanner]:
        """All of them."""
        return [scanner for scanner, _ in self._scanners.values()]

    def candidates(
        self, transactions: Sequence[Mapping[str, tuple[bytes, ...]]]
    ) -> Iterator[tuple[int, int]]:
        """(transaction, rule's number); one may come several times."""
        for (buffer, transformations), (scanner, numbers) in self._scanners.items():
            owners: list[int] = []
            pieces: list[bytes] = []
            for index, buffers in enumerate(transactions):
                for octets in buffers.get(buffer, ()):
                    piece = transformed(octets, transformations) if transformations else octets
                    if piece is not None:
                        owners.append(index)
                        pieces.append(piece)
            if pieces:
                starts = np.concatenate(([0], np.cumsum([len(piece) for piece in pieces]))).astype(np.int64)
                found = scanner.found(b"".join(pieces), starts)
                for row, literal in zip(found.stretches.tolist(), found.literals.tolist(), strict=True):
                    yield owners[row], numbers[literal]
        for buffer, numbers in self._always.items():
            for index, buffers in enumerate(transactions):
                if not buffer or buffer in buffers:
                    yield from ((index, number) for number in numbers)
