from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields

import jsonschema
import pytest
from referencing import Registry, Resource

from interlock.errors import OutputError
from interlock.records.asset import Asset
from interlock.records.finding import Finding
from interlock.report.documents import assets_text, dump, findings_document, summary_document
from interlock.report.json_files import write_json_files
from interlock.report.relations import Relation
from interlock.report.schema import SCHEMA_NAMES, load_schema
from interlock.report.traffic import Conversation, Service

TEXTS = {
    "assets": assets_text,
    "findings": lambda report: dump(findings_document(report)),
    "summary": lambda report: dump(summary_document(report)),
}


def validator(name):
    registry = Registry().with_resources(
        (f"{n}.schema.json", Resource.from_contents(load_schema(n))) for n in SCHEMA_NAMES
    )
    return jsonschema.Draft202012Validator(load_schema(name), registry=registry)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_schemas_are_schemas_and_closed(name) -> None:
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)

    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    for one in objects(schema):
        assert one.get("additionalProperties") is not None
        assert one["additionalProperties"] is not True


@pytest.mark.parametrize("kind", ["plant_report", "hostile_report"])
@pytest.mark.parametrize("name", TEXTS)
def test_documents_satisfy_their_schema_by_an_independent_validator(name, kind, request) -> None:
    document = json.loads(TEXTS[name](request.getfixturevalue(kind)))
    validator(name).validate(document)


@pytest.mark.parametrize(
    ("record", "schema", "name"),
    [
        (Asset, "assets", "asset"),
        (Finding, "findings", "finding"),
        (Relation, "summary", "relation"),
        (Conversation, "summary", "conversation"),
        (Service, "summary", "service"),
    ],
)
def test_a_schema_knows_exactly_the_fields_of_its_record(record, schema, name) -> None:
    assert set(load_schema(schema)["$defs"][name]["properties"]) == {field.name for field in fields(record)}


def test_same_report_same_octets(plant_report, tmp_path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        write_json_files(plant_report, folder)
    for name in TEXTS:
        assert (one / f"{name}.json").read_bytes() == (other / f"{name}.json").read_bytes()


def test_nothing_unknown_is_written(plant_report) -> None:
    def values(node):
        if isinstance(node, dict):
            for value in node.values():
                yield from values(value)
        elif isinstance(node, list):
            for value in node:
                yield from values(value)
        else:
            yield node

    document = json.loads(assets_text(plant_report))
    assert None not in set(values(document))
    nameless = next(a for a in document["assets"] if a["ips"] == ["10.20.1.99"])
    assert "role" not in nameless
    assert "vendor" not in nameless


def test_a_terminal_that_prints_the_file_is_not_steered(hostile_report) -> None:
    for made in TEXTS.values():
        text = made(hostile_report)
        text.encode("utf-8")
        for letter in "\x1b\x9b\u202e\u2066\u200b\ufeff\x07":
            assert letter not in text


def test_text_comes_back_as_it_was(hostile_report) -> None:
    names = {a["names"][0] for a in json.loads(assets_text(hostile_report))["assets"]}
    assert names == {a.names[0] for a in hostile_report.assets}


@pytest.mark.parametrize("kind", ["plant_report", "hostile_report"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_octet_is_as_the_json_library_would_write_it(name, kind, request) -> None:
    text = TEXTS[name](request.getfixturevalue(kind))
    assert dump(json.loads(text)) == text


def test_proofs_are_told_whole(plant_report) -> None:
    told = {a["id"]: a["provenance"] for a in json.loads(assets_text(plant_report))["assets"]}
    for asset in plant_report.assets:
        assert told[asset.id].keys() == dict(asset.provenance).keys()
        for name, proofs in asset.provenance:
            for proof, row in zip(proofs, told[asset.id][name], strict=True):
                kept = {key: row[key] for key in row if key not in {"first", "last"}}
                assert kept == {f.name: getattr(proof, f.name) for f in fields(proof) if f.name in kept}
                assert ("first" in row, "last" in row) == (bool(proof.first), bool(proof.last))


def test_no_partial_file_is_left(plant_report, tmp_path) -> None:
    write_json_files(plant_report, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "assets.json",
        "findings.json",
        "incidents.json",
        "summary.json",
    ]


def test_a_folder_that_is_a_file_is_one_sentence(plant_report, tmp_path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r": cannot be made \(.*\); free space or name another place$"):
        write_json_files(plant_report, tmp_path / "out")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from interlock.errors import OutputError
from interlock.report.atomic import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_atomic(Path(sys.argv[1]), "x" * 100_000)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX resource limits")
def test_where_the_disk_takes_no_more_the_old_file_stays(tmp_path) -> None:
    path = tmp_path / "assets.json"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    assert done.stdout == f"{path}: cannot be written (file too large); free space or name another place\n"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
