"""A scribe: the latest of everything comes to disk, whatever refuses or dies on the way, and nobody waits for it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import OutputError
from interlock.pipeline.sensor.scribe import Scribe

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def _into(folder: Path) -> Callable[[str, bytes], None]:
    def write(name: str, octets: bytes) -> None:
        (folder / "part").write_bytes(octets)
        (folder / "part").replace(folder / name)

    return write


def _wait(done: Callable[[], bool], tend: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        tend()
        time.sleep(0.002)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=300_000)), max_size=12))
def test_at_the_end_the_latest_of_each_name_is_there(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[str, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("s")
    scribe = Scribe(_into(folder))
    for name, octets in given:
        scribe.put(name, octets)
    scribe.end()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(given)


def test_nobody_waits_for_a_slow_disk(tmp_path: Path) -> None:
    def slow(name: str, octets: bytes) -> None:
        time.sleep(0.3)
        _into(tmp_path)(name, octets)

    scribe = Scribe(slow)
    begin = time.monotonic()
    for number in range(50):
        scribe.put("a", b"%d" % number)
        scribe.tend()
    assert time.monotonic() - begin < 0.3
    scribe.end()
    assert (tmp_path / "a").read_bytes() == b"49"


def test_what_a_disk_refused_is_tried_again_unless_something_newer_came(tmp_path: Path) -> None:
    def refusing(name: str, octets: bytes) -> None:
        (tmp_path / "tried").open("ab").write(octets)
        if not (tmp_path / "room").exists():
            raise OutputError("no room")
        _into(tmp_path)(name, octets)

    scribe = Scribe(refusing)
    scribe.put("a", b"1")
    _wait(lambda: (tmp_path / "tried").exists() and (tmp_path / "tried").read_bytes() == b"11", scribe.tend)
    scribe.put("a", b"2")
    _wait(lambda: (tmp_path / "tried").read_bytes().endswith(b"2"), scribe.tend)
    (tmp_path / "room").touch()
    _wait((tmp_path / "a").exists, scribe.tend)
    assert (tmp_path / "a").read_bytes() == b"2"
    scribe.end()


def test_one_that_dies_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    scribe = Scribe(_into(tmp_path))
    first = scribe.pid
    os.kill(first, signal.SIGKILL)
    scribe.put("a", b"1")
    _wait((tmp_path / "a").exists, scribe.tend)
    assert scribe.pid != first
    scribe.end()


def test_after_its_end_it_is_gone_and_what_is_given_is_written_at_once(tmp_path: Path) -> None:
    scribe = Scribe(_into(tmp_path))
    scribe.end()
    scribe.end()
    assert not Path(f"/proc/{scribe.pid}").exists()
    scribe.put("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
