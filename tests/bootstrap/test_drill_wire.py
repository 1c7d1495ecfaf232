"""A drill's own wire: a finding comes through it, and nothing of it is left."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from interlock.bootstrap.drill_wire import on_a_wire, why_not

pytestmark = pytest.mark.skipif(bool(why := why_not()), reason=why)
NETNS = Path("/run/netns")


def test_a_stopped_controller_is_found_on_a_wire_and_nothing_is_left() -> None:
    shares: list[float] = []
    measured = on_a_wire(3, None, shares.append, ("controller-stop",))
    assert not isinstance(measured, str), measured
    half, most, count = measured
    assert 0 < half <= most < 5_000
    assert count >= 1
    assert shares
    assert not list(NETNS.glob("interlock-drill-*"))
    assert not list(Path(tempfile.gettempdir()).glob("interlock-drill-*"))
