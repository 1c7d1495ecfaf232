from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from interlock.capture import SourceSpec, specify
from interlock.capture.specs import display_name
from interlock.errors import ConfigError

from .writers import Packet, pcap, zstandarded

ONE = pcap([Packet(10**9, b"x" * 60)])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of captures under every kind of name, and of what is none."""
    monkeypatch.chdir(tmp_path)
    for name, octets in {
        "plant/b.pcap": ONE,
        "plant/a.pcapng.gz": gzip.compress(ONE),
        "plant/cell 2/ring_0001": ONE,
        "plant/cell 2/squeezed": zstandarded(ONE),
        "plant/notes.txt": b"these are notes",
        "plant/empty.pcap": b"",
        "plant/nothing": b"",
        "other/readme.md": b"# no captures here",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    return tmp_path


def paths(specs):
    return [spec.path for spec in specs]


def test_folders_are_opened_up_sorted_by_what_files_hold(folder):
    expected = ["a.pcapng.gz", "b.pcap", "cell 2/ring_0001", "cell 2/squeezed", "empty.pcap"]
    assert paths(specify(["plant"])) == [str(Path("plant", name)) for name in expected]


def test_a_folder_without_captures_stays_to_be_told_of(folder):
    assert specify(["other"]) == (SourceSpec(path="other"),)


def test_what_is_named_is_taken_as_it_is_and_once(folder):
    assert paths(specify(["plant/notes.txt", "-", "missing", "./plant/notes.txt"])) == [
        "plant/notes.txt",
        "-",
        "missing",
    ]


def test_two_realms_make_two_sources(folder):
    specs = specify(["plant/b.pcap"], ["plant/b.pcap=cell1", "./plant/b.pcap=cell2"])
    assert [(spec.path, spec.realm) for spec in specs] == [
        ("plant/b.pcap", "cell1"),
        ("plant/b.pcap", "cell2"),
    ]


def test_the_closest_realm_counts(folder):
    specs = specify(["plant"], ["plant=line", "plant/cell 2=cell two", "plant/b.pcap=b"])
    realms = {Path(spec.path).name: spec.realm for spec in specs}
    assert realms == {
        "a.pcapng.gz": "line",
        "b.pcap": "b",
        "ring_0001": "cell two",
        "squeezed": "cell two",
        "empty.pcap": "line",
    }


def test_standard_input_has_a_realm_too(folder):
    assert specify(["-"], ["-=site"]) == (SourceSpec(path="-", realm="site"),)
    with pytest.raises(ConfigError, match="standard input can be read once only"):
        specify(["-"], ["-=a", "-=b"])


@pytest.mark.parametrize(
    "realm", ["cell1", "=cell1", "plant/b.pcap=", "plant/b.pcap=a\nb", "plant/b.pcap=" + "x" * 65]
)
def test_a_malformed_realm_is_refused(folder, realm):
    with pytest.raises(ConfigError, match="write FILE=NAME"):
        specify(["plant/b.pcap"], [realm])


def test_a_realm_of_no_capture_is_refused(folder):
    with pytest.raises(ConfigError, match=r"--realm plant/c.pcap=x: none of the captures is plant/c.pcap"):
        specify(["plant/b.pcap"], ["plant/c.pcap=x"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_special_files_in_a_folder_are_not_touched(folder):
    os.mkfifo(folder / "plant" / "pipe.pcap")
    (folder / "plant" / "cell 2" / "loop").symlink_to(folder / "plant")
    assert len(specify(["plant"])) == 5


def test_names_that_are_no_text_are_shown_escaped():
    assert display_name(os.fsdecode(b"\xffplant.pcap")) == "\\xffplant.pcap"
    assert display_name("-") == "stdin"
