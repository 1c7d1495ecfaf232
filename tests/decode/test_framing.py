"""Whole streams and streams in pieces are cut into the same messages."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.decode.framing import Framer, LengthFramer, LineFramer


def _cut(framer: Framer, pieces: list[bytes]) -> list[bytes]:
    found, rest = [], b""
    for piece in pieces:
        rest += piece
        framer.bind(memoryview(bytearray(rest + b"\0")))
        at = 0
        while at < len(rest) and (length := framer.cut(at, len(rest))) > 0:
            found.append(rest[at : at + length])
            at += length
        rest = rest[at:]
    return found


@settings(max_examples=60, deadline=None)
@given(bodies=st.lists(st.binary(max_size=40), max_size=8), step=st.integers(1, 30), little=st.booleans())
def test_length_framer(bodies: list[bytes], step: int, little: bool) -> None:
    framer = LengthFramer(header=3, at=1, width=2, add=3, little=little, magic=((0, 0xFF, 0x5A),))
    order = "little" if little else "big"
    messages = [b"\x5a" + len(b).to_bytes(2, order) + b for b in bodies]
    octets = b"".join(messages)
    assert _cut(framer, [octets]) == messages
    assert _cut(framer, [octets[k : k + step] for k in range(0, len(octets), step)]) == messages


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"") + b"\n")),
    step=st.integers(1, 30),
)
def test_line_framer(lines: list[bytes], step: int) -> None:
    octets = b"".join(lines)
    assert _cut(LineFramer(), [octets]) == lines
    assert _cut(LineFramer(), [octets[k : k + step] for k in range(0, len(octets), step)]) == lines
