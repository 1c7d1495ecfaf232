# cython: compiled
"""Text as numbers: a growing dictionary whose codes fill dictionary-encoded columns."""

from __future__ import annotations

import numpy as np

__all__ = ["NONE", "OVERFLOW", "Words"]

NONE = -1
"""The code of a missing text."""

OVERFLOW = "…"
"""What stands for every text that a full pool has no room for."""


class Words:
    """Texts and their codes (int32, from 0).

    `numbers` caches codes under 64-bit keys that a decoder packs (protocol in the top octet, see
    Functions.key_base), so that `holding:40` is spelled once and found by number from then on.
    `generation` rises when codes are renumbered; whoever keeps codes must forget them then.
    """

    def __init__(self, limit=0):
        """limit: texts that the pool takes, all later ones becoming OVERFLOW; 0 for any number.

        For pools whose codes are kept elsewhere, so that they cannot be compacted.
        """
        self.limit = limit
        self.texts = []
        self.codes = {}
        self.numbers = {}
        self.generation = 0

    def code(self, text):
        """The code of a text, made on first sight."""
        known = self.codes.get(text)
        if known is None:
            if 0 < self.limit <= len(self.texts):
                text = OVERFLOW
                if text in self.codes:
                    return self.codes[text]
            known = len(self.texts)
            self.texts.append(text)
            self.codes[text] = known
        return known

    def find(self, key):
        """The code kept under a number, or NONE."""
        known = self.numbers.get(key)
        return -1 if known is None else known

    def keep(self, key, text):
        """Give a text a code and keep it under a number too."""
        made = self.code(text)
        if self.limit == 0 or len(self.numbers) < self.limit:
            self.numbers[key] = made
        return made

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
        self.texts = [self.texts[i] for i in used.tolist()]
        self.codes = {text: i for i, text in enumerate(self.texts)}
        self.numbers = {}
        self.generation += 1
