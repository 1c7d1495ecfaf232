"""How soon signatures are in force, as it is measured."""

from __future__ import annotations

import json
import sys

from interlock.bench import signature_start


def test_the_second_start_finds_what_the_first_kept(tmp_path, monkeypatch, capsys):
    rules = tmp_path / "a.rules"
    rules.write_text(
        "".join(f'alert tcp any any -> any any (content:"abc{k}"; sid:{k};)\n' for k in range(1, 400))
    )
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "argv", ["signature_start", str(rules)])
    kept = []
    for _ in range(2):
        assert signature_start.main() == 0
        assert json.loads(capsys.readouterr().out)["in_force"] == 399
        kept.append([(path, path.stat().st_size) for path in (tmp_path / "state").rglob("*.plan")])
    assert len(kept[0]) == 1
    assert kept[0] == kept[1]
