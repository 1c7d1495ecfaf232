"""Rules that ask for buffers of transactions: each buffer of a whole batch is looked through at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.prefilter import best_literal
from interlock.detect.signatures.engine.scanner import Scanner
from interlock.detect.signatures.language.checks import Fact
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.steps import Absent
from interlock.detect.signatures.plain.transforming import transformed
from interlock.records.buffers import STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interlock.detect.signatures.engine.prefilter import Literal
    from interlock.detect.signatures.language.model import Signature, Transformation
    from interlock.detect.signatures.plain.matching import Matcher

__all__ = ["Tables"]


class _Sought(NamedTuple):
    numbers: list[int]
    literals: list[Literal]


class Tables:
    """For each buffer, as it is and as transformations make it: what is looked for there, and for which rules."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        sought: dict[tuple[str, tuple[Transformation, ...]], _Sought] = {}
        self._always: dict[str, list[int]] = {}
        for number, one in enumerate(matchers):
            if "transaction" not in one.levels:
                continue
            best = best_literal(one.signature.inspections)
            if best is None:
                self._always.setdefault(_needed(one.signature), []).append(number)
                continue
            inspection = one.signature.inspections[best[0]]
            buffer = STREAM if inspection.buffer == PAYLOAD else inspection.buffer
            known = sought.setdefault((buffer, inspection.transformations), _Sought([], []))
            known.numbers.append(number)
            known.literals.append(best[1])
        self._scanners = {key: (Scanner(known.literals), known.numbers) for key, known in sought.items()}

    def candidates(
        self, transactions: Sequence[Mapping[str, tuple[bytes, ...]]]
    ) -> Iterator[tuple[int, int]]:
        """(transaction, rule's number); one may come several times."""
        for (buffer, transformations), (scanner, numbers) in self._scanners.items():
            owners: list[int] = []
            pieces: list[bytes] = []
            for index, buffers in enumerate(transactions):
                for octets in buffers.get(buffer, ()):
                    owners.append(index)
                    pieces.append(transformed(octets, transformations) if transformations else octets)
            if pieces:
                starts = np.concatenate(([0], np.cumsum([len(piece) for piece in pieces]))).astype(np.int64)
                for row, literal in scanner.found(b"".join(pieces), starts):
                    yield owners[row], numbers[literal]
        for buffer, numbers in self._always.items():
            for index, buffers in enumerate(transactions):
                if not buffer or buffer in buffers:
                    yield from ((index, number) for number in numbers)


def _needed(signature: Signature) -> str:
    """A buffer that must be there for the rule to hit; nothing where none must."""
    for inspection in signature.inspections:
        if not isinstance(inspection.steps[0], Absent):
            return STREAM if inspection.buffer == PAYLOAD else inspection.buffer
    facts = [check.asked[0][0] for check in signature.checks if isinstance(check, Fact)]
    return facts[0] if facts and not signature.inspections else ""
