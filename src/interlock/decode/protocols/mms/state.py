"""What is remembered of one association. Everything is bounded and dropped with the flow."""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.logins import Login
from interlock.decode.protocols.mms.blocks import Shape

__all__ = ["MAX_KEPT", "Association", "keep"]

MAX_KEPT: Final = 256
"""Variable lists, types, files and transfers of an association that are kept at a time."""
MAX_MEMBERS: Final = 4096
"""Members of a variable list that are kept."""


class Association:
    """One flow that carries MMS.

    lists: name of a variable list → names of its members. shapes: name of a variable → names of its parts.
    files: number of an open file (FRSM) → name. uploads: number of an upload (ULSM) → domain.
    login: a credential whose outcome is still to come. obtained: of the last obtainFile, the side that fetches the
    file, its name there and as it will be kept, and the operation.
    """

    __slots__ = ("files", "lists", "login", "obtained", "shapes", "uploads")

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.shapes: dict[str, Shape] = {}
        self.files: dict[int, str] = {}
        self.uploads: dict[int, str] = {}
        self.login: Login | None = None
        self.obtained: tuple[int, str, str, int] = (-1, "", "", 0)

    def shape(self, name: str) -> Shape | None:
        """Names of a variable's parts, from its own type or that of a variable it is part of."""
        known = self.shapes.get(name)
        at = len(name)
        while known is None:
            at = name.rfind("$", 0, at)
            if at < 0:
                return None
            known = self.shapes.get(name[:at])
        for part in name[at + 1 :].split("$") if at < len(name) else ():
            known = next((inner for title, inner in known or () if title == part), None)
        return known

    def members(self, name: str, count: int) -> list[str]:
        """Names of the first members of a list; numbered where they were never told."""
        known = self.lists.get(name, [])
        return [known[k] if k < len(known) else f"{name}[{k}]" for k in range(count)]


def keep(known: dict[Any, Any], key: Any, value: Any) -> None:
    """Remember value under key; the oldest goes where MAX_KEPT are known."""
    if len(known) >= MAX_KEPT and key not in known:
        known.pop(next(iter(known)))
    known[key] = value
