"""A file's text into signatures and refusals: one wrong rule keeps out itself alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interlock.detect.signatures.language.draft import Draft
from interlock.detect.signatures.language.header import read_header
from interlock.detect.signatures.language.keywords import KEYWORDS, REFUSED
from interlock.detect.signatures.language.lexer import head_and_options, rule_lines
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.problems import Refusal, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.lexer import Line, Option
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.variables import Variables

__all__ = ["Read", "read_line", "read_rule", "read_rules"]


class Read(NamedTuple):
    """One rule of a file: either a signature or a refusal."""

    signature: Signature | None
    refusal: Refusal | None


def read_rules(text: str, file: str, variables: Variables | None = None) -> Iterator[Read]:
    """Every rule of a file's text, in its order. file: its name, for people.

    variables: what those of heads mean; one that is not there refuses the rule. None: they are not looked at.
    """
    for line in rule_lines(text):
        yield read_line(line, Origin(file, line.number), variables)


def read_rule(text: str, origin: Origin, *, enabled: bool = True) -> Signature:
    """One rule. Raises RuleError."""
    head, options = head_and_options(text)
    action, header = read_header(head)
    draft = Draft(header=header)
    for name, value in options:
        keyword = KEYWORDS.get(name)
        if keyword is None:
            raise RuleError(name, REFUSED.get(name, "is not supported"))
        keyword.take(draft, value)
    return draft.signature(origin, action, enabled=enabled)


def read_line(line: Line, origin: Origin, variables: Variables | None = None) -> Read:
    """One rule, or why it is none. variables: as of read_rules."""
    try:
        signature = read_rule(line.text, origin, enabled=line.enabled)
        if variables is not None:
            variables.ends(signature.header)
        return Read(signature, None)
    except RuleError as error:
        return Read(None, _refusal(line, origin, error))


def _refusal(line: Line, origin: Origin, error: RuleError) -> Refusal:
    try:
        options = head_and_options(line.text)[1]
    except RuleError:
        options = []
    sid = _said(options, "sid")
    return Refusal(
        origin=origin,
        sid=int(sid) if sid.isascii() and sid.isdecimal() and len(sid) < 11 else None,
        keyword=error.keyword,
        reason=error.reason,
        enabled=line.enabled,
        classtype=_said(options, "classtype"),
        message=_said(options, "msg").strip('"'),
    )


def _said(options: list[Option], name: str) -> str:
    return next((option.value or "" for option in options if option.name == name), "")


def refused(signature: Signature, error: RuleError) -> Refusal:
    """A rule that was read, and cannot be in force."""
    return Refusal(
        origin=signature.origin,
        sid=signature.sid,
        keyword=error.keyword,
        reason=error.reason,
        enabled=signature.enabled,
        classtype=signature.classtype,
        message=signature.message,
    )
