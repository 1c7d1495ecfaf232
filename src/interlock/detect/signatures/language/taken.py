"""What Suricata 7, as it is delivered, does not load of what is loaded here.

Its own source: src/detect-parse.c (options; two rules of one id), src/detect-pcre.c (`/R`), and the variables of its
suricata.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.header import read_term
from interlock.detect.signatures.language.lexer import has_empty_option
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Content, Expression
from interlock.detect.signatures.language.variables import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.header import Header, Term
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.variables import Variables

__all__ = ["Ids", "refuse_what_suricata_does"]

_MOST_DEPTH: Final = 8


def refuse_what_suricata_does(text: str, signature: Signature, variables: Variables) -> None:
    """Raise RuleError where Suricata does not load a rule. text: of the rule."""
    if has_empty_option(text):
        raise RuleError("options", "Suricata does not load a rule with an empty option (;;)")
    for inspection in signature.inspections:
        if inspection.buffer == PAYLOAD:
            _refuse_relative(inspection.steps)
    for name in sorted(set(_named(signature.header, variables))):
        if name in OWN and variables.is_default(name):
            raise RuleError(
                "header", f"Suricata's own configuration has no ${name}, and nobody says what it is"
            )


def _refuse_relative(steps: tuple[object, ...]) -> None:
    for step in steps:
        if isinstance(step, Content):
            return
        if isinstance(step, Expression):
            if step.relative:
                raise RuleError("pcre", "Suricata does not load /R with no content or pcre before it")
            return


def _named(header: Header, variables: Variables) -> Iterator[str]:
    """Names of the variables of a head, and of those within them."""
    for term, ports in (
        (header.sources, False), (header.targets, False), (header.source_ports, True), (header.target_ports, True),
    ):  # fmt: skip
        yield from _in_term(term, variables, ports=ports)


def _in_term(term: Term, variables: Variables, *, ports: bool, depth: int = 0) -> Iterator[str]:
    for part in term.parts:
        yield from _in_term(part, variables, ports=ports, depth=depth)
    if term.leaf.startswith("$"):
        yield term.leaf[1:]
        meant = variables.term(term.leaf[1:], ports=ports)
        if meant is not None and depth < _MOST_DEPTH:
            yield from _in_term(read_term(meant, ports=ports), variables, ports=ports, depth=depth + 1)


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
