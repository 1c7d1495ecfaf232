from __future__ import annotations

import csv
import importlib
import inspect
import os
import pkgutil
import re
from pathlib import Path

import pytest

import interlock.detect
from interlock.decode.port_names import ETHERTYPES, TCP, UDP
from interlock.detect.control import CONTROL_PORTS, CONTROL_PROTOCOLS, UNAUTHENTICATED
from interlock.detect.registry import DETECTORS, all_detectors
from interlock.records.tables import TABLES
from interlock.records.vocabulary import KINDS, SEVERITIES

from .test_contract import run, whole

REPOSITORY = Path(__file__).parents[2]
INTEL = Path(os.environ.get("INTERLOCK_CAPTURES", REPOSITORY / "../shared/captures")).parent / "intel"
MODULES = {
    m.name.removeprefix("interlock.detect."): m.name.rpartition(".")[2]
    for m in pkgutil.walk_packages(interlock.detect.__path__, "interlock.detect.")
}
"""Module below the room → its own name."""


def detectors_in_files() -> dict[str, type]:
    """Every class in a module of the room that has a detector's own name."""
    found = {}
    for module in MODULES:
        for _, kind in inspect.getmembers(
            importlib.import_module(f"interlock.detect.{module}"), inspect.isclass
        ):
            if kind.__module__.endswith(f".{module}") and isinstance(vars(kind).get("name"), str):
                found[kind.name] = kind
    return found


GIVEN = {
    "indicator": "signatures.indicators.detector",
    "rules": "rules.detector",
    "signature": "signatures.detector",
    "signature-trial": "signatures.packs.trial",
}
"""Detectors that are given what people wrote, and so stand in bootstrap/detecting.py: name → module."""


def test_table_and_files_agree() -> None:
    found = detectors_in_files()
    given = {name: found.pop(name).__module__ for name in GIVEN}
    assert found == DETECTORS
    assert given == {name: f"interlock.detect.{module}" for name, module in GIVEN.items()}


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_a_detector_is_called_as_its_file_and_as_the_table_says(name: str) -> None:
    detector = DETECTORS[name]()
    assert detector.name == name
    module = DETECTORS[name].__module__.removeprefix("interlock.detect.")
    assert MODULES[module] == name.replace("-", "_")
    assert detector.version >= 1


def test_the_table_is_in_order_and_all_are_made_fresh() -> None:
    assert list(DETECTORS) == sorted(DETECTORS)
    assert [d.name for d in all_detectors()] == list(DETECTORS)
    first, second = all_detectors(), all_detectors()
    assert not {id(d) for d in first} & {id(d) for d in second}


def test_needs_name_columns_that_the_tables_have() -> None:
    for detector in all_detectors():
        for table, columns in detector.needs.items():
            if table in TABLES:
                assert set(columns) <= set(TABLES[table].names), (detector.name, table)


def techniques() -> set[str]:
    with (INTEL / "attack" / "ics_techniques.tsv").open(encoding="utf-8") as file:
        return {row["id"] for row in csv.DictReader(file, delimiter="\t")}


def requirements() -> set[str]:
    with (INTEL / "compliance" / "iec62443_requirement_ids.tsv").open(encoding="utf-8") as file:
        return {
            f"IEC 62443-3-3 {row[1]}" for row in csv.reader(file, delimiter="\t") if row and "3-3" in row[0]
        }


@pytest.mark.skipif(
    not INTEL.is_dir(), reason="the shared tables of techniques and requirements are not here"
)
@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_ids_of_techniques_and_requirements_exist(name: str) -> None:
    known_techniques, known_requirements = techniques(), requirements()
    for finding in run(name, whole()):
        assert finding.techniques
        assert set(finding.techniques) <= known_techniques
        standards = {r for r in finding.requirements if r.startswith("IEC")}
        assert standards
        assert standards <= known_requirements
        assert all(
            re.fullmatch(r"NIS2 Art\. 21\(2\)\([a-j]\)", r) for r in set(finding.requirements) - standards
        )
        assert finding.severity in SEVERITIES
        assert finding.kind in KINDS


def test_control_protocols_that_ports_hint_at_are_called_as_decode_calls_them() -> None:
    named = set(TCP.values()) | set(UDP.values()) | set(ETHERTYPES.values())
    for port, name in CONTROL_PORTS.items():
        given = {TCP.get(port), UDP.get(port)} - {None}
        assert not given or given & (CONTROL_PROTOCOLS | {"iso-tsap", "modbus-security"}), (port, name, given)
    assert {"modbus", "enip", "fins", "goose", "ethercat", "profinet-io"} <= named & UNAUTHENTICATED
