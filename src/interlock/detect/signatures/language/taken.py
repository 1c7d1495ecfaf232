"""What Suricata 7, as it is delivered, does not load of what is loaded here.

Its own source: src/detect-parse.c (options; two rules of one id) and src/detect-pcre.c (`/R`); words that do not go
together for it: conflicts.py. Variables that its
suricata.yaml has no meaning for have one here: whoever runs it gives them one, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.language.conflicts import refuse_conflicts
from interlock.detect.signatures.language.lexer import has_empty_option
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Content, Expression

if TYPE_CHECKING:
    from interlock.detect.signatures.language.model import Signature

__all__ = ["Ids", "refuse_what_suricata_does"]


def refuse_what_suricata_does(text: str, signature: Signature) -> None:
    """Raise RuleError where Suricata does not load a rule. text: of the rule."""
    if has_empty_option(text):
        raise RuleError("options", "Suricata does not load a rule with an empty option (;;)")
    refuse_conflicts(text, signature)
    for inspection in signature.inspections:
        if inspection.buffer == PAYLOAD:
            _refuse_relative(inspection.steps)


def _refuse_relative(steps: tuple[object, ...]) -> None:
    for step in steps:
        if isinstance(step, Content):
            return
        if isinstance(step, Expression):
            if step.relative:
                raise RuleError("pcre", "Suricata does not load /R with no content or pcre before it")
            return


class Ids:
    """Of several rules with one id Suricata has the one with the highest revision, of equal ones the first."""

    def __init__(self) -> None:
        self._best: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, place: int, signature: Signature) -> None:
        """One more rule; places rise."""
        key = signature.gid, signature.sid
        best = self._best.get(key)
        if best is None or signature.rev > best[0]:
            self._best[key] = signature.rev, place

    def refuse_others(self, place: int, signature: Signature) -> None:
        """Raise RuleError where it is another rule that has its id."""
        if self._best[signature.gid, signature.sid][1] != place:
            raise RuleError("sid", "Suricata loads one rule of an id, the newest, and another one has it")
