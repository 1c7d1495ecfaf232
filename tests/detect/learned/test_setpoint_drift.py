"""Steps to where a set point never was are a drift; what people set it to otherwise is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.records_run import LEAST_RECORDS, Settings, chance_of
from interlock.detect.learned.setpoint_drift import SetpointDrift

from .test_learned_others import found

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400.0


def written(
    values: Iterable[float], *, begin: float = 0.0, apart: float = 30.0, **more: Any
) -> list[dict[str, Any]]:
    return [
        {"at": begin + n * apart, "direction": "written", "object": "DB1.DBD12", "number": [value], **more}
        for n, value in enumerate(values)
    ]


SHIFTS = written([7.0, 7.1, 6.9, 7.2, 7.05, 6.95, 7.15, 7.0, 7.1], apart=DAY / 3)
LATER = SHIFTS[-1]["at"] + DAY / 3


def test_steps_beyond_all_that_was_set_are_a_drift() -> None:
    creep = written([7.1 + 0.1 * n for n in range(1, 12)], begin=LATER)
    (finding,) = found(SetpointDrift(), {"values": SHIFTS}, {"values": creep})
    assert finding.techniques == ("T0836", "T0831")
    assert "step by step to 8.2" in finding.title
    assert finding.severity == "medium"


def test_it_is_told_before_it_has_come_far() -> None:
    creep = written([7.1 + 0.1 * n for n in range(1, 6)], begin=LATER)
    assert found(SetpointDrift(), {"values": SHIFTS}, {"values": creep}) != ()
    assert found(SetpointDrift(), {"values": SHIFTS}, {"values": creep[:3]}) == ()


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        ([7.1, 6.95, 7.2, 7.0], DAY / 3),  # shifts
        ([7.3], 30.0),  # one step beyond
        ([7.3, 7.2, 7.4, 7.3, 7.5, 7.4], 30.0),  # somebody who tries and takes back
        ([7.3, 7.4, 7.5, 7.6, 7.7, 7.8], 1.0),  # an arrow key
        ([7.3, 7.4, 7.5, 7.6, 7.7], DAY / 2),  # a season
        ([7.3] * 9, 30.0),  # the same again
    ],
)
def test_what_people_do_is_none(values: list[float], apart: float) -> None:
    assert (
        found(SetpointDrift(), {"values": SHIFTS}, {"values": written(values, begin=LATER, apart=apart)})
        == ()
    )


def test_what_a_program_sets_all_day_is_none() -> None:
    ramp = written([math.sin(n / 40) for n in range(3_000)], apart=20.0)
    later = written([1 + 0.1 * n for n in range(20)], begin=3_000 * 20.0)
    assert found(SetpointDrift(), {"values": ramp}, {"values": later}) == ()


def test_downwards_as_well() -> None:
    creep = written([6.9 - 0.1 * n for n in range(1, 8)], begin=LATER)
    assert len(found(SetpointDrift(), {"values": SHIFTS}, {"values": creep})) == 1


def test_where_little_is_known_more_is_asked_for() -> None:
    creep = written([7.1 + 0.1 * n for n in range(4)], begin=3_600.0)
    assert found(SetpointDrift(), {"values": SHIFTS[:1]}, {"values": creep}) == ()


@given(st.integers(1, 50), st.integers(1, 8))
def test_chance_of_a_run_is_the_product_of_its_records(known: int, records: int) -> None:
    assert chance_of(records, known) == pytest.approx(
        math.prod(1 / (known + k) for k in range(1, records + 1))
    )


def test_chance_is_what_orders_alike_make() -> None:
    """All orders of six values: in how many are the last three each a new highest?"""
    from itertools import permutations  # noqa: PLC0415

    orders = list(permutations(range(6)))
    runs = sum(o[3] > max(o[:3]) and o[4] > max(o[:4]) and o[5] > max(o[:5]) for o in orders)
    assert runs / len(orders) == pytest.approx(chance_of(3, 3))


def test_settings_go_on_from_what_was_kept() -> None:
    settings = Settings()
    for n, value in enumerate((7.0, 7.2, 7.1)):
        settings.learn(value, n * 10**12)
    assert settings.known == 3
    for n in range(LEAST_RECORDS):
        assert settings.step(7.3 + n, 10**13 + n * 10**11)
    again = Settings.of(settings.state())
    assert again.state() == settings.state()
    assert again.records == LEAST_RECORDS
    assert Settings.of(Settings().state()).state() == Settings().state()
