"""The words of an expression that people write, one by one: what conditions and selectors read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import re

    from interlock.records.ternary import ExpressionError

__all__ = ["MAX_CHARACTERS", "Token", "Tokens"]

MAX_CHARACTERS: Final = 2_000
_BARE: Final = frozenset({"word", "sign"})


class Token(NamedTuple):
    """kind: a group of the pattern, or `end`. at: the character where it begins, its quote included."""

    kind: str
    word: str
    at: int


class Tokens:
    """All tokens of a text, and which one is next."""

    def __init__(
        self, text: str, pattern: re.Pattern[str], expected: str, error: type[ExpressionError]
    ) -> None:
        """pattern: blanks, then one of its groups; those whose names begin with `text` stand in quotes.

        expected: what may stand at any place, for people. Raises error where something else does, or too much.
        """
        if len(text) > MAX_CHARACTERS:
            raise error(MAX_CHARACTERS, f"expected at most {MAX_CHARACTERS} characters")
        self._error = error
        self._tokens: list[Token] = []
        at = 0
        while text[at:].strip():
            found = pattern.match(text, at)
            if found is None:
                begin = at + len(text[at:]) - len(text[at:].lstrip())
                raise error(begin, f"expected {expected}; found {text[begin]!r}")
            group = str(found.lastgroup)
            quoted = group.startswith("text")
            self._tokens.append(Token("text" if quoted else group, found[group], found.start(group) - quoted))
            at = found.end()
        self._tokens.append(Token("end", "", len(text)))
        self._next = 0

    @property
    def here(self) -> Token:
        """The next one; it stays the next one."""
        return self._tokens[self._next]

    def step(self) -> Token:
        """Take the next one, whatever it is but the end."""
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def sees(self, *words: str) -> str | None:
        """Which of these words or signs is next, outside of quotes."""
        kind, word, _ = self.here
        return word if kind in _BARE and word in words else None

    def takes(self, *words: str) -> str | None:
        """As sees, and take it."""
        word = self.sees(*words)
        if word is not None:
            self._next += 1
        return word

    def needs(self, sign: str) -> None:
        """Take it. Raises the error where something else is next."""
        if not self.takes(sign):
            raise self._error(self.here.at, f"expected `{sign}`")

    def end(self) -> None:
        """Raise the error where something is left."""
        kind, word, at = self.here
        if kind != "end":
            raise self._error(at, f"expected `and`, `or` or the end; found {word!r}")
