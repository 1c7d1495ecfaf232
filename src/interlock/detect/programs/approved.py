"""What people approved: hashes of the files of their project folders, and of the blocks inside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Approved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """whole: SHA-256 of a file or block → where it stands. code: the same of what runs in it (`code_sha256`)."""

    whole: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.whole or self.code)

    def place(self, sha256: str | None, code: str | None) -> str | None:
        """Where it stands among what was approved; by its code where only times and signatures differ."""
        found = self.whole.get(sha256 or "")
        if found is None and code:
            found = self.code.get(code)
        return found
