"""Interlock: open security for the machines of a factory that nobody can install anything on."""

from __future__ import annotations

import os

__all__ = ["__version__"]

__version__ = "0.1.0"

if os.environ.get("INTERLOCK_UNCOMPILED"):
    from interlock._uncompiled import prefer_sources

    prefer_sources()
