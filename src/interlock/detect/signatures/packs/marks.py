"""Which rules set the marks and numbers that others ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.language.checks import Bits, Counter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.detect.signatures.language.model import Signature

__all__ = ["names_of", "setters"]


def setters(asking: Iterable[Signature], among: Sequence[Signature]) -> list[int]:
    """Indexes of those that set what `asking` ask for, and of those that set what these ask for, and so on."""
    by_name: dict[tuple[str, str], list[int]] = {}
    for at, one in enumerate(among):
        for name in names_of(one, asked=False):
            by_name.setdefault(name, []).append(at)
    found: dict[int, None] = {}
    open_names = [name for one in asking for name in names_of(one, asked=True)]
    seen = set()
    while open_names:
        name = open_names.pop()
        if name in seen:
            continue
        seen.add(name)
        for at in by_name.get(name, ()):
            if at not in found:
                found[at] = None
                open_names += names_of(among[at], asked=True)
    return sorted(found)


def names_of(signature: Signature, *, asked: bool) -> list[tuple[str, str]]:
    """Scope and name of the marks and numbers that it asks for, or changes."""
    found = []
    for one in signature.checks if asked else signature.effects:
        if isinstance(one, Bits):
            found += [(one.scope, name) for name in one.names]
        elif isinstance(one, Counter):
            found.append(("number", one.name))
    return found
