"""Who follows a store from another process, and remembers beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from interlock.errors import OutputError
from interlock.records.finding import Finding
from interlock.store.plain.follower import Follower
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from pathlib import Path


def finding(ident: str) -> Finding:
    return Finding(id=ident, detector="d", version=1, kind="alert", severity="high", confidence=1.0, title="t",
                   explanation="e", time=1, last=1, count=1)  # fmt: skip


def test_it_sees_what_is_committed_and_nothing_twice(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "store")
    assert list(follower.findings()) == []
    store = PlainStore(tmp_path / "store", clock=time.time_ns)
    store.commit([finding("00000000-0000-5000-8000-000000000001")])
    ((first, _),) = follower.findings()
    store.commit([finding("00000000-0000-5000-8000-000000000002")])
    assert [f.id[-1] for _, f in follower.findings(first)] == ["2"]
    store.close()


def test_what_it_remembers_is_there_for_the_next_one_whatever_its_name(tmp_path: Path) -> None:
    for name in ("outlet/syslog", "../outside", "ä" * 40):
        Follower(tmp_path).keep(name, b"1")
        Follower(tmp_path).keep(name, name.encode())
    for name in ("outlet/syslog", "../outside", "ä" * 40):
        assert Follower(tmp_path).kept(name) == name.encode()
    assert Follower(tmp_path).kept("other") is None
    assert not (tmp_path.parent / "outside").exists()


def test_a_folder_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "following").write_text("a file stands in the way")
    with pytest.raises(OutputError, match="cannot be used"):
        Follower(tmp_path).keep("outlet/x", b"1")
