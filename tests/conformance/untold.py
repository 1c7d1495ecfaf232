"""What a field says that our tables have for some messages, but not for this one: it is not compared."""

from __future__ import annotations

from typing import Final

__all__ = ["UNTOLD"]

UNTOLD: Final = object()
