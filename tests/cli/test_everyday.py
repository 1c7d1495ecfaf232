"""What a person sees on a good day, on a full disk and in a pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from tests.cli.terminal import DEMO, one_sentence, run, start

from interlock.cli.main import COMMANDS

INCIDENT = DEMO / "incident.pcap.gz"


@pytest.fixture(scope="module")
def analyzed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyzed") / "out"
    ended = run("analyze", INCIDENT, "--out", folder, "--json")
    return folder, ended


def document(folder, name):
    return json.loads((folder / f"{name}.json").read_text("utf-8"))


def test_analyze_prints_and_leaves_the_same_summary(analyzed):
    folder, ended = analyzed
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["schema"] == "interlock/summary/1"
    assert ended.out == (folder / "summary.json").read_bytes()
    left = {file.name for file in folder.iterdir()}
    assert {"assets.json", "findings.json", "report.html", "operations.parquet", "flows.parquet"} <= left
    assert not [name for name in left if name.startswith(".")]


def test_grave_findings_end_with_1_only_if_asked(tmp_path):
    assert run("analyze", INCIDENT, "--out", tmp_path, "--fail-on", "high").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("analyze",),
        ("decode", "--table", "nonsense", INCIDENT),
        ("decode", "--format", "xml", INCIDENT),
        ("decode", "--realm", "nowhere.pcap=b", INCIDENT),
        ("analyze", "--site", "missing.toml", INCIDENT),
        ("analyze", "--fail-on", "dreadful", INCIDENT),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(arguments, tmp_path):
    ended = run(*arguments, cwd=tmp_path)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert ended.err.strip()
    assert not list(tmp_path.iterdir())


def test_broken_site_file_is_named_with_its_line(tmp_path):
    (tmp_path / "site.toml").write_text("[[zone]\nname = 3\n")
    ended = run("analyze", INCIDENT, "--site", "site.toml", cwd=tmp_path)
    assert ended.code == 2
    assert "site.toml" in one_sentence(ended)
    assert "line" in ended.err.lower() or ":1" in ended.err


def test_standard_input_is_a_capture():
    arguments = ("decode", "--table", "operations")
    piped = run(*arguments, "-", stdin=INCIDENT.read_bytes())
    named = run(*arguments, INCIDENT)
    assert (piped.code, piped.err) == (0, "")
    rows = [
        [{k: v for k, v in json.loads(line).items() if k != "source"} for line in e.out.splitlines()]
        for e in (piped, named)
    ]
    assert rows[0] == rows[1] != []


def test_two_realms_are_two_plants(tmp_path, analyzed):
    folder, _ = analyzed
    realms = ("--realm", f"{INCIDENT}=east", "--realm", f"{INCIDENT}=west")
    assert run("analyze", INCIDENT, *realms, "--out", tmp_path).code == 0
    seen = [asset["realm"] for asset in document(tmp_path, "assets")["assets"]]
    one = len(document(folder, "assets")["assets"])
    assert one > 5
    assert (seen.count("east"), seen.count("west"), len(seen)) == (one, one, 2 * one)


def test_nothing_changed_between_a_run_and_itself(analyzed):
    folder, _ = analyzed
    ended = run("diff", folder, folder)
    assert (ended.code, ended.err) == (0, "")
    assert "nothing changed" in ended.out.decode().lower()
    structured = run("diff", folder, folder, "--json")
    assert structured.code == 0
    changes = json.loads(structured.out)
    assert not [k for k, v in changes.items() if isinstance(v, list) and v]


def test_diff_of_no_run_ends_with_one_sentence(tmp_path, analyzed):
    folder, _ = analyzed
    (tmp_path / "assets.json").write_text("{")
    for other in (tmp_path, tmp_path / "missing"):
        ended = run("diff", folder, other)
        assert ended.code in {2, 3}
        assert str(tmp_path) in one_sentence(ended)


def test_accepted_finding_stays_accepted(tmp_path, analyzed):
    folder, _ = analyzed
    first = document(folder, "findings")["findings"][0]
    assert "accepted" not in first
    site = tmp_path / "site.toml"
    site.write_text('# ours\n[site]\nname = "mixing"\n')
    ended = run(
        "finding", "accept", first["id"], "--reason", "known", "--until", "2199-12-31", "--site", site
    )
    assert ended.code == 0, ended.err
    assert site.read_text().startswith("# ours\n")
    assert run("analyze", INCIDENT, "--site", site, "--out", tmp_path / "out").code == 0
    accepted = {
        f["id"]: f["accepted"] for f in document(tmp_path / "out", "findings")["findings"] if "accepted" in f
    }
    assert list(accepted) == [first["id"]]
    assert "known" in json.dumps(accepted)


def test_help_and_doctor_say_what_there_is():
    shown = run("--help").out.decode()
    for name, (_, line) in COMMANDS.items():
        assert name in shown
        assert line in shown
    ended = run("doctor", "--json")
    checks = json.loads(ended.out)["checks"]
    assert ended.code == 0
    assert {check["state"] for check in checks} <= {"yes", "partly", "no"}
    assert all(check["do"] for check in checks if check["state"] != "yes")


SETPRIV = shutil.which("setpriv")


@pytest.mark.skipif(sys.platform != "linux" or SETPRIV is None, reason="needs Linux and `setpriv`")
@pytest.mark.parametrize("may", [True, False])
def test_doctor_says_whether_interfaces_can_be_listened_to(may):
    if may and os.geteuid():
        pytest.skip("only root has the capability")
    less = [] if may else [SETPRIV, "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    entry = "from interlock.cli.main import main; main()"
    ended = subprocess.run(
        [*less, sys.executable, "-c", entry, "doctor", "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    checks = {check["check"]: check for check in json.loads(ended.stdout)["checks"]}
    found = checks["live capture"]
    assert found["state"] == ("yes" if may else "partly")
    assert ("sensor run" if may else "CAP_NET_RAW") in found["says"]
    assert may or "setcap" in found["do"]


@pytest.mark.parametrize("form", ["jsonl", "csv", "arrow"])
def test_closed_pipe_is_no_error(form):
    process = start("decode", "--table", "flows", "--format", form, INCIDENT)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert (process.wait(60), said) == (0, "")


@pytest.mark.parametrize("arguments", [("plant", "attacks"), ("rule", "list"), ("analyze", INCIDENT)])
def test_nor_is_it_where_a_table_or_a_summary_is_printed(tmp_path, arguments):
    """An exit code of 1 would say that there are grave findings."""
    process = start(*arguments, cwd=tmp_path)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert (process.wait(60), said) == (0, "")


@pytest.mark.parametrize("arguments", [("doctor",), ("decode", INCIDENT), ("analyze", INCIDENT, "--json")])
def test_full_device_on_standard_output_is_one_sentence(tmp_path, arguments):
    with open("/dev/full", "wb") as full:  # noqa: PTH123 (a device)
        ended = run(*arguments, stdout=full, cwd=tmp_path)
    assert ended.code == 3
    assert "no space left" in one_sentence(ended)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("decode", INCIDENT, "-o", "nowhere/rows"), "nowhere/rows: cannot be written (no such file or directory); "),
        (("diff", "one", "two"), "one/assets.json: cannot be read (no such file or directory); name a folder that "),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_as_it_was_typed_with_what_to_do(tmp_path, arguments, says):
    ended = run(*arguments, cwd=tmp_path)
    assert ended.code == 3
    assert one_sentence(ended).startswith(f"interlock: {says}")


@pytest.mark.parametrize("limit", [4096, 200_000])
def test_full_disk_is_one_sentence_and_leaves_no_parts(tmp_path, limit):
    ended = run("analyze", INCIDENT, "--out", tmp_path, file_limit=limit)
    assert ended.code == 3
    assert str(tmp_path) in one_sentence(ended)
    assert not [f.name for f in tmp_path.iterdir() if "part" in f.name]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "arrow"])
def test_full_disk_leaves_no_half_table(tmp_path, form):
    ended = run(
        "decode", INCIDENT, "--table", "operations", "--format", form, "-o", tmp_path / "t", file_limit=5000
    )
    assert ended.code == 3
    one_sentence(ended)
    assert not list(tmp_path.iterdir())


def test_terminal_without_unicode_is_served(tmp_path):
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    for extra in ((), ("--json",)):
        ended = run("analyze", INCIDENT, "--out", tmp_path, *extra, env=plain)
        assert ended.code == 0, ended.err
