"""How soon somebody guesses a secret, as one word of a closed set. The words are this project's own list."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["STRENGTHS", "strength"]

STRENGTHS: Final = ("empty", "same-as-user", "short", "common")
"""Weakest first; a secret that is none of these has no word."""
SHORT: Final = 4
"""Octets: as many as a bank card's number has digits, ten thousand tries at most for digits."""

_USUAL: Final = """
abc abcd access admin administrator alarm alpha asdf asdfgh autumn azerty backup batch beta boiler boss
canteen changeme changeit computer config connect control controller default demo dragon electric engineer
engineering factory field football friend function geheim guest hello hmi hunter industry install iloveyou
kennwort lamp laptop letmein lineone login machine mailbox maintenance manager manager1 master meister meter
milling monday monitor monkey motor network office opc operator order pass passwd passwort password plant plc
power princess process production profibus profinet public private pump qazwsx qwer qwert qwerty qwertz reader
remote robot root safety scada schicht school secret secure sensor server service setup shadow shift siemens
spring start station stop sommer summer sunshine super superman superuser supervisor support switch sys
sysadmin system tank tech technician test tester trustno turbine upload user valve vision visitor wartung
water weekend welcome willkommen winter wonderware work write yellow zone zxcvbn
"""
_WORDS: Final = frozenset(_USUAL.split())
_TAIL: Final = re.compile(rb"[0-9!.$#@*?_\-]*$")
_LEET: Final = bytes.maketrans(b"01345$@!", b"oieassai")
_WALKS: Final = (b"01234567890", b"09876543210", b"abcdefghijklmnopqrstuvwxyz", b"1qaz2wsx3edc4rfv5tgb")


def strength(user: str | None, secret: bytes) -> str | None:
    """The word for a secret: `empty`, `same-as-user`, `short`, `common`; None where none fits."""
    if not secret:
        return "empty"
    plain = secret.lower()
    if user and plain == user.lower().encode("utf-8", "replace"):
        return "same-as-user"
    if len(secret) <= SHORT:
        return "short"
    return "common" if _is_common(plain[:64]) else None


def _is_common(plain: bytes) -> bool:
    """Whether it is one octet over and over, a walk over keys, or a word with figures or signs behind it."""
    if len(set(plain)) <= 2 or any(plain in walk for walk in _WALKS):
        return True
    word = _TAIL.sub(b"", plain)
    return any(
        form.decode("utf-8", "replace") in _WORDS
        for form in {word, word.translate(_LEET), plain.translate(_LEET)}
    )
