"""The memories of all detectors as one blob."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.interface import Context
from interlock.detect.registry import DETECTORS, all_detectors
from interlock.detect.runner import Runner
from interlock.detect.state import pack, unpack
from interlock.errors import SourceError

from .rows import START, batch
from .scenario import scenario

STATES = Path(__file__).parent / "states"
CONTEXT = Context(now=START)


def fed() -> Runner:
    runner = Runner(all_detectors())
    for table, rows in scenario().items():
        runner.feed(table, batch(table, rows), CONTEXT)
    return runner


@given(st.dictionaries(st.text(), st.binary()))
def test_what_was_packed_is_unpacked(states: dict[str, bytes]) -> None:
    assert unpack(pack(states)) == states


def test_what_earlier_versions_packed_is_unpacked() -> None:
    index = json.dumps([["a", 3, zlib.crc32(b"xyz")]]).encode()
    whole = zstandard.ZstdCompressor(level=1).compress(b"xyz")
    assert unpack(b"interlock/detectors/1\n" + index + b"\n" + whole) == {"a": b"xyz"}


@pytest.mark.parametrize("length", [0, 2, 4, 1 << 20])
def test_what_is_not_as_long_as_it_says_is_refused(length: int) -> None:
    blob = pack({"a": b"xyz"}).replace(b'"a", 3', b'"a", %d' % length)
    with pytest.raises(SourceError, match="not as long as it says"):
        unpack(blob)


def test_a_runner_goes_on_where_it_was() -> None:
    runner, again = fed(), Runner(all_detectors())
    again.restore(runner.state())
    assert again.conclude(CONTEXT) == runner.conclude(CONTEXT)
    assert again.conclude(CONTEXT).findings


@given(st.data())
def test_broken_octets_are_refused_with_a_sentence(data: st.DataObject) -> None:
    blob = bytearray(pack({"a": b"x" * 50, "b": b"y" * 9}))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    try:
        assert sorted(unpack(bytes(blob)).values()) == [b"x" * 50, b"y" * 9]  # a name was hit, or a space
    except SourceError as error:
        assert str(error).startswith("the state kept for detectors")  # noqa: PT017 (either way is right)


def test_two_memories_of_one_name_are_none() -> None:
    blob = pack({"a": b"x" * 50, "b": b"y" * 9}).replace(b'"b"', b'"a"')
    with pytest.raises(SourceError, match="two parts of it are called a"):
        unpack(blob)


@pytest.mark.parametrize("blob", [b"", b"{}", b"interlock/detectors/1\n", b"interlock/detectors/9\n[]\n"])
def test_what_is_no_blob_is_refused_and_changes_nothing(blob: bytes) -> None:
    runner = fed()
    before = runner.state()
    with pytest.raises(SourceError, match="the state kept for detectors"):
        runner.restore(blob)
    assert runner.state() == before


def test_who_is_not_in_the_blob_begins_anew_and_who_is_gone_is_passed_over() -> None:
    runner = Runner(all_detectors())
    runner.restore(pack({"of-yesterday": b"?"}))
    assert runner.conclude(CONTEXT).diagnostics == ()


def test_a_blob_of_version_1_is_read() -> None:
    """states/detectors-1 was written by the first version that kept any; it must be read for ever.

    A detector whose judgement has changed since says so and begins anew; all others know what they knew.
    """
    runner = Runner(all_detectors())
    runner.restore((STATES / "detectors-1").read_bytes())
    conclusion = runner.conclude(CONTEXT)
    said = json.loads((STATES / "detectors-1.json").read_text("utf-8"))
    same = {
        name
        for name, known in said.items()
        if name in DETECTORS and known["version"] == DETECTORS[name]().version
    }
    for name in same:
        assert sorted(f.id for f in conclusion.findings if f.detector == name) == said[name]["findings"]
    begun = [d for d in conclusion.diagnostics if "begins without its memory" in d]
    assert len(begun) == len(said) - len(same)
