"""Wrong policies: every command says file, line, what is wrong and what to do, and nothing of it is applied."""

from __future__ import annotations

import pytest
from tests.cli import terminal

run = terminal.told
SHIFT = terminal.DEMO / "normal-shift.pcapng"
RIGHT = """
[[zones]]
name = "a"
members = ["10.0.0.1"]
sl_t = 1

[[zones]]
name = "b"
members = ["10.0.0.2"]
sl_t = 1

[[conduits]]
name = "c"
from = ["a"]
to = ["b"]
protocols = ["modbus"]
verbs = ["read"]
"""
ENDED = 'exception = true\nreason = "r"\nowner = "o"\nuntil = 2026-01-31\n'
WRONG = {
    "cycle": (
        RIGHT.replace('name = "a"', 'name = "a"\nparent = "b"').replace(
            'name = "b"', 'name = "b"\nparent = "a"'
        ),
        "line 4, column 10: zone a lies within itself; name another parent, or none",
    ),
    "overlap": (
        RIGHT.replace('"10.0.0.2"', '"10.0.0.2", "10.0.0.1"'),
        "line 9, column 24: 10.0.0.1 is a member of a already; leave it in one of both zones",
    ),
    "no SL-T": (
        RIGHT.replace('members = ["10.0.0.1"]\nsl_t = 1', 'members = ["10.0.0.1"]'),
        "line 2, column 1: zone a has no SL-T, and none of its parents has; say `sl_t = 2`",
    ),
    "unknown zone": (RIGHT.replace('to = ["b"]', 'to = ["x"]'), "line 15, column 7: "),
    "exception without reason": (
        RIGHT + ENDED.replace('reason = "r"\n', ""),
        "line 12, column 1: exception c has no `reason`",
    ),
    "ended exception": (
        RIGHT + ENDED,
        "line 21, column 9: exception c ended on 2026-01-31; say a later day, or remove it",
    ),
}
COMMANDS = {
    "check": ("zone", "check", SHIFT, "--site", "FILE"),
    "check alone": ("zone", "check", "--site", "FILE"),
    "replay": ("zone", "replay", "FILE", "--against", SHIFT),
    "propose": ("zone", "propose", SHIFT, "--site", "FILE", "--out", "OUT"),
    "export": ("zone", "export", "--to", "nftables", "--site", "FILE", "--out", "OUT"),
    "draw": ("zone", "draw", "--site", "FILE", "--out", "OUT"),
    "reach": ("zone", "reach", "--site", "FILE"),
    "approve": ("zone", "approve", SHIFT, "--site", "FILE", "--key", "nobody", "--yes"),
    "analyze": ("analyze", SHIFT, "--site", "FILE", "--out", "OUT"),
    "sensor": ("sensor", "replay", SHIFT, "--site", "FILE", "--out", "OUT"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_every_command_refuses_it_whole(tmp_path, command, wrong):
    text, told = WRONG[wrong]
    file, out = tmp_path / "site.toml", tmp_path / "out"
    file.write_text(text, "utf-8")
    ended = run(*({"FILE": file, "OUT": out}.get(word, word) for word in COMMANDS[command]))
    if wrong == "ended exception" and command in {"analyze", "sensor"}:
        assert ended.code == 0, (
            ended.err
        )  # it allows nothing any more; who judges by the file says so as a finding
        return
    assert ended.code == 2, (ended.out, ended.err)
    assert f"{file}, {told}" in ended.err
    assert not out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.toml"]


def test_an_unknown_asset_is_told_where_machines_are_known(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(
        RIGHT.replace('members = ["10.0.0.1"]', 'assets = ["5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10"]'), "utf-8"
    )
    told = f"{file}, line 4, column 11: no machine that was seen has the id 5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10; take"
    for words in (("check", SHIFT, "--site", file), ("replay", file, "--against", SHIFT)):
        ended = run("zone", *words)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
    without = run("zone", "reach", "--site", file)
    assert without.code == 2
    assert "give the inventory that knows them" in without.err
