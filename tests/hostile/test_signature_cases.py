"""Cases for signatures: always the same by their number, nothing breaks, and what is broken is found and kept."""

from __future__ import annotations

import json
from random import Random  # noqa: TID251 - cases by their number
from typing import TYPE_CHECKING

from fuzzing.made_rules import rule, traffic, words_of
from fuzzing.signatures import run_signatures

from interlock.detect.signatures.engine import prefilter, traits

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_nothing_breaks_and_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    assert run_signatures(1.0, tmp_path, seed=7, record=tmp_path / "proof") == 0
    first = json.loads((tmp_path / "fuzz-signatures.json").read_text("utf-8"))
    assert run_signatures(0.5, tmp_path, seed=7, record=tmp_path / "proof") == 0
    second = json.loads((tmp_path / "fuzz-signatures.json").read_text("utf-8"))
    assert first["engine 7"]["hits"] > 10
    assert second["language 7"]["cases"] > first["language 7"]["cases"]
    recorded = json.loads((tmp_path / "proof" / "signatures.json").read_text("utf-8"))
    assert recorded["engine, seed 7"]["cases"] == second["engine 7"]["cases"]


def test_a_case_is_the_same_by_its_number() -> None:
    one, again = (traffic(Random("1 engine 4")) for _ in range(2))
    assert one == again
    assert rule(Random("r"), 1, words_of(one)) == rule(Random("r"), 1, words_of(again))


def test_an_engine_that_loses_something_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prefilter.best_literal

    def losing(inspections: object) -> object:
        found = whole(inspections)  # type: ignore[arg-type]
        if found is None or len(found[1].octets) != 3:
            return found
        return found[0], found[1]._replace(octets=found[1].octets + b"q")

    monkeypatch.setattr(traits, "best_literal", losing)
    assert run_signatures(2.0, tmp_path, seed=7, record=None) == 1
    kept = list((tmp_path / "crashes").glob("signatures-engine-7-*.txt"))
    assert "differ" in kept[0].read_text("utf-8")
