"""Chance: equal for equal seeds, streams that do not disturb each other."""

from __future__ import annotations

from interlock.plant.draws import Draws


def test_equal_seeds_draw_equally_and_purposes_differ() -> None:
    one, other = Draws(3), Draws(3)
    assert [one.gauss() for _ in range(5)] == [other.gauss() for _ in range(5)]
    assert Draws(3).of("a").uniform() == Draws(3).of("a").uniform() != Draws(3).of("b").uniform()
    assert Draws(3).uniform() != Draws(4).uniform()


def test_what_one_stream_draws_does_not_shift_another() -> None:
    quiet, busy = Draws(8), Draws(8)
    stream, same = quiet.of("x"), busy.of("x")
    [busy.uniform() for _ in range(100)]
    assert [stream.uniform() for _ in range(9000)] == [same.uniform() for _ in range(9000)]


def test_numbers_stay_within_their_bits() -> None:
    draws = Draws(1)
    assert all(0 <= draws.number(8) < 256 for _ in range(1000))
    assert all(2.0 <= draws.uniform(2.0, 3.0) <= 3.0 for _ in range(1000))


def test_waits_are_as_long_as_they_should_be_on_average() -> None:
    draws = Draws(2)
    waits = [draws.wait(10.0) for _ in range(5000)]
    assert min(waits) >= 0.0
    assert 9.0 < sum(waits) / len(waits) < 11.0
