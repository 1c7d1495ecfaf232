"""Run the .py files although compiled ones lie beside them: the oracle of tests, asked for by environment."""

from __future__ import annotations

import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["prefer_sources"]


class _SourcesOnly:
    """A finder for this package's modules that knows no extension modules."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder.find_spec."""
        del target
        if not name.startswith("interlock.") or path is None:
            return None
        for folder in path:
            found = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if found is not None and found.loader is not None:
                return found
        return None


def prefer_sources() -> None:
    """From now on, import this package's modules from their .py files."""
    sys.meta_path.insert(0, _SourcesOnly())
