"""Why a rule is not loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.detect.signatures.language.model import Origin

__all__ = ["Refusal", "RuleError"]


class RuleError(Exception):
    """One rule cannot be taken. keyword: the one that stands in the way, or what of the rule it is."""

    def __init__(self, keyword: str, reason: str) -> None:
        super().__init__(f"{keyword}: {reason}")
        self.keyword = keyword
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A rule that is not in force, whole. sid: None where its text does not say one."""

    origin: Origin
    sid: int | None
    keyword: str
    reason: str
    enabled: bool
    classtype: str = ""
    message: str = ""

    def __str__(self) -> str:
        name = "rule without sid" if self.sid is None else f"rule {self.sid}"
        return f"{self.origin.file}:{self.origin.line}: {name} is refused: {self.keyword}: {self.reason}"
