"""A drill's own wire: a finding comes through it, and nothing of it is left."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from interlock.bootstrap.drill_wire import on_a_wire, why_not

pytestmark = pytest.mark.skipif(bool(why := why_not()), reason=why)
NETNS = Path("/run/netns")


def test_a_stopped_controller_is_found_on_a_wire_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shares: list[float] = []
    measured = on_a_wire(3, None, shares.append, ("controller-stop",))
    assert not isinstance(measured, str), measured
    half, most, count = measured
    assert 0 < half <= most < 5_000
    assert count >= 1
    assert shares
    assert not (NETNS / f"interlock-drill-{os.getpid()}").exists()
    assert not list(tmp_path.iterdir())
