"""A decoder that never returns, in C, costs the run one new beginning; its flow alone is passed over."""

from __future__ import annotations

import os
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from decode.contract.isolation import VICTIM, broken, others
from decode.contract.judging import differences
from decode.contract.playing import play
from decode.contract.subjects import each
from decode.contract.subjects import specs as registered
from decode.contract.takes import whole
from interlock.cli.watched import Watch, watched
from interlock.decode import engine

if TYPE_CHECKING:
    from pathlib import Path

    from decode.contract.subjects import Subject

HOPELESS = re.compile(b"(a|a)+b")
PATIENCE_MS = 200


def _hangs(decoder: Any, m: Any, i: int, out: Any) -> None:
    """At work for centuries, in C and with the interpreter's lock held: no signal, thread or budget ends it."""
    HOPELESS.match(b"a" * 60)


@pytest.mark.slow
@each(lambda s: s.own_seeds)
def test_a_decoder_that_never_returns_costs_one_new_beginning(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_MS", PATIENCE_MS)
    takes = [whole(subject.seeds[0]), *(whole(seed) for seed in others(subject))]
    sound = play(takes)
    specs = [broken(s, _hangs) if s.name == subject.spec.name else s for s in registered()]
    found = tmp_path / "rows"

    def work(watch: Watch) -> None:
        """The child's life ends here, whatever comes: it is a copy of the test run."""
        code = 1
        try:
            found.write_bytes(pickle.dumps(play(takes, specs=specs, beat=watch.beat, hung=watch.hung)))
            code = 0
        finally:
            os._exit(code)

    assert watched(work, ()) == 0
    said = capfd.readouterr().err.splitlines()
    rows = pickle.loads(found.read_bytes())
    for number in range(1, len(takes)):
        assert differences(sound[number], rows[number]) == [], takes[number].seed.name
    told = [r["oddity"] for r in rows[VICTIM]["oddities"] if r["oddity"] in ("hung", "turned-opaque")]
    assert len(said) == told.count("hung") == told.count("turned-opaque") > 0
    assert all(r["octets"] for r in rows[VICTIM]["oddities"] if r["oddity"] == "hung")
    assert rows[VICTIM].get("operations", []) == []
