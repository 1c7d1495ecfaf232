"""Compiled modules, as they run where nothing was compiled."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def uncompiled(module):
    """The module as its file says it."""
    name = module.__name__.replace(".", "_") + "_uncompiled"
    file = Path(module.__file__).with_name(module.__name__.rpartition(".")[2] + ".py")
    spec = importlib.util.spec_from_file_location(name, file)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
