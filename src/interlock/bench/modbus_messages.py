"""Modbus/TCP requests and their answers, a whole batch of polls at a time.

0           2           4           6      7      8
+-----------+-----------+-----------+------+------+---------
| transact. | protocol 0| length    | unit | func.| body …
+-----------+-----------+-----------+------+------+---------
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ADU_OCTETS", "MOST_REGISTERS", "Polls", "answers", "append", "requests"]

MOST_REGISTERS = 100
ADU_OCTETS = 216
"""Room for the longest ADU written here: a write of 100 registers (213 octets), rounded up."""

_ADU = np.dtype(
    [
        ("transaction", ">u2"),
        ("protocol", ">u2"),
        ("length", ">u2"),
        ("unit", "u1"),
        ("function", "u1"),
        ("body", "u1", (ADU_OCTETS - 8,)),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """n requests as columns; `registers` (n x MOST_REGISTERS, uint16) is what is read or written.

    function: 1 to 6 or 16. count: objects (bits or registers). exception: 0, or the exception code answered.
    """

    plc: NDArray[np.int64]
    transaction: NDArray[np.int64]
    unit: NDArray[np.int64]
    function: NDArray[np.int64]
    address: NDArray[np.int64]
    count: NDArray[np.int64]
    exception: NDArray[np.int64]
    registers: NDArray[np.uint16]


def requests(polls: Polls) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Write the request of every poll: octets (n x ADU_OCTETS, zero behind the end) and lengths."""
    adu = _headers(polls)
    body = adu["body"]
    body[:, 0:2] = _word(polls.address)
    written = polls.registers[:, 0].astype(np.int64)
    second = np.select(
        [polls.function == 5, polls.function == 6], [(written & 1) * 0xFF00, written], polls.count
    )
    body[:, 2:4] = _word(second)
    many = polls.function == 16
    body[many, 4] = polls.count[many] * 2
    body[many, 5 : 5 + 2 * MOST_REGISTERS] = polls.registers[many].astype(">u2").view(np.uint8)
    length = np.where(many, 13 + 2 * polls.count, 12)
    return _closed(adu, length)


def answers(polls: Polls) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Write the answer to every poll: octets (n x ADU_OCTETS, zero behind the end) and lengths."""
    adu = _headers(polls)
    body = adu["body"]
    bits, words = polls.function <= 2, (polls.function == 3) | (polls.function == 4)
    octets = np.where(bits, (polls.count + 7) // 8, 2 * polls.count)
    body[:, 0] = octets
    body[bits, 1 : 1 + MOST_REGISTERS] = (polls.registers[bits] >> 6).astype(np.uint8)
    body[words, 1 : 1 + 2 * MOST_REGISTERS] = polls.registers[words].astype(">u2").view(np.uint8)
    # A write is answered with its address and its value or count, as it was asked.
    writes = polls.function >= 5
    echo, _ = requests(polls)
    body[writes, :4] = echo[writes, 8:12]
    length = np.where(writes, 12, 9 + octets)
    refused = polls.exception > 0
    adu["function"][refused] |= 0x80
    body[refused, 0] = polls.exception[refused]
    return _closed(adu, np.where(refused, 9, length))


def append(
    octets: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    rows: NDArray[np.int64],
    more: NDArray[np.uint8],
    more_lengths: NDArray[np.int64],
) -> None:
    """Put a second ADU (`more`, one per row of `rows`) behind the first, in place."""
    column = lengths[rows, None] + np.arange(more.shape[1])
    octets[rows[:, None], column] = more
    lengths[rows] += more_lengths


def _headers(polls: Polls) -> NDArray[np.void]:
    adu = np.zeros(len(polls.function), _ADU)
    adu["transaction"] = polls.transaction
    adu["unit"] = polls.unit
    adu["function"] = polls.function
    return adu


def _closed(adu: NDArray[np.void], length: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    adu["length"] = length - 6
    octets = adu.view(np.uint8).reshape(len(adu), ADU_OCTETS)
    octets[np.arange(ADU_OCTETS) >= length[:, None]] = 0
    return octets, length


def _word(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    return values.astype(">u2").view(np.uint8).reshape(-1, 2)
