"""How an NT status ends an operation. Source: MS-ERREF clause 2.3, MS-SMB2 clauses 3.3.4.4 and 3.3.5."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["BUFFER_OVERFLOW", "MORE_PROCESSING", "PENDING", "SUCCESS", "settle", "signed"]

SUCCESS, PENDING, MORE_PROCESSING, BUFFER_OVERFLOW = 0, 0x103, 0xC0000016, 0x80000005
_OK, _REFUSED = 1, 2
_NOTHING_MORE: Final = frozenset({0x80000006, 0xC0000011})
"""STATUS_NO_MORE_FILES and STATUS_END_OF_FILE: the end of a list or file was reached; nothing was refused."""


def signed(status: int) -> int:
    """32 bits as the signed number that the column `code` holds."""
    return status - (1 << 32) if status >> 31 else status


def settle(out: Any, row: int, status: int) -> None:
    """Give an answered row its outcome: warnings and errors refuse, successes and notices do not."""
    if status in _NOTHING_MORE:
        out.settle(row, _OK, signed(status))
    elif status not in (SUCCESS, MORE_PROCESSING, BUFFER_OVERFLOW) and status >> 31:
        out.settle(row, _REFUSED, signed(status))
