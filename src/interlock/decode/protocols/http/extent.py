"""How long a body is, as its head says. Source: RFC 9112 clauses 6.1, 6.2 and 7.1."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CHUNK", "CHUNKED", "LENGTH"]

LENGTH: Final = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
CHUNKED: Final = re.compile(rb"\ntransfer-encoding[ \t]*:[^\r\n]*chunked[ \t]*\r?\n", re.IGNORECASE)
CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
"""The line before a chunk: its size."""
