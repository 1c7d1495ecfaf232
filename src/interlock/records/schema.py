"""Tables as data: every column with its type, unit and meaning, turned into Arrow schemas."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Column", "Table", "text"]


def text() -> pa.DataType:
    """Dictionary-encoded UTF-8: what every repeated string column uses."""
    return pa.dictionary(pa.int32(), pa.utf8())


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `meaning` is the sentence that docs/records.md prints, `unit` an SI unit or empty."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of records; `version` only rises when columns are added, none is ever removed."""

    name: str
    version: int
    meaning: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, marked `interlock.schema=NAME/N` in its metadata."""
        fields = [
            pa.field(c.name, c.type, c.nullable, metadata={"meaning": c.meaning, "unit": c.unit})
            for c in self.columns
        ]
        return pa.schema(fields, metadata={"interlock.schema": f"{self.name}/{self.version}"})

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(c.name for c in self.columns)
