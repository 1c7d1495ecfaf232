from __future__ import annotations

import importlib.util
import json
import lzma
from pathlib import Path

import pytest
import zstandard

from interlock.errors import ConfigError
from interlock.inventory.registries import Registries
from interlock.inventory.registry_files import load_registries, load_rules, rule_documents
from interlock.inventory.rules import read_rules

DATA = Path(__file__).resolve().parents[2] / "src/interlock/inventory/data"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts/build_id_tables.py"


def test_every_assigned_prefix_is_found():
    shipped = load_registries()
    lines = (
        zstandard.ZstdDecompressor().decompress((DATA / "oui.tsv.zst").read_bytes()).decode().splitlines()[1:]
    )
    for line in (*lines[::97], lines[0], lines[-1]):
        prefix, name = line.split("\t")
        mac = prefix.ljust(12, "0")
        if int(mac[:2], 16) & 3 or name.upper() == "IEEE REGISTRATION AUTHORITY":
            continue
        assert shipped.mac_vendor(":".join(mac[i : i + 2] for i in range(0, 12, 2)).lower()) is not None
        assert shipped._prefix(prefix) == name


def test_parts_of_a_block_go_before_the_block():
    table = Registries(oui=b"70B3D5\tIEEE Registration Authority\n70B3D5001\tSOREDI\n8C1F64\tA\n")
    assert table.mac_vendor("70:b3:d5:00:1a:bc") == "SOREDI"
    assert table.mac_vendor("70:b3:d5:00:2a:bc") == "IEEE Registration Authority"
    assert table.mac_vendor("8c:1f:64:00:00:00") == "A"
    assert table.mac_vendor("8c:1f:65:00:00:00") is None
    assert table.mac_vendor("72:b3:d5:00:1a:bc") is None, "locally administered"


def test_no_table_no_answer():
    empty = Registries()
    assert empty.mac_vendor("00:0e:8c:00:00:01") is None
    assert empty.vendor("cip:1") is None
    assert empty.vendor("nonsense") is None
    assert empty.family("profinet:0x002a/0x0313") is None
    assert empty.device_type("cip:1") is None


def test_shipped_numbers():
    shipped = load_registries()
    assert shipped.vendor("bacnet:10") == "Schneider Electric"
    assert shipped.vendor("profinet:0x002A") == "Siemens"
    assert shipped.device_type("cip:1/14/54") == "Programmable Logic Controller"
    assert shipped.code_vendor("cip:1/14/54") == "Rockwell Automation/Allen-Bradley"
    assert shipped.order("6ES7 516-3FN02-0AB0") == "SIMATIC S7-1500 CPU 1516F-3 PN/DP"


def test_broken_rules_are_named():
    good = load_rules()
    assert good.roles
    control = {"open": [], "other": []}
    base = {"control": control, "serves": {}, "speaks": {}, "fact": [], "behaviour": [], "levels": {}}
    fact = {"field": "product", "pattern": "x", "role": "plc", "confidence": 0.5, "because": ""}
    for broken in (
        {**base, "fact": [{**fact, "role": "toaster"}]},
        {**base, "fact": [{**fact, "pattern": "("}]},
        {**base, "fact": [{**fact, "field": "colour"}]},
        {**base, "behaviour": [{"needs": {"charm": 1}, "role": "plc", "confidence": 0.5}]},
        {**base, "levels": {"toaster": {"level": "1", "confidence": 1}}},
        {},
    ):
        with pytest.raises(ConfigError):
            read_rules(broken, {"system": []})
    assert read_rules(base, {"system": []}).control == frozenset()


def test_every_shipped_pattern_compiles():
    read = read_rules(*rule_documents())  # which compiles them all, as load_rules does not
    assert (read.roles, read.systems) == (load_rules().roles, load_rules().systems)


def script():
    spec = importlib.util.spec_from_file_location("build_id_tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_builds_tables_from_a_folder(tmp_path, monkeypatch, capsys):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "cip_vendors.tsv").write_text(
        "id\tname\n2\tNamco  Controls\n0\tReserved\n1\tRockwell (formerly: X)\n"
    )
    (source / "cip_device_types.tsv").write_text("id\tname\n8\tEncoder (deprecated)\n")
    (source / "bacnet_vendors.tsv").write_text("id\tname\n0\tASHRAE\n")
    (source / "profinet_vendor_from_gsdml.tsv").write_text("vendor_id\tname\n0X002A\tSIEMENS\n0X001A\tABB\n")
    gsd = {
        "GSD:GSDML-V2.2-SIEMENS-ET200S-20110627.XML": "0x002A0301",
        "OrderNumber:6ES7 155": "0x002A0313",
        "GSD:GSDML-V2.3-SIEMENS-ET200S-20110628.XML": "0x002A0301",
        "GSD:GSDML-V2.3-SIEMENS-OLD-20110628.XML": "0x002A0301",
    }
    (source / "profinet_device_ids.json").write_text(json.dumps(gsd))
    (source / "siemens_order_numbers.tsv").write_text("order_number\tproduct\n6ES7 315\tCPU  315\n")
    (source / "ieee_oui.tsv.xz").write_bytes(
        lzma.compress(b"000e8c\tSiemens AG\n000000\tXEROX\n000101\tPrivate\n")
    )
    monkeypatch.setattr("sys.argv", ["build_id_tables.py", str(source), str(target)])
    assert script().main() == 0
    assert (target / "cip_vendors.tsv").read_text() == "id\tname\n1\tRockwell\n2\tNamco Controls\n"
    assert (target / "cip_device_types.tsv").read_text() == "id\tname\n8\tEncoder\n"
    assert (target / "profinet_vendors.tsv").read_text() == "id\tname\n0x001a\tABB\n0x002a\tSiemens\n"
    assert (target / "profinet_devices.tsv").read_text() == "id\tfamily\n0x002a/0x0301\tET200S\n"
    assert (target / "siemens_orders.tsv").read_text() == "order_number\tproduct\n6ES7315\tCPU 315\n"
    assert (
        zstandard.ZstdDecompressor().decompress((target / "oui.tsv.zst").read_bytes())
        == b"prefix\torganisation\n000000\tXEROX\n000E8C\tSiemens AG\n"
    )
    monkeypatch.setattr("sys.argv", ["build_id_tables.py"])
    assert script().main() == 2
    assert "usage" in capsys.readouterr().err
