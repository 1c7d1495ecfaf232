"""Words as numbers: text interned once for a whole run, and columns of Arrow batches as such numbers."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.inventory.addresses import classify
from interlock.records import arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "MOST_CHARACTERS",
    "Endpoints",
    "Sources",
    "Words",
    "indexed",
    "integers",
    "recode",
    "texts",
    "translate",
]

MOST_CHARACTERS: Final = 512
"""Longer words are cut: an identity is short, and what a stranger sends must not fill memory."""


class Words:
    """Text → number from 1; 0 stands for no text. Beyond `limit` words everything new is 0 and counted."""

    def __init__(self, limit: int) -> None:
        self._codes: dict[str, int] = {}
        self.texts: list[str] = [""]
        self.limit = limit
        self.left_out = 0

    def __len__(self) -> int:
        return len(self.texts) - 1

    def code(self, text: str | None) -> int:
        """Its number; 0 for None, empty text and what no longer fits."""
        if not text:
            return 0
        text = text[:MOST_CHARACTERS]
        code = self._codes.get(text)
        if code is None:
            if len(self.texts) > self.limit:
                self.left_out += 1
                return 0
            code = self._codes[text] = len(self.texts)
            self.texts.append(text)
        return code

    def restore(self, texts: list[str], left_out: int) -> None:
        """In place of all: the `texts` of an earlier run. Raises ValueError where one is there twice."""
        self._codes = {text: i for i, text in enumerate(texts) if i}
        if texts[:1] != [""] or len(self._codes) != len(texts) - 1 or "" in self._codes:
            raise ValueError("a word is there twice")
        self.texts, self.left_out = texts, left_out

    def keep(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Forget all words but these; result: old number → new number (0 where forgotten)."""
        table = np.zeros(len(self.texts), np.int64)
        used = np.unique(codes[codes > 0])
        table[used] = np.arange(1, len(used) + 1)
        self.texts = ["", *(self.texts[i] for i in used.tolist())]
        self._codes = {text: i for i, text in enumerate(self.texts) if i}
        return table


class Endpoints:
    """(realm, address) → number from 1; 0 stands for what is no machine. Bounded like Words."""

    def __init__(self, limit: int) -> None:
        self._codes: dict[str, dict[str, int]] = {}
        self.realms: list[str] = [""]
        self.addresses: list[str] = [""]
        self.flags = bytearray(1)
        self.limit = limit
        self.left_out = 0

    def __len__(self) -> int:
        return len(self.addresses) - 1

    def code(self, realm: str, address: str | None) -> int:
        """Its number; 0 where the address can belong to no machine, or no longer fits."""
        if not address:
            return 0
        of_realm = self._codes.setdefault(realm, {})
        code = of_realm.get(address)
        if code is None:
            code = self._new(realm, address)
            if code:
                of_realm[address] = code
        return code

    def restore(self, realms: list[str], addresses: list[str], left_out: int) -> None:
        """In place of all: what an earlier run had. Raises ValueError where one is no address, or there twice."""
        if (realms[:1], addresses[:1]) != ([""], [""]):
            raise ValueError("the first address is one")
        codes: dict[str, dict[str, int]] = {}
        flags = bytearray(map(classify, addresses))
        for number, (realm, address) in enumerate(zip(realms, addresses, strict=True)):
            if number and (not flags[number] or address in codes.get(realm, ())):
                raise ValueError(f"{address!r} is no address, or there twice")
            if number:
                codes.setdefault(realm, {})[address] = number
        self.realms, self.addresses, self.flags = realms, addresses, flags
        self._codes, self.left_out = codes, left_out

    def keep(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Forget all addresses but these; result: old number → new number (0 where forgotten)."""
        table = np.zeros(len(self.addresses), np.int64)
        used = np.unique(codes[codes > 0])
        table[used] = np.arange(1, len(used) + 1)
        for column in (self.realms, self.addresses, self.flags):
            column[1:] = [column[i] for i in used.tolist()]
        self._codes = {}
        for number in range(1, len(self.addresses)):
            self._codes.setdefault(self.realms[number], {})[self.addresses[number]] = number
        return table

    def find(self, realm: str, address: str) -> int:
        """Its number if it is known, else 0."""
        return self._codes.get(realm, {}).get(address, 0)

    def _new(self, realm: str, address: str) -> int:
        flags = classify(address)
        if not flags:
            return 0
        if len(self.addresses) > self.limit:
            self.left_out += 1
            return 0
        self.realms.append(realm)
        self.addresses.append(address)
        self.flags.append(flags)
        return len(self.addresses) - 1


class Sources:
    """Name of a source → number that does not depend on the order in which sources come."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {0: ""}

    def code(self, name: str) -> int:
        """Its number, below 2**56."""
        number = int.from_bytes(blake2b(name.encode(), digest_size=7).digest())
        self.names[number] = name
        return number


def indexed(column: pa.Array) -> tuple[NDArray[np.int64], pa.Array]:
    """Text column → (row's place in the dictionary, dictionary); null is the place behind its end."""
    coded = arrays.encoded(column)
    return arrays.filled(coded.indices, len(coded.dictionary)), coded.dictionary


def translate(index: NDArray[np.int64], words: pa.Array, code: Callable[[str], int]) -> NDArray[np.int64]:
    """Places in a dictionary → numbers by `code`, called once for each word in use; null is 0."""
    used = np.zeros(len(words) + 1, np.bool_)
    used[index] = True
    which = np.flatnonzero(used[:-1])
    table = np.zeros(len(words) + 1, np.int64)
    table[which] = [code(word) for word in arrays.taken(words, which).to_pylist()]
    numbers: NDArray[np.int64] = table[index]
    return numbers


def recode(
    column: pa.Array, code: Callable[[str], int], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Text column → numbers by `code`; 0 where null or outside `mask`, whose words `code` never sees."""
    index, words = indexed(column)
    if mask is None:
        return translate(index, words, code)
    return translate(np.where(mask, index, len(words)), words, code)


def texts(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return a text column of a batch; all null where the batch has none (an older release's file)."""
    if name in batch.schema.names:
        return batch.column(name)
    return pa.nulls(batch.num_rows, pa.utf8())


def integers(batch: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    """Return a number or time column (ns) of a batch as int64; null and missing are 0."""
    if name not in batch.schema.names:
        return np.zeros(batch.num_rows, np.int64)
    return arrays.integers(batch.column(name))
