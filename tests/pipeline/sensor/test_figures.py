from __future__ import annotations

import json
import multiprocessing
from dataclasses import fields, replace

import pytest

from interlock.errors import OutputError, SourceError
from interlock.pipeline.sensor.figures import (
    FIGURES_FILE,
    Figures,
    figures_document,
    read_figures,
    read_figures_file,
    write_figures_file,
)
from interlock.report.schema import SchemaError, check, load_schema

from .figures_of import NOW, figures


def test_json_and_back() -> None:
    document = json.loads(json.dumps(figures_document(figures())))
    check(document, "figures")
    assert read_figures(document) == figures()
    least = Figures(version="1", time=NOW, started=NOW)
    assert read_figures(figures_document(least)) == least
    assert "capture_time" not in figures_document(least)


def test_the_schema_knows_every_figure_and_no_other() -> None:
    known = set(load_schema("figures")["properties"]) - {"schema"}
    assert known == {field.name for field in fields(Figures)}


@pytest.mark.parametrize(
    "change",
    [
        {"packets": -1},
        {"packets": 1.5},
        {"state": "fine"},
        {"colour": "red"},
        {"time": "yesterday"},
        {"interfaces": [{"name": "eth0"}]},
        {"shed": {"values": "many"}},
        {"started": "2026-02-31T00:00:00.000000000Z"},
    ],
)
def test_what_is_no_document_of_figures_is_refused(change) -> None:
    with pytest.raises(SchemaError):
        read_figures({**figures_document(figures()), **change})


def test_a_histogram_that_contradicts_itself_is_refused() -> None:
    document = figures_document(figures())
    document["record_latency"]["count"] += 1
    with pytest.raises(SchemaError, match="do not add up"):
        read_figures(document)


def test_other_processes_read_the_file_whole_while_it_is_replaced(tmp_path) -> None:
    write_figures_file(tmp_path, figures(packets=0))
    writer = multiprocessing.get_context("fork").Process(target=_write_many, args=(tmp_path,))
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(read_figures_file(tmp_path).packets)
    writer.join()
    assert writer.exitcode == 0
    assert seen == sorted(seen)
    assert read_figures_file(tmp_path) == figures(packets=199)


def _write_many(folder) -> None:
    whole = figures()
    for packets in range(200):
        write_figures_file(folder, replace(whole, packets=packets))


def test_no_file_is_no_figures_and_a_broken_one_is_one_sentence(tmp_path) -> None:
    assert read_figures_file(tmp_path) is None
    for broken in (
        b"",
        b"{",
        b"[]",
        b'{"schema":"interlock/figures/2"}',
        b"\xff",
        b"[" * 100_000,
        b" " * (5 << 20),
    ):
        (tmp_path / FIGURES_FILE).write_bytes(broken)
        with pytest.raises(SourceError, match=FIGURES_FILE) as caught:
            read_figures_file(tmp_path)
        assert "\n" not in str(caught.value)
    with pytest.raises(OutputError, match="cannot be written"):
        write_figures_file(tmp_path / "nowhere", figures())
