"""verbs.tsv says what every verbs.toml says, and steps back where one has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from interlock.decode import verbs
from interlock.decode.registry import PROTOCOLS, VerbTables, load_specs, load_verbs, waiting_specs
from interlock.decode.verbs import HOUSE, VerbText, read_toml, verb_text


def _said() -> dict[str, dict[int, tuple[str, str]]]:
    """Every table, from the TOML files themselves."""
    return {table: rows for name in PROTOCOLS for table, rows in read_toml(f"{HOUSE}.{name}").items()}


def test_the_text_says_what_the_files_say() -> None:
    text = VerbText()
    stale = [name for name in PROTOCOLS if not text.has(f"{HOUSE}.{name}")]
    assert not stale, "run `make docs`"
    assert verb_text(PROTOCOLS) == (files("interlock.decode") / "verbs.tsv").read_text("utf-8")
    said = _said()
    assert list(text.tables) == list(said)
    assert {table: text.rows(package, table) for table, package in text.tables.items()} == said
    assert load_verbs(outside=False) == said
    assert [list(rows) for rows in load_verbs(outside=False).values()] == [list(r) for r in said.values()]


def test_tables_are_read_one_by_one_or_all() -> None:
    said = _said()
    one_by_one = VerbTables(waiting_specs())
    assert {table: one_by_one[table] for table in reversed(said)} == said
    assert one_by_one.get("no-such-table") is None
    assert "cotp" not in one_by_one  # a protocol name without a table
    assert dict(VerbTables(load_specs())) == said


def test_no_toml_is_read_for_a_known_table() -> None:
    code = "import sys; from interlock.decode.registry import VerbTables, waiting_specs; "
    code += "VerbTables(waiting_specs())['dcerpc-svcctl']; print('tomllib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_a_changed_file_is_read_itself(tmp_path: Path) -> None:
    house = Path(str(files("interlock.decode")))
    for name in ("modbus", "fins"):
        (tmp_path / "protocols" / name).mkdir(parents=True)
        shutil.copy(house / "protocols" / name / "verbs.toml", tmp_path / "protocols" / name)
    shutil.copy(house / "verbs.tsv", tmp_path)
    with (tmp_path / "protocols" / "modbus" / "verbs.toml").open("a") as file:
        file.write('0x63 = { name = "New", verb = "write" }\n')
    text = VerbText(tmp_path)
    assert not text.has(f"{HOUSE}.modbus")
    assert text.has(f"{HOUSE}.fins")
    assert not text.has(f"{HOUSE}.goose")  # whose file is not there
    assert not text.has("acme_interlock")
    (tmp_path / "verbs.tsv").unlink()
    assert not VerbText(tmp_path).tables
    assert not VerbText(tmp_path).has(f"{HOUSE}.fins")


def test_where_nothing_is_written_all_files_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a checkout has between a change and the next `make docs`."""
    monkeypatch.setattr("interlock.decode.registry.VerbText", lambda: VerbText(tmp_path))
    said = _said()
    tables = VerbTables(waiting_specs())
    assert tables["smb-ioctl"] == said["smb-ioctl"]
    assert tables["smb1"] == said["smb1"]
    assert tables.get("no-such-table") is None
    assert dict(tables) == said
    assert load_verbs(outside=False) == said


def test_a_name_is_one_line_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "read_toml", lambda _: {"acme": {1: ("two\tcolumns", "read")}})
    with pytest.raises(ValueError, match="acme"):
        verb_text(["modbus"])
