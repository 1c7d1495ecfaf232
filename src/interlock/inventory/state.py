"""What the inventory has learned as octets, to go on from after a restart.

    one Arrow IPC stream of one row, zstd; its schema's metadata: interlock.state = inventory/1, interlock.facts = JSON
    columns (each a list, the row's only cell): realms, addresses · words · values · source_numbers, source_names ·
    issued_names, issued_ids · of each ledger LEDGER.key0 … LEDGER.keyN and its columns

Plain numbers and text: nothing in it is ever run. Numbers of words and addresses are checked against the words and
addresses there are; whatever does not fit is refused as a whole.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.errors import SourceError
from interlock.inventory.ledger import COLUMNS, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.inventory.ledger import Ledger
    from interlock.inventory.sightings import Sightings

__all__ = ["VERSION", "read_state", "state_of"]

VERSION: Final = b"inventory/1"
_NAME: Final = b"interlock.state"
_FACTS: Final = b"interlock.facts"
_KEYS: Final = {
    "seen": "e", "bonds": "eew", "talk": "eeww", "acts": "eewww", "logins": "eew", "facts": "ewwvw",
}  # fmt: skip
"""Ledger → what the numbers of its key stand for: endpoints, words, values."""
_UNREADABLE: Final = (
    *(pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(RecursionError, StopIteration, MemoryError, OverflowError),
)
_ZSTD: Final = pa.ipc.IpcWriteOptions(compression="zstd")


def state_of(sightings: Sightings, issued: dict[str, str], site: str) -> bytes:
    """Everything as octets. site: whose ids were issued."""
    s = sightings
    columns: dict[str, Any] = {
        "realms": s.endpoints.realms, "addresses": s.endpoints.addresses, "words": s.words.texts,
        "values": s.values.texts, "source_numbers": np.array(list(s.sources.names), np.int64),
        "source_names": list(s.sources.names.values()),
        "issued_names": list(issued), "issued_ids": list(issued.values()),
    }  # fmt: skip
    for name, ledger in _ledgers(s):
        rows = ledger.rows()
        columns |= {f"{name}.key{i}": key for i, key in enumerate(rows.keys)}
        columns |= {f"{name}.{column}": getattr(rows, column) for column in COLUMNS}
    facts = {
        "site": site, "refused": s.refused,
        "left_out": {name: getattr(s, name).left_out for name in ("endpoints", "words", "values")},
        "dropped": {name: ledger.dropped for name, ledger in _ledgers(s)},
    }  # fmt: skip
    return _packed({name: _cell(column) for name, column in columns.items()}, json.dumps(facts).encode())


def read_state(state: bytes, sightings: Sightings, site: str) -> dict[str, str]:
    """Fill fresh sightings; gives names and the ids issued for them.

    Raises SourceError, a sentence, where it is not the state of an inventory of this site and of a known version; the
    sightings are no use then.
    """
    try:
        columns, facts = _unpacked(state)
        if facts["site"] != site:
            raise SourceError(f"the inventory kept is that of site {facts['site']!r}, not of {site!r}")
        _take_words(columns, facts, sightings)
        for name, ledger in _ledgers(sightings):
            ledger.restore(_tally(columns, name, sightings), int(facts["dropped"][name]))
        issued = dict(zip(_texts(columns["issued_names"]), _texts(columns["issued_ids"]), strict=True))
    except _UNREADABLE as error:
        said = str(error) or type(error).__name__
        raise SourceError(f"the state kept for the inventory cannot be read: {said}") from error
    return issued


def _ledgers(sightings: Sightings) -> Iterator[tuple[str, Ledger]]:
    return ((name, getattr(sightings, name)) for name in _KEYS)


def _cell(column: list[str] | NDArray[np.int64]) -> pa.Array:
    """A whole column as the one cell of a list column."""
    values = (
        pa.array(column, pa.large_utf8())
        if isinstance(column, list)
        else pa.array(np.ascontiguousarray(column))
    )
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)


def _packed(cells: dict[str, pa.Array], facts: bytes) -> bytes:
    row = pa.RecordBatch.from_arrays(list(cells.values()), names=list(cells))
    row = row.replace_schema_metadata({_NAME: VERSION, _FACTS: facts})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, row.schema, options=_ZSTD) as writer:
        writer.write_batch(row)
    octets: bytes = sink.getvalue().to_pybytes()
    return octets


def _unpacked(state: bytes) -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """The columns, and the facts beside them."""
    with pa.ipc.open_stream(pa.py_buffer(state)) as reader:
        said = reader.schema.metadata or {}
        if said.get(_NAME) != VERSION:
            raise ValueError(f"it says {said.get(_NAME, b'nothing').decode(errors='replace')!r} of itself")
        row = reader.read_next_batch()
    row.validate(full=True)
    if row.num_rows != 1:
        raise ValueError("it has not one row")
    columns = {name: row.column(i)[0].values for i, name in enumerate(row.schema.names)}
    facts: dict[str, Any] = json.loads(said[_FACTS])
    return columns, facts


def _take_words(columns: dict[str, pa.Array], facts: dict[str, Any], s: Sightings) -> None:
    left_out = {name: int(facts["left_out"][name]) for name in ("endpoints", "words", "values")}
    s.endpoints.restore(_texts(columns["realms"]), _texts(columns["addresses"]), left_out["endpoints"])
    s.words.restore(_texts(columns["words"]), left_out["words"])
    s.values.restore(_texts(columns["values"]), left_out["values"])
    numbers = _numbers(columns["source_numbers"]).tolist()
    s.sources.names = dict(zip(numbers, _texts(columns["source_names"]), strict=True))
    s.refused = int(facts["refused"])


def _tally(columns: dict[str, pa.Array], name: str, s: Sightings) -> Tally:
    """One ledger's rows, all of whose numbers stand for something."""
    most = {"e": len(s.endpoints), "w": len(s.words), "v": len(s.values)}
    keys = tuple(_numbers(columns[f"{name}.key{i}"]) for i in range(len(_KEYS[name])))
    rest = {column: _numbers(columns[f"{name}.{column}"]) for column in COLUMNS}
    if len({len(column) for column in (*keys, *rest.values())}) != 1:
        raise ValueError(f"columns of {name} are not equally long")
    for kind, key in zip(_KEYS[name], keys, strict=True):
        if len(key) and not 0 <= key.min() <= key.max() <= most[kind]:
            raise ValueError(f"{name} names what is not there")
    if not np.isin(rest["source"], np.array(list(s.sources.names), np.int64)).all():
        raise ValueError(f"{name} names a source that is not there")
    return Tally(keys=keys, **rest)


def _numbers(column: pa.Array) -> NDArray[np.int64]:
    """As a copy: the octets that it was read from are let go."""
    if not pa.types.is_integer(column.type) or column.null_count:
        raise ValueError("a column holds no whole numbers")
    return np.array(column.to_numpy(zero_copy_only=False))


def _texts(column: pa.Array) -> list[str]:
    if not pa.types.is_large_string(column.type) or column.null_count:
        raise ValueError("a column holds no words")
    words: list[str] = column.to_pylist()
    return words
