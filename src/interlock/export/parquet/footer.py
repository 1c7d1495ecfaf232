"""Headers of pages, and the footer that says where everything is.

    file     PAR1 | pages | FileMetaData | its length 4 | PAR1

Source: Apache Parquet format 2.10, parquet.thrift.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from interlock.export.parquet.column import DICTIONARY, PLAIN, RLE
from interlock.export.parquet.thrift import BINARY, I16, I32, I64, STRUCT, Struct, binary, number
from interlock.export.parquet.types import elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interlock.export.parquet.column import Column, Content

__all__ = ["MAGIC", "chunk_meta", "data_header", "dictionary_header", "footer", "row_group"]

MAGIC: Final = b"PAR1"
_VERSION: Final = 2
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_ZSTD: Final = 6
_EMPTY: Final = Struct().end()


def data_header(content: Content, octets: int, packed: int) -> bytes:
    """The header of a data page of so many octets, which are packed to so many."""
    said = Struct().number(1, content.values).number(2, content.encoding).number(3, RLE).number(4, RLE)
    header = Struct().number(1, _DATA_PAGE).number(2, octets).number(3, packed)
    return header.struct(5, said.end()).end()


def dictionary_header(content: Content, octets: int, packed: int) -> bytes:
    """The header of a dictionary page."""
    said = Struct().number(1, content.words).number(2, PLAIN)
    header = Struct().number(1, _DICTIONARY_PAGE).number(2, octets).number(3, packed)
    return header.struct(7, said.end()).end()


def chunk_meta(column: Column, content: Content, sizes: tuple[int, int], at: tuple[int, int | None]) -> bytes:
    """What a row group says of one column.

    sizes: octets of its pages with headers, before and after they were packed. at: where its data page begins, and its
    dictionary page if there is one.
    """
    data_at, dictionary_at = at
    encodings = {content.encoding, RLE} if content.encoding != DICTIONARY else {PLAIN, RLE, DICTIONARY}
    said = Struct().number(1, column.physical).items(2, I32, [number(e) for e in sorted(encodings)])
    said.items(3, BINARY, [binary(part) for part in column.path]).number(4, _ZSTD)
    said.number(5, content.values, I64).number(6, sizes[0], I64).number(7, sizes[1], I64)
    said.number(9, data_at, I64)
    if dictionary_at is not None:
        said.number(11, dictionary_at, I64)
    if content.least:
        bounds = Struct().number(3, content.nulls, I64).binary(5, content.most).binary(6, content.least)
        said.struct(12, bounds.end())
    begin = data_at if dictionary_at is None else dictionary_at
    return Struct().number(2, begin, I64).struct(3, said.end()).end()


def row_group(columns: Sequence[bytes], rows: int, sizes: tuple[int, int], begin: int, ordinal: int) -> bytes:
    """What the footer says of a row group. columns: chunk_meta of each; sizes: theirs together."""
    said = Struct().items(1, STRUCT, columns).number(2, sizes[0], I64).number(3, rows, I64)
    said.number(5, begin, I64).number(6, sizes[1], I64)
    if ordinal < 1 << 15:
        said.number(7, ordinal, I16)
    return said.end()


def footer(schema: pa.Schema, groups: Sequence[bytes], rows: int, version: str) -> bytes:
    """The end of a file: what it holds, then its length and the magic. version: of the program that writes."""
    root = Struct().binary(4, b"schema").number(5, len(schema)).end()
    parts = [root, *(part for field in schema for part in elements(field))]
    known = dict(schema.metadata or {})
    known[b"ARROW:schema"] = base64.b64encode(schema.serialize().to_pybytes())
    pairs = [Struct().binary(1, key).binary(2, value).end() for key, value in known.items()]
    said = Struct().number(1, _VERSION).items(2, STRUCT, parts).number(3, rows, I64)
    said.items(4, STRUCT, groups).items(5, STRUCT, pairs).binary(6, f"interlock version {version}".encode())
    said.items(7, STRUCT, [Struct().struct(1, _EMPTY).end()] * len(schema))
    octets = said.end()
    return octets + len(octets).to_bytes(4, "little") + MAGIC
