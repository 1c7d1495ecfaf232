"""Payloads of topics that are not Sparkplug's: text where they are short UTF-8, a number where the text is one."""

from __future__ import annotations

import re

__all__ = ["MAX_RAW", "MAX_TEXT", "Payloads"]

MAX_TEXT = 1024
MAX_RAW = 4096
"""Octets that are kept of what is no short text."""
_NUMBER = re.compile(r"[ \t]*[+-]?(\d{1,32}(\.\d{0,32})?|\.\d{1,32})([eE][+-]?\d{1,3})?[ \t\r\n]*", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
REPORTED = 2


class Payloads:
    """Writes `values` for a decoder."""

    def __init__(self, decoder):
        self._values = decoder.values
        self._objects = decoder.objects
        self._protocol = decoder.f.protocol_code
        self._text = decoder.names.code("text")
        self._octets = decoder.names.code("octets")

    def value(self, m, i, out, row, topic, octets, *, whole):
        """One value: what was published under a topic. whole: whether all of it is in `octets`."""
        v = self._values
        if not v.wanted:
            return
        text = _short_text(octets) if whole else None
        kind = self._octets if text is None else self._text
        code = self._objects.code(topic[:512])
        block = v.block(m, i, self._protocol, out.operation_of(row), -1, code, REPORTED, kind)
        if text is None:
            v.set_raw(block, octets[:MAX_RAW])
            return
        v.set_text(block, text)
        if _NUMBER.fullmatch(text):
            v.number(float(text))


def _short_text(octets):
    if len(octets) > MAX_TEXT:
        return None
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text
