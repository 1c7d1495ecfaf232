"""Counts that suricata-verify expects, put as filters over our tables: `[[checks]]` of columns.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Check", "count_rows", "read_checks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """source: which filter of whose file it restates. where: column = value or list of values it may have."""

    capture: str
    source: str
    table: str
    where: dict[str, Any]
    count: int

    def columns(self) -> list[str]:
        return list(self.where)


def read_checks(read: list[dict[str, Any]]) -> tuple[Check, ...]:
    return tuple(Check(**entry) for entry in read)


def count_rows(table: pa.Table, where: dict[str, Any]) -> int:
    """Rows in which every column has one of its values; `*` is anything but null."""
    for column, wanted in where.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        cells = table[column]
        mask = pc.is_valid(cells) if values == ["*"] else _equal(cells, values)
        table = table.filter(mask)
    return int(table.num_rows)


def _equal(cells: pa.ChunkedArray, values: list[Any]) -> pa.ChunkedArray:
    mask = pc.equal(cells, values[0])
    for value in values[1:]:
        mask = pc.or_kleene(mask, pc.equal(cells, value))
    return mask
