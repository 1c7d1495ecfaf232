"""`interlock sensor replay`: what it keeps and finds is what `analyze` says of the same captures."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from soaking.books import rows
from tests.cli.terminal import DEMO, one_sentence, run, start

from interlock.bootstrap.ruling import pack_rules
from interlock.store.folding import Folding
from interlock.store.plain.reader import PlainReader

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = (DEMO / "normal-shift.pcapng", DEMO / "incident.pcap.gz", DEMO / "engineering.pcap")
SEEDED = ("flow", "operation")
"""Numbers that differ from run to run."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("replay")
    analyzed = run("analyze", *CAPTURES, "--out", folder / "analyzed")
    assert analyzed.code == 0, analyzed.err
    replayed = run("sensor", "replay", *CAPTURES, "--out", folder / "store")
    assert replayed.code == 0, replayed.err
    assert not replayed.err
    return folder / "analyzed", folder / "store"


@pytest.mark.parametrize("table", ["flows", "clues", "oddities"])
def test_its_records_are_those_of_analyze(both: tuple[Path, Path], table: str) -> None:
    analyzed, store = both
    expected = rows(pq.read_table(analyzed / f"{table}.parquet").to_batches(), SEEDED)
    assert expected
    assert rows(PlainReader(store).rows(table), SEEDED) == expected


def test_its_operations_are_those_of_analyze_folded(both: tuple[Path, Path]) -> None:
    analyzed, store = both
    folding = Folding()
    (all_rows,) = pq.read_table(analyzed / "operations.parquet").combine_chunks().to_batches()
    expected = rows([*folding.add(all_rows), *folding.rest()], SEEDED)
    assert rows(PlainReader(store).rows("operations_folded"), SEEDED) == expected


def test_its_findings_are_those_of_analyze(both: tuple[Path, Path]) -> None:
    analyzed, store = both
    expected = {f["id"]: f for f in json.loads((analyzed / "findings.json").read_text("utf-8"))["findings"]}
    found = {finding.id: finding for _, finding in PlainReader(store).findings()}
    assert set(found) >= set(expected)
    # Whoever judges at the end knows every machine's role by then: a sensor has spoken before, and does not unsay it.
    asks_for_roles = {rule.name for rule in pack_rules() if rule.late != ("true",)}
    for ident in set(found) - set(expected):
        early = found.pop(ident)
        assert early.detector == "rules"
        assert asks_for_roles & {value for _, value in early.data}
    for ident, finding in found.items():
        said = expected[ident]
        assert (finding.title, finding.severity, finding.count, finding.detector) == (
            said["title"],
            said["severity"],
            said["count"],
            said["detector"],
        )


def test_its_machines_are_those_of_analyze(both: tuple[Path, Path]) -> None:
    analyzed, store = both
    expected = {a["id"]: a for a in json.loads((analyzed / "assets.json").read_text("utf-8"))["assets"]}
    found = {asset.id: asset for asset in PlainReader(store).assets()}
    assert set(found) == set(expected)
    for ident, asset in found.items():
        assert (asset.vendor, asset.role, list(asset.ips)) == (
            expected[ident].get("vendor"),
            expected[ident].get("role"),
            expected[ident].get("ips", []),
        )


def test_frames_come_at_their_pace(tmp_path: Path) -> None:
    begin = time.monotonic()
    ended = run("sensor", "replay", DEMO / "incident.pcap.gz", "--speed", 10, "--out", tmp_path / "store")
    assert ended.code == 0, ended.err
    assert time.monotonic() - begin > 2  # 40 s of capture
    assert "stopped" in ended.out.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_stopped_is_kept(tmp_path: Path, number: int) -> None:
    store = tmp_path / "store"
    started = start("sensor", "replay", DEMO / "normal-shift.pcapng", "--speed", 4, "--out", store)
    for _ in range(300):
        time.sleep(0.1)
        if (store / "figures.json").exists() and json.loads((store / "figures.json").read_bytes())["packets"]:
            break
    started.send_signal(number)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 4, err
    assert b"stopped before the end; what was read so far is kept" in (
        err if isinstance(err, bytes) else err.encode()
    )
    assert sum(batch.num_rows for batch in PlainReader(store).rows("operations_folded")) > 0
    assert not (store / ".judge.sock").exists()


def test_what_cannot_be_read_is_said_before_anything_begins(tmp_path: Path) -> None:
    ended = run("sensor", "replay", tmp_path / "nothing.pcap", "--out", tmp_path / "store")
    assert ended.code == 3
    assert one_sentence(ended)
    assert not (tmp_path / "store").exists()


def test_a_wrong_site_file_is_said_before_anything_begins(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("[[zone]]\nnaam = 3\n")
    ended = run("sensor", "replay", CAPTURES[1], "--site", site, "--out", tmp_path / "store")
    assert ended.code == 2
    assert one_sentence(ended)


def test_a_store_that_was_broken_begins_anew_and_the_diary_says_so(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert run("sensor", "replay", CAPTURES[2], "--out", store).code == 0
    (store / "store.sqlite").write_bytes((store / "store.sqlite").read_bytes()[:2000])
    again = run("sensor", "replay", CAPTURES[2], "--out", store)
    assert again.code == 0, again.err
    (aside,) = store.glob("store.sqlite.broken-*[0-9]")
    lost = [entry.says for entry in PlainReader(store).diary() if entry.event == "state-lost"]
    assert len(lost) == 1
    assert aside.name in lost[0]
