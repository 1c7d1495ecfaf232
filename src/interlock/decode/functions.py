# cython: compiled
"""What a protocol's functions are called and which verb they are: its verbs.toml, made quick."""

from __future__ import annotations

import cython
import numpy as np

from interlock.records.vocabulary import VERBS

__all__ = ["SMALL", "Functions"]

_VERBS = {verb: number for number, verb in enumerate(VERBS)}

SMALL = 1024
"""Functions below this are found in an array."""


class Functions:
    """Looks functions up; after `find`, `verb` (index into VERBS) and `name` (code or -1) hold the answer.

    A function that the table does not have is `unknown` and nameless: never a harmless verb.
    """

    def __init__(self, protocol, protocol_code, rows, words):
        """rows: function → (name, verb); words: the pool that names go into."""
        self.protocol = protocol
        self.protocol_code = protocol_code
        self.key_base = (protocol_code + 1) << 56
        self.verb = 0
        self.name = -1
        self.words = words
        self.table = {}
        for function, (name, verb) in rows.items():
            self.table[int(function)] = (_VERBS[verb], words.code(name))
        small = np.full((2, SMALL), -1, np.int32)
        for function, row in self.table.items():
            if 0 <= function < SMALL:
                small[0, function], small[1, function] = row
        self.small_verb, self.small_name = memoryview(small[0]), memoryview(small[1])

    def find(self, function):
        """Set verb and name for a function; 1 where it is known, else 0."""
        if 0 <= function < 1024:
            verb: cython.int = self.small_verb[function]
            self.name = self.small_name[function]
            self.verb = verb if verb > 0 else 0
            return 1 if verb >= 0 else 0
        row = self.table.get(function)
        if row is None:
            self.verb = 0
            self.name = -1
            return 0
        self.verb, self.name = row
        return 1
