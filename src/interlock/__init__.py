"""Interlock: open security for the machines of a factory that nobody can install anything on."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
