"""STIX patterns, as far as they name values: comparisons for equality, joined by OR.

    pattern     := observation (OR observation)*
    observation := "[" expression "]" | "(" pattern ")"
    expression  := term (OR term)*
    term        := "(" expression ")" | path ("=" | IN | ISSUBSET) value

What asks for more (AND, NOT, LIKE, order, repetition) is refused as a whole: half of a condition would be another one.
Source: STIX 2.1, part 9 (Patterning).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.indicators.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["values_of"]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>[bht]?'(?:[^'\\]|\\.)*')|(?P<mark>[\[\](),]|!=|<>|<=|>=|=|<|>)|(?P<word>[^\s\[\](),=<>!']+(?:'[^']*'[^\s\[\](),=<>!']*)*))"
)
_MOST_TOKENS: Final = 20_000
_DEEPEST: Final = 32
_KINDS: Final = {
    "ipv4-addr:value": "address",
    "ipv6-addr:value": "address",
    "domain-name:value": "domain",
    "url:value": "url",
    "network-traffic:dst_ref.value": "address",
    "network-traffic:src_ref.value": "address",
    "network-traffic:extensions.http-request-ext.request_value": "url",
    "file:hashes.md5": "md5",
    "file:hashes.sha-1": "sha1",
    "file:hashes.sha1": "sha1",
    "file:hashes.sha-256": "sha256",
    "file:hashes.sha256": "sha256",
    "x509-certificate:hashes.md5": "certificate",
    "x509-certificate:hashes.sha-1": "certificate",
    "x509-certificate:hashes.sha-256": "certificate",
}
"""Object path, in lower case without quotes → kind."""
_BEYOND: Final = {
    "AND": "values that must be seen together (AND)",
    "NOT": "the absence of a value (NOT)",
    "FOLLOWEDBY": "an order of observations (FOLLOWEDBY)",
    "LIKE": "a comparison by LIKE",
    "MATCHES": "a regular expression (MATCHES)",
    "ISSUPERSET": "a comparison by ISSUPERSET",
    "EXISTS": "a comparison by EXISTS",
    "WITHIN": "a span of time (WITHIN)",
    "REPEATS": "repetition (REPEATS)",
    "START": "a span of time (START)",
}


def values_of(pattern: str) -> list[tuple[str, str]]:
    """Kind and canonical value of everything that a pattern names. Raises ValueError: why it is not taken."""
    reader = _Pattern(pattern)
    found = list(reader.pattern(0))
    reader.done()
    return found


class _Pattern:
    """Stands at a token of a pattern."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def pattern(self, depth: int) -> Iterator[tuple[str, str]]:
        """Observations joined by OR."""
        yield from self._observation(depth)
        while self._takes("OR"):
            yield from self._observation(depth)

    def done(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            raise self._refusal(self._tokens[self._at])

    def _observation(self, depth: int) -> Iterator[tuple[str, str]]:
        if depth > _DEEPEST:
            raise ValueError("its pattern is nested too deeply")
        if self._takes("("):
            yield from self.pattern(depth + 1)
            self._expect(")")
            return
        self._expect("[")
        yield from self._expression(depth)
        self._expect("]")

    def _expression(self, depth: int) -> Iterator[tuple[str, str]]:
        yield from self._term(depth)
        while self._takes("OR"):
            yield from self._term(depth)

    def _term(self, depth: int) -> Iterator[tuple[str, str]]:
        if depth > _DEEPEST:
            raise ValueError("its pattern is nested too deeply")
        if self._takes("("):
            yield from self._expression(depth + 1)
            self._expect(")")
            return
        path = self._next()
        if path.upper() in _BEYOND:
            raise self._refusal(path)
        kind = _KINDS.get(path.lower().replace("'", "").replace('"', ""))
        if kind is None:
            raise ValueError(f"its pattern asks for {path[:80]}, which is not looked for")
        for value in self._compared():
            yield _value(kind, value)

    def _compared(self) -> list[str]:
        operator = self._next()
        if operator in ("=", "=="):
            return [self._text()]
        if operator.upper() == "ISSUBSET":
            return [self._text()]
        if operator.upper() == "IN":
            self._expect("(")
            values = [self._text()]
            while self._takes(","):
                values.append(self._text())
            self._expect(")")
            return values
        raise self._refusal(operator)

    def _text(self) -> str:
        token = self._next()
        if not token.startswith("'") or len(token) < 2:
            raise ValueError(f"its pattern compares with {token[:40]}, expected a text in single quotes")
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise ValueError("its pattern ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() == token:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise self._refusal(found)

    @staticmethod
    def _refusal(token: str) -> ValueError:
        beyond = _BEYOND.get(token.upper())
        if beyond is not None:
            return ValueError(f"its pattern asks for {beyond}, which is not evaluated")
        return ValueError(f"its pattern cannot be read at `{token[:40]}`")


def _value(kind: str, text: str) -> tuple[str, str]:
    if kind == "address" and "/" in text:
        network = canonical("network", text)
        single = network.endswith(("/32", "/128")) and not (":" in network and network.endswith("/32"))
        return ("address", network.partition("/")[0]) if single else ("network", network)
    return kind, canonical(kind, text)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at, text = 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) >= _MOST_TOKENS:
            raise ValueError(f"its pattern cannot be read at `{text[at : at + 40]}`")
        found.append(match["text"] or match["mark"] or match["word"])
        at = match.end()
    return found
