"""The floor under coverage: what fails, and which tests it rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from coverage_floor import CONTRACT, _tests, judged

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("percent", "floor", "lift", "code", "said"),
    [
        (90.0, 91.0, False, 1, "fell to 90.00 % from 91.00 %"),
        (91.0, 91.0, False, 0, "coverage 91.00 %, floor 91.00 %"),
        (92.0, 91.0, False, 0, "raise it"),
        (92.0, 91.0, True, 0, "coverage 92.00 %, floor 91.00 %"),
    ],
)
def test_only_a_fall_fails(percent: float, floor: float, lift: bool, code: int, said: str) -> None:
    found, sentence = judged(percent, floor, lift=lift)
    assert found == code
    assert said in sentence


def test_what_runs_is_there() -> None:
    chosen = _tests()
    contract = (ROOT / "tests/decode/test_contract.py").read_text("utf-8")
    assert all(part in contract for part in CONTRACT)
    assert all((ROOT / test.partition("::")[0]).exists() for test in chosen)
    assert "tests/decode/test_packet.py" in chosen
    assert "tests/decode/test_contract_bounds.py" not in chosen
