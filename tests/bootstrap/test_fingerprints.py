"""Passwords that cross the wire in clear leave only a fingerprint, which no other machine can make."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from interlock.bootstrap import build_engine, fingerprint_key, state_folder
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline.decode_run import decoded

CAPTURE = Path(__file__).resolve().parents[2] / "demo" / "incident.pcap.gz"
PASSWORD = "demo-Switch-1"
"""Typed over Telnet in the demonstration's incident, for the user `admin` (demo/PROVENANCE.md)."""


def test_the_key_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key = fingerprint_key(folder)
    assert len(key) == 32
    assert fingerprint_key(folder) == key
    assert stat.S_IMODE((folder / "fingerprint.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert fingerprint_key(tmp_path / "another installation") != key


@pytest.mark.parametrize("octets", [b"", b"short", bytes(33)])
def test_a_key_that_is_none_is_not_used(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "fingerprint.key").write_bytes(octets)
    first = fingerprint_key(tmp_path)
    assert len(first) == 32
    assert first != octets
    assert fingerprint_key(tmp_path) != first, "of this run alone"


def test_where_no_key_can_be_kept_there_is_one_for_this_run(tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("not a folder")
    assert len(fingerprint_key(in_the_way)) == 32
    assert len(fingerprint_key(in_the_way / "below")) == 32
    assert in_the_way.read_text() == "not a folder"


def test_the_state_lies_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path / "here"))
    assert state_folder() == tmp_path / "here"
    monkeypatch.delenv("INTERLOCK_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_folder() == tmp_path / "xdg" / "interlock"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "interlock"


def everything(monkeypatch: pytest.MonkeyPatch, state: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables of the capture."""
    monkeypatch.setenv("INTERLOCK_STATE", str(state))
    found: dict[str, list[dict[str, object]]] = {}
    with open_sources(specify([str(CAPTURE)], [])) as run:
        engine = build_engine(run.sources)
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            for name, batch in batches.items():
                found.setdefault(name, []).extend(batch.to_pylist())
    return found


def test_no_table_has_the_password_and_another_installation_another_fingerprint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = everything(monkeypatch, tmp_path / "here")
    assert PASSWORD not in repr(here)
    assert PASSWORD.encode().hex() not in repr(here)
    (login,) = [row for row in here["credentials"] if row["user"] == "admin"]
    again, elsewhere = (everything(monkeypatch, tmp_path / name) for name in ("here", "elsewhere"))
    (same,) = [row for row in again["credentials"] if row["user"] == "admin"]
    (other,) = [row for row in elsewhere["credentials"] if row["user"] == "admin"]
    assert same["fingerprint"] == login["fingerprint"] != other["fingerprint"]
