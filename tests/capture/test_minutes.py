"""When anything is in captures is known before they are read, and is what reading finds."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture.minutes import minutes_of
from interlock.capture.run import open_sources
from interlock.capture.specs import SourceSpec

from .writers import Interface, Packet, Section, pcap, pcapng

S = 10**9
MINUTE = 60 * S
packets = st.lists(
    st.builds(Packet, st.integers(0, 30 * MINUTE), st.binary(min_size=1, max_size=40)),
    min_size=1,
    max_size=30,
)


def written(folder: Path, name: str, octets: bytes) -> SourceSpec:
    path = folder / name
    path.write_bytes(octets)
    return SourceSpec(path=str(path))


def read(specs: list[SourceSpec]) -> set[int]:
    with open_sources(specs) as run:
        return {time // MINUTE for frames in run for time in frames.time.tolist()}


@given(packets, packets, st.binary(max_size=12))
def test_they_are_those_of_the_frames_that_are_read(
    some: list[Packet], others: list[Packet], damage: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        specs = [
            written(Path(folder), "a.pcap", pcap(some) + damage),
            written(Path(folder), "b.pcapng", pcapng([Section("<", (Interface(),), tuple(others))])),
        ]
        found = minutes_of(specs, 1_000)
        assert found == read(specs)
        assert minutes_of(specs, len(found)) == found
        assert minutes_of(specs, len(found) - 1) is None


def test_a_capture_in_two_realms_is_looked_at_once(tmp_path: Path) -> None:
    spec = written(tmp_path, "a.pcap", pcap([Packet(5 * MINUTE, b"x")]))
    assert minutes_of([spec, SourceSpec(path=spec.path, realm="other")], 10) == {5}


@pytest.mark.parametrize("kind", ["compressed", "stdin", "pipe"])
def test_what_can_be_read_once_or_costs_much_is_not_known(tmp_path: Path, kind: str) -> None:
    octets = pcap([Packet(MINUTE, b"x")])
    spec = SourceSpec(path="-")
    if kind == "compressed":
        spec = written(tmp_path, "a.pcap.gz", gzip.compress(octets))
    if kind == "pipe":
        spec = SourceSpec(path=str(tmp_path / "pipe"))
        os.mkfifo(spec.path)
    assert minutes_of([written(tmp_path, "b.pcap", octets), spec], 10) is None


def test_what_cannot_be_opened_has_no_frames(tmp_path: Path) -> None:
    there = written(tmp_path, "a.pcap", pcap([Packet(3 * MINUTE, b"x")]))
    assert minutes_of([SourceSpec(path=str(tmp_path / "nowhere.pcap")), there], 10) == {3}
