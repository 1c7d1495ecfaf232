"""The verdicts on alarms of harmless captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from proving.harmless import FALSE, NOT_JUDGED, TRUE, Verdicts

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "capture\tjudge\tverdict\treason\n"


def table(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "verdicts.tsv"
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows), "utf-8")
    return file


def test_the_table_reads() -> None:
    assert {verdict for verdict, _ in Verdicts.read().rows.values()} == {TRUE, FALSE}


def test_what_nobody_looked_at_is_not_judged(tmp_path: Path) -> None:
    verdicts = Verdicts.read(table(tmp_path, "a/b.pcap\tsweep\tfalse\tit only asks"))
    assert verdicts.of("a/b.pcap", "sweep") == FALSE
    assert verdicts.of("a/b.pcap", "refusals") == verdicts.of("a/c.pcap", "sweep") == NOT_JUDGED


@pytest.mark.parametrize("row", ["a\tsweep\tmaybe\tx", "a\tsweep\ttrue\t"])
def test_a_verdict_without_a_reason_is_none(tmp_path: Path, row: str) -> None:
    with pytest.raises(ValueError, match="a sweep: not a verdict"):
        Verdicts.read(table(tmp_path, row))


def test_nothing_is_judged_twice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        Verdicts.read(table(tmp_path, "a\tsweep\ttrue\tx", "a\tsweep\tfalse\tx"))
