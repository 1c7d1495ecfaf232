"""Rules that were read once are not read again, unless anything of them changed or what was kept is not ours."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from interlock.bootstrap import signatures
from interlock.bootstrap.signature_cache import PlanCache
from interlock.bootstrap.signatures import build_signatures

if TYPE_CHECKING:
    from pathlib import Path

RULE = 'alert tcp any any -> any any (msg:"m{0}"; content:"abc{0}"; sid:{0};)\n'
SECRET = b"s" * 32


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.rules").write_text("".join(map(RULE.format, range(1, 301))))
    (folder / "b.rules").write_text('alert tcp any any -> any any (content:"a"; warp:1; sid:999;)\n')
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files were read, each time that rules were."""
    times: list[int] = []
    planned = signatures._planned
    monkeypatch.setattr(
        signatures,
        "_planned",
        lambda files, lists, **how: times.append(len(files)) or planned(files, lists, **how),
    )
    return times


def built(rules: Path, cache: PlanCache) -> tuple[list[str], list[str]]:
    told: list[str] = []
    detector = build_signatures((str(rules),), told.append, cache)
    return [one.signature.message for one in detector.engine.matchers], told


def test_they_are_read_once(rules: Path, tmp_path: Path, read: list[int]) -> None:
    told: list[str] = []
    cache = PlanCache(tmp_path / "cache", SECRET, told.append)
    first = built(rules, cache)
    assert len(first[0]) == 300
    assert first[1] == ["b.rules:1: rule 999 is refused: warp: is not supported"]
    assert built(rules, cache) == first
    assert (read, told) == ([2], [])
    (kept,) = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700

    with (rules / "a.rules").open("a") as file:
        file.write(RULE.format(301))
    assert len(built(rules, cache)[0]) == 301
    assert (read, told) == ([2, 2], [])


def damage_end(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize(
    "damage",
    [
        damage_end,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        lambda path: PlanCache(path.parent, b"t" * 32, print).put(path.stem, b"interlock-plan/1\n"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.rename(path.with_suffix(".moved")), path.symlink_to(path.with_suffix(".moved"))),
        lambda path: PlanCache(path.parent, SECRET, print).put(path.stem, b"interlock-plan/0\n"),
    ],
    ids=["bit", "empty", "cut", "of another", "folder", "pipe", "link", "old"],
)
def test_what_is_not_ours_is_said_and_made_anew(rules, tmp_path, read, damage):
    told: list[str] = []
    cache = PlanCache(tmp_path / "cache", SECRET, told.append)
    first = built(rules, cache)
    (kept,) = (tmp_path / "cache").iterdir()
    damage(kept)
    assert built(rules, cache) == first
    assert read == [2, 2]
    assert told[0].startswith(f"{kept}: what was kept of the rules ")
    assert told[0].endswith("; they are read anew")
    if not kept.is_dir():
        told.clear()
        assert built(rules, cache) == first
        assert (read, told) == ([2, 2], [])


def test_another_rules_plan_under_this_name_is_not_taken(rules, tmp_path, read):
    told: list[str] = []
    cache = PlanCache(tmp_path / "cache", SECRET, told.append)
    built(rules, cache)
    (kept,) = (tmp_path / "cache").iterdir()
    with (rules / "a.rules").open("a") as file:
        file.write(RULE.format(301))
    assert len(built(rules, cache)[0]) == 301
    other = next(path for path in (tmp_path / "cache").iterdir() if path != kept)
    other.write_bytes(kept.read_bytes())
    assert len(built(rules, cache)[0]) == 301
    assert len(read) == 3
    assert "is damaged, or another installation wrote it" in told[0]


def test_a_full_disk_costs_nothing_but_time(rules, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    told: list[str] = []
    monkeypatch.setattr(os, "fsync", full)
    found = built(rules, PlanCache(tmp_path / "cache", SECRET, told.append))
    assert len(found[0]) == 300
    (sentence,) = told
    assert sentence.startswith(
        f"{tmp_path / 'cache'}: the rules cannot be kept for a quicker start (no space left"
    )
    assert sentence.endswith("; all of them are in force all the same")
    assert list((tmp_path / "cache").iterdir()) == []


def test_only_the_last_plans_are_kept(tmp_path):
    cache = PlanCache(tmp_path / "cache", SECRET, print)
    for number in range(10):
        cache.put(f"{number}", b"x")
        os.utime(tmp_path / "cache" / f"{number}.plan", (number + 1, number + 1))
    (tmp_path / "cache" / ".left.part").write_bytes(b"")
    os.utime(tmp_path / "cache" / ".left.part", (1, 1))
    cache.put("10", b"x")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {f"{k}.plan" for k in range(3, 11)}


def test_several_processes_at_once_keep_whole_plans(rules, tmp_path):
    code = (
        "import sys; from interlock.bootstrap.signatures import build_signatures;"
        "print(len(build_signatures((sys.argv[1],), print).engine.matchers))"
    )
    environment = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    command = [sys.executable, "-c", code, str(rules)]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = [one.communicate()[0].splitlines() for one in running]
    assert [lines[-1] for lines in said] == ["300"] * 4
    assert not any("kept" in line for lines in said for line in lines)
    (kept,) = (tmp_path / "state" / "cache" / "signatures").iterdir()
    assert kept.suffix == ".plan"
