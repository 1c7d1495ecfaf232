# cython: compiled
"""Text as numbers: a growing dictionary whose codes fill dictionary-encoded columns."""

from __future__ import annotations

import cython
import numpy as np

__all__ = ["NONE", "OVERFLOW", "Words"]

NONE = -1
"""The code of a missing text."""

M64 = (1 << 64) - 1

OVERFLOW = "…"
"""What stands for every text that a full pool has no room for."""


class Words:
    """Texts and their codes (int32, from 0).

    Codes are also kept under 64-bit keys that a decoder packs (protocol in the top octet, see
    Functions.key_base; never 0), so that `holding:40` is spelled once and found by number from then on:
    an open hash table of C integers, since Python's numbers would cost more than the rest of a message.
    `refused`: how often a text became OVERFLOW. `forgotten`: texts that `compact` let go.
    `generation` rises when codes are renumbered; whoever keeps codes must forget them then.
    """

    def __init__(self, limit=0, seed=0):
        """limit: texts that the pool takes, all later ones becoming OVERFLOW; 0 for any number.

        For pools whose codes are kept elsewhere, so that they cannot be compacted.
        seed: 64 random bits against chosen collisions.
        """
        self.limit = limit
        self.refused = 0
        self.forgotten = 0
        self.seed = seed & M64
        self.texts = []
        self.codes = {}
        self.generation = 0
        self._empty(1024)

    def _empty(self, capacity):
        """Keep nothing under numbers; capacity: a power of two."""
        self.used = 0
        self.mask = capacity - 1
        self.keys = memoryview(np.zeros(capacity, np.uint64))
        self.kept = memoryview(np.zeros(capacity, np.int32))

    def _place(self, key):
        """Where a key stands in the table, or the free place where it would."""
        p1: cython.ulonglong = 0xFF51AFD7ED558CCD
        p2: cython.ulonglong = 0xC4CEB9FE1A85EC53
        all_ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
        h: cython.ulonglong = key ^ self.seed
        h = ((h ^ (h >> 33)) * p1) & all_ones
        h = ((h ^ (h >> 33)) * p2) & all_ones
        at: cython.Py_ssize_t = (h ^ (h >> 33)) & self.mask
        while self.keys[at] != 0 and self.keys[at] != key:
            at = (at + 1) & self.mask
        return at

    def code(self, text):
        """The code of a text, made on first sight."""
        known = self.codes.get(text)
        if known is None:
            if 0 < self.limit <= len(self.texts):
                text = OVERFLOW
                self.refused += 1
                if text in self.codes:
                    return self.codes[text]
            known = len(self.texts)
            self.texts.append(text)
            self.codes[text] = known
        return known

    def find(self, key):
        """The code kept under a number, or NONE."""
        at: cython.Py_ssize_t = self._place(key)
        return self.kept[at] if key != 0 and self.keys[at] == key else -1

    def keep(self, key, text):
        """Give a text a code and keep it under a number too."""
        made: cython.int = self.code(text)
        if key != 0 and (self.limit == 0 or self.used < self.limit):
            if self.used * 2 > self.mask:
                self._widen()
            at: cython.Py_ssize_t = self._place(key)
            self.used += self.keys[at] != key
            self.keys[at] = key
            self.kept[at] = made
        return made

    def _widen(self):
        keys, kept = self.keys, self.kept
        k: cython.Py_ssize_t
        at: cython.Py_ssize_t
        self._empty((self.mask + 1) * 2)
        for k in range(len(keys)):
            if keys[k] != 0:
                at = self._place(keys[k])
                self.keys[at] = keys[k]
                self.kept[at] = kept[k]
                self.used += 1

    def compact(self, columns):
        """Forget every text that no column uses; columns: int32 arrays, renumbered in place."""
        used = (
            np.unique(np.concatenate([np.unique(c) for c in columns])) if columns else np.empty(0, np.int32)
        )
        used = used[used >= 0]
        fresh = np.full(len(self.texts) + 1, -1, np.int32)
        fresh[used] = np.arange(len(used), dtype=np.int32)
        for column in columns:
            column[:] = fresh[column]
        self.forgotten += len(self.texts) - len(used)
        self.texts = [self.texts[i] for i in used.tolist()]
        self.codes = {text: i for i, text in enumerate(self.texts)}
        self._empty(1024)
        self.generation += 1
