"""Floods of forged senders: what they are, and that a run over one stays small."""

from __future__ import annotations

import json

import pytest
from tests.cli import terminal

from interlock.bench.forged_senders import KINDS, write_forged_senders

FRAMES = 13_000
MOST = 20_000
"""Machines that merely sent, and public addresses."""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_run_over_a_flood_draws_no_more_machines_than_there_is_room_for(tmp_path, kind):
    capture, out = tmp_path / "flood.pcap", tmp_path / "out"
    with capture.open("wb") as target:
        write_forged_senders(target, kind, FRAMES, 7)
    ended = terminal.run("analyze", capture, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["run"]["frames"] == FRAMES
    assert summary["run"]["tables"]["flows"] > FRAMES * 0.99
    left_out = summary["left_out"]
    assert summary["machines"]["total"] <= MOST
    kept_away = left_out["machines_that_merely_sent"] + left_out["public_addresses"]
    assert kept_away > 2_000
