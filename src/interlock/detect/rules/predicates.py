"""Leaves of a condition as functions of one word, so that each distinct word is looked at once."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.detect.batch import Word
    from interlock.detect.rules.model import Tree

__all__ = ["MAX_PATTERN_OCTETS", "MAX_REMEMBERED", "Predicate", "compile_pattern", "predicate", "within"]

MAX_REMEMBERED: Final = 8_192
"""Words whose answer a predicate remembers; past it, it begins anew."""
MAX_PATTERN_OCTETS: Final = 1 << 20
"""Memory of one regular expression."""


class Predicate:
    """A leaf over words; remembers its answers. Called with None where a row has no word."""

    __slots__ = ("_ask", "_known")

    def __init__(self, ask: Callable[[Word], bool]) -> None:
        self._ask = ask
        self._known: dict[Word, bool] = {}

    def __call__(self, word: Word) -> bool:
        """Whether it holds for a word."""
        answer = self._known.get(word)
        if answer is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            answer = self._known[word] = self._ask(word)
        return answer

    def answers(self, words: Sequence[Word]) -> list[bool]:
        """Whether it holds, for each of some words."""
        known = [*map(self._known.get, words)]
        return [*map(self, words)] if None in known else known  # type: ignore[return-value]


def predicate(leaf: Tree) -> Predicate:
    """Make the function of a leaf that asks about words (see model). Raises ValueError where a pattern is wrong."""
    kind, _, *given = leaf
    if kind == "null":
        return Predicate(lambda word: word is None)
    return Predicate(_BUILT[kind](given))


def _equal(words: list[str]) -> Callable[[Word], bool]:
    wanted = frozenset(words)
    return lambda word: word is not None and word.lower() in wanted


def _exactly(words: list[str]) -> Callable[[Word], bool]:
    wanted = frozenset(words)
    return lambda word: word in wanted


def _has(words: list[str]) -> Callable[[Word], bool]:
    return lambda word: word is not None and any(part in word.lower() for part in words)


def _begins(words: list[str]) -> Callable[[Word], bool]:
    wanted = tuple(words)
    return lambda word: word is not None and word.lower().startswith(wanted)


def _ends(words: list[str]) -> Callable[[Word], bool]:
    wanted = tuple(words)
    return lambda word: word is not None and word.lower().endswith(wanted)


def _matches(given: list[str]) -> Callable[[Word], bool]:
    found = compile_pattern(*given).search
    return lambda word: word is not None and found(word) is not None


def _inside(given: list[str]) -> Callable[[Word], bool]:
    return lambda word: word is not None and within(word, given[0])


_BUILT: Final[dict[str, Callable[[list[str]], Callable[[Word], bool]]]] = {
    "in": _equal,
    "cased": _exactly,
    "has": _has,
    "begins": _begins,
    "ends": _ends,
    "re": _matches,
    "cidr": _inside,
}


def compile_pattern(pattern: str, flags: str) -> Any:
    """Give a regular expression that takes time linear in its text, whoever wrote it. Raises ValueError."""
    import re2  # noqa: PLC0415 (few rules need one)

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_OCTETS
    options.case_sensitive = "i" not in flags
    options.dot_nl = "s" in flags
    text = f"(?m){pattern}" if "m" in flags else pattern
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        raise ValueError(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None


def within(word: str, network: str) -> bool:
    """Whether a word is an address (perhaps with `/unit` behind it) within a network."""
    try:
        return ipaddress.ip_address(word.split("/", 1)[0]) in _network(network)
    except ValueError:
        return False


@lru_cache(maxsize=4_096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)
