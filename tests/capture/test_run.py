from __future__ import annotations

import gzip
import io
import os
import struct
import threading
from pathlib import Path

import pytest

from interlock.capture import SourceSpec, open_sources, specify
from interlock.errors import SourceError
from interlock.records.frames import Source

from .reading import rows
from .writers import COMPRESSIONS, Interface, Packet, Section, pcap, pcapng

CAPTURES = Path(
    os.environ.get("INTERLOCK_CAPTURES", Path(__file__).resolve().parents[2] / ".." / "shared" / "captures")
)
S = 10**9


def packets(*seconds):
    return [Packet(s * S, b"frame at %d" % s) for s in seconds]


@pytest.fixture
def write(tmp_path):
    def to_file(name, octets):
        path = tmp_path / name
        path.write_bytes(octets)
        return SourceSpec(path=str(path))

    return to_file


def everything(run):
    return [
        (row[0] // S, source, row[4])
        for f in run
        for row, source in zip(rows(f), f.source.tolist(), strict=True)
    ]


def test_files_of_all_formats_merge_in_time_order(write):
    specs = [
        write("a.pcap", pcap(packets(1, 4, 7, 10))),
        write(
            "b.pcapng.zst",
            COMPRESSIONS["zstd"](pcapng([Section(">", (Interface(),), tuple(packets(2, 5, 8)))])),
        ),
        write("c.pcap.gz", COMPRESSIONS["gzip"](pcap(packets(3, 6, 9), ">", 1))),
    ]
    run = open_sources(specs)
    found = everything(run)
    assert [time for time, _, _ in found] == list(range(1, 11))
    assert [source for _, source, _ in found] == [0, 1, 2] * 3 + [0]
    assert [number for _, source, number in found if source == 1] == [1, 2, 3]
    assert [s.frames for s in run.statistics] == [4, 3, 3]
    assert run.octets_read == run.octets_total == sum(Path(spec.path).stat().st_size for spec in specs)


def test_one_file_in_two_realms_is_two_sources(write):
    path = write("a.pcap", pcap(packets(1, 2))).path
    run = open_sources(specify([path], [f"{path}=cell1", f"{path}=cell2"]))
    assert run.sources == (Source(name=path, realm="cell1"), Source(name=path, realm="cell2"))
    assert everything(run) == [(1, 0, 1), (1, 1, 1), (2, 0, 2), (2, 1, 2)]


def test_statistics_grow_while_reading(write):
    run = open_sources([write("a.pcap", pcap(packets(*range(1, 50))))], batch_octets=64, batch_frames=2)
    seen = 0
    for frames in run:
        seen += frames.n
        assert run.statistics[0].frames == seen
        assert run.octets_read <= run.octets_total
    assert seen == 49


def test_standard_input_is_read_once(write):
    run = open_sources([SourceSpec(path="-")], stdin=io.BytesIO(pcap(packets(1, 2))))
    assert run.octets_total is None
    assert everything(run) == [(1, 0, 1), (2, 0, 2)]
    assert not run._captures[0]._stdin.closed
    with pytest.raises(SourceError, match="no standard input"):
        open_sources([SourceSpec(path="-")])


def test_standard_input_merges_with_files(write):
    spec = write("a.pcap", pcap(packets(2, 4)))
    run = open_sources([SourceSpec(path="-"), spec], stdin=io.BytesIO(pcap(packets(1, 3, 5))))
    assert [time for time, _, _ in everything(run)] == [1, 2, 3, 4, 5]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_once(tmp_path, write):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(pcap(packets(*range(1, 9))),))
    writer.start()
    run = open_sources([SourceSpec(path=str(pipe)), write("a.pcap", pcap(packets(4)))])
    assert [time for time, _, _ in everything(run)] == [1, 2, 3, 4, 4, 5, 6, 7, 8]
    writer.join()


def test_a_bad_file_among_good_ones_is_told_and_the_others_go_on(write, tmp_path):
    specs = [
        write("empty.pcap", b""),
        write("good.pcap", pcap(packets(1, 2))),
        SourceSpec(path=str(tmp_path / "missing.pcap")),
        write("cut.pcap", pcap(packets(1, 2))[:-3]),
    ]
    run = open_sources(specs)
    assert everything(run) == [(1, 1, 1), (1, 3, 1), (2, 1, 2)]
    assert len(run.failures) == 2
    assert run.statistics[0].failure.endswith("empty.pcap: is empty; record it again")
    assert "missing.pcap: cannot be opened (no such file or directory)" in run.statistics[2].failure
    assert run.statistics[3].cut is not None
    assert run.statistics[3].failure is None


def test_nothing_readable_is_one_sentence(write, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(
        SourceError, match=r"folder: is a folder without captures; name one that holds pcap files$"
    ):
        open_sources([SourceSpec(path=str(tmp_path / "folder"))])
    with pytest.raises(
        SourceError, match=r"is empty; record it again \(and 1 more sources that cannot be read\)$"
    ):
        open_sources([write("a.pcap", b""), write("b.pcap", b"")])
    with pytest.raises(SourceError, match="name one"):
        open_sources([])


def test_a_source_that_fails_on_the_way_is_used_up_to_there(write):
    bomb = pcap(packets(1, 2)) + struct.pack("<IIII", 3, 0, 65000, 65000) + bytes(65000)
    bomb += (struct.pack("<IIII", 4, 0, 65000, 65000) + bytes(65000)) * 2000
    specs = [write("bomb.pcap.gz", gzip.compress(bomb)), write("good.pcap", pcap(packets(1, 5)))]
    run = open_sources(specs)
    counts = [0, 0]
    for frames in run:
        for source in (0, 1):
            counts[source] += int((frames.source == source).sum())
    assert counts[1] == 2
    assert 900 < counts[0] < 2003
    assert "expands to over 250 times" in run.failures[0]
    run = open_sources(specs[:1])
    with pytest.raises(SourceError, match="expands to over 250 times"):
        list(run)
    assert 900 < run.statistics[0].frames < 2003


def test_a_file_cut_in_its_first_packet_is_not_readable(write):
    with pytest.raises(SourceError, match="no packet can be read, the file ends in the middle of a packet"):
        list(open_sources([write("a.pcap", pcap(packets(1))[:30])]))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_rights_is_told(write):
    spec = write("a.pcap", pcap(packets(1)))
    Path(spec.path).chmod(0)
    with pytest.raises(SourceError, match=r"cannot be opened \(permission denied\); check"):
        open_sources([spec])


def test_a_file_that_shrinks_while_it_is_read_ends_as_cut(write):
    spec = write("a.pcap", pcap([Packet(S, bytes(1000)) for _ in range(1000)]))
    run = open_sources([spec], batch_octets=70_000, batch_frames=10)
    batches = iter(run)
    next(batches)
    os.truncate(spec.path, 200_000)
    seen = sum(frames.n for frames in batches)
    assert seen < 999
    assert run.statistics[0].cut is not None


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures beside the repository")
def test_real_captures_have_the_packets_of_their_catalogue():
    lines = (CAPTURES / "CATALOG.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    for line in lines[1:]:
        row = dict(zip(names, line.split("\t"), strict=True))
        if not row["path"].endswith((".pcap", ".pcapng")):
            continue
        run = open_sources([SourceSpec(path=str(CAPTURES / row["path"]))])
        assert sum(frames.n for frames in run) == int(row["packets"]), row["path"]
        assert run.failures == ()
