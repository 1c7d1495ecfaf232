"""What a forger sends is right in every field, and what is changed on its way stays a conversation."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from interlock.plant.actors.steps import Cast
from interlock.plant.blind.forge import InPath, end_of, talk
from interlock.plant.draws import Draws
from interlock.plant.twin.mirror import Mirror
from interlock.plant.wire.frames import ACK, PSH, tcp

_ENDS = (end_of("hmi"), end_of("plc-water"))
_PORTS = (50_000, 502)


class _File:
    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> int:
        self.octets += octets
        return len(octets)


def _segment(side: int, numbers: tuple[int, int], payload: bytes) -> bytes:
    return tcp(_ENDS[side], _ENDS[1 - side], (_PORTS[side], _PORTS[1 - side]), numbers, ACK | PSH, payload)


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=40)), max_size=30), st.data())
def test_numbers_follow_whatever_is_changed(said: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """Each side's octets, as the wire shows them, begin where those before them ended."""
    changed = [data.draw(st.binary(min_size=1, max_size=40)) for _ in said]
    todo = iter(changed)
    path = InPath("hmi", "plc-water", 502, lambda _side, _octets: next(todo))
    numbers, follow = [7, 2**32 - 9], [7, 2**32 - 9]
    for (side, octets), made in zip(said, changed, strict=True):
        ((_, frame),) = path(0, _segment(side, (numbers[side], numbers[1 - side]), octets)) or ()
        sequence, acknowledged = struct.unpack_from("!II", frame, 38)
        assert frame[54 : 14 + int.from_bytes(frame[16:18], "big")] == made
        assert sequence == follow[side]
        assert acknowledged == follow[1 - side]
        numbers[side] = (numbers[side] + len(octets)) & 0xFFFFFFFF
        follow[side] = (follow[side] + len(made)) & 0xFFFFFFFF


def test_what_others_say_goes_on_as_it_is() -> None:
    path = InPath("hmi", "plc-water", 502, lambda _side, _octets: b"x")
    other = tcp(end_of("historian"), _ENDS[1], (50_000, 502), (1, 1), ACK, b"abc")
    assert path(0, other) is None
    assert path(0, bytes(60)) is None


def test_a_conversation_is_whole() -> None:
    said = [(0, b"a" * 3000, 0.0), (1, b"b", 0.0)]
    casts = [s for s in talk(Draws(1), ("historian", "hmi", 22), said) if isinstance(s, Cast)]
    sides = {end_of("historian").mac: 0, end_of("hmi").mac: 1}
    follow: dict[int, int] = {}
    for cast in casts:
        side = sides[cast.pretends]
        size = int.from_bytes(cast.payload[2:4], "big") - 40
        (sequence,) = struct.unpack_from("!I", cast.payload, 24)
        assert follow.get(side, sequence) == sequence
        follow[side] = sequence + size + (cast.payload[33] & 3 > 0)
    assert sum(int.from_bytes(c.payload[2:4], "big") - 40 for c in casts) == 3001


def test_frames_that_are_held_back_are_not_seen_and_changed_ones_are_told() -> None:
    file, told = _File(), list[int]()
    mirror = Mirror(file)  # type: ignore[arg-type]
    made = {b"gone": [], b"old": [b"new"]}
    mirror.alter(lambda when, frame: [(when + 5, m) for m in made[frame]] if frame in made else None, told)
    for number, frame in enumerate((b"gone", b"old", b"kept")):
        mirror.see(number, frame)
    mirror.see(9, b"mine", told)
    mirror.write(100)
    assert mirror.frames == 3
    assert told == [2, 3]
    assert b"gone" not in file.octets
    assert b"old" not in file.octets
