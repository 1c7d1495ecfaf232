"""The guided harness: what its octets mean, what it calls broken, and how turns add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fuzzing.conversation import MAX_SEGMENTS, conversation, octets_of
from fuzzing.guided import MAX_KINDS, Target
from fuzzing.turns import Tally, partly_compiled, run_guided

from decode.contract.judging import differences
from decode.contract.playing import play
from decode.contract.subjects import SUBJECTS, each, randomness
from decode.contract.takes import whole

if TYPE_CHECKING:
    from collections.abc import Callable

BY_NAME = {s.name: s for s in SUBJECTS}


@each(lambda s: s.own_seeds)
def test_a_seed_as_input_is_its_conversation(subject) -> None:
    for seed in subject.seeds:
        if len(seed.messages) > MAX_SEGMENTS or any(not octets for _, octets in seed.messages):
            continue
        first, second = play([whole(seed), conversation(subject, octets_of(subject, seed))])
        assert differences(first, second) == [], seed.name


def test_any_octets_are_a_conversation() -> None:
    rng = randomness("conversation")
    target = Target("modbus", "")
    for size in range(60):
        assert target.breach(rng.bytes(size)) is None


def test_a_segment_may_be_cut_and_said_twice() -> None:
    subject = BY_NAME["modbus"]
    seed = subject.seeds[0]
    plain = octets_of(subject, seed)
    rows = []
    for bits in (0, 0x82, 0x04):
        changed, at = bytearray(plain), 1
        while at < len(changed):
            changed[at] |= bits
            at += 3 + int.from_bytes(changed[at + 1 : at + 3], "big")
        (found,) = play([conversation(subject, bytes(changed))])
        rows.append(found)
    assert differences(rows[0], rows[1]) == []
    assert differences(rows[0], rows[2]) == []


def test_what_breaks_is_kept_once_a_kind_and_fuzzing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("modbus", f"{tmp_path}/modbus-")
    monkeypatch.setattr(target, "breach", lambda octets: f"Boom: at {octets[0]}")
    target(b"\x01")
    target(b"\x02")
    kept = sorted(p.name for p in tmp_path.iterdir())
    assert [p.rpartition(".")[2] for p in kept] == ["bin", "txt"]
    assert kept[0].startswith("modbus-boom-at-1-")
    assert "BROKEN" in capsys.readouterr().err
    monkeypatch.setattr(target, "breach", lambda octets: "x" * octets[0])
    for size in range(1, 60):
        target(bytes((size,)))
    assert len(target.kinds) == MAX_KINDS


def _runner(
    broken: str = "", cpu: float = 3.0
) -> Callable[[list[str], dict[str, str]], tuple[int, str, float]]:
    """What a fuzzer's process would say; the protocol named breaks in each turn."""

    def run(command: list[str], environment: dict[str, str]) -> tuple[int, str, float]:
        prefix = next(o.partition("=")[2] for o in command if o.startswith("-artifact_prefix="))
        if command[3] == broken:
            Path(f"{prefix}crash-1234").write_bytes(b"x")
        assert (Path(environment["PYTHONPATH"].split(":")[0]) / "interlock").is_dir()
        return 0, "started after 1.0 CPU s\nstat::number_of_executed_units: 40\n", cpu

    return run


@pytest.mark.parametrize(("spent", "broken"), [(5.5, True), (0.0, False)])
def test_what_takes_long_is_broken_by_processor_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: float, broken: bool
) -> None:
    clock = iter((10.0, 10.0 + spent, 10.0 + spent))
    monkeypatch.setattr("fuzzing.guided.time.process_time", lambda: next(clock))
    target = Target("modbus", f"{tmp_path}/modbus-")
    target(b"")
    assert bool(list(tmp_path.glob("modbus-takes-more-than-5-cpu-seconds-*.bin"))) == broken


def test_cpu_seconds_add_up_over_runs_without_those_of_starting(tmp_path: Path) -> None:
    assert run_guided(["modbus"], 2, tmp_path, _runner()) == 0
    assert run_guided(["modbus", "snmp"], 2, tmp_path, _runner("snmp"), jobs=2) == 1
    kept = json.loads((tmp_path / "fuzz-guided.json").read_text("utf-8"))
    assert kept["modbus"] == {"turns": 2, "seconds": 4.0, "executions": 80, "inputs": 0, "broken": []}
    assert kept["snmp"]["broken"] == ["snmp-crash-1234"]
    assert Tally(tmp_path).now == kept


@pytest.mark.parametrize(("cpu", "code", "broken"), [(2.0, 0, []), (40.0, 1, ["snmp-timeout-12"])])
def test_an_input_that_took_long_is_broken_only_where_it_takes_long_alone(
    tmp_path: Path, cpu: float, code: int, broken: list[str]
) -> None:
    asked = []

    def run(command: list[str], _environment: dict[str, str]) -> tuple[int, str, float]:
        if command[4] == "--replay":
            asked.append(Path(command[5]).name)
            return 0, "", cpu
        prefix = next(o.partition("=")[2] for o in command if o.startswith("-artifact_prefix="))
        Path(f"{prefix}timeout-12").write_bytes(b"x")
        return 70, "started after 1.0 CPU s\nstat::number_of_executed_units: 40\n", 3.0

    assert run_guided(["snmp"], 2, tmp_path, run) == code
    assert Tally(tmp_path).now["snmp"]["broken"] == broken
    assert asked == ["snmp-timeout-12"]


def test_turns_go_on_until_each_protocol_had_its_seconds(tmp_path: Path) -> None:
    record = tmp_path / "proof"
    assert run_guided(["modbus", "snmp"], 7, tmp_path, _runner(), record=record, jobs=2) == 0
    kept = json.loads((record / "fuzz.json").read_text("utf-8"))
    assert [(n, e["seconds"], e["executions"]) for n, e in sorted(kept.items())] == [
        ("modbus", 8.0, 160),
        ("snmp", 8.0, 160),
    ]


def test_a_fuzzer_that_does_not_start_is_given_up(tmp_path: Path) -> None:
    assert run_guided(["modbus"], 60, tmp_path, lambda _command, _environment: (1, "no such file", 0.0)) == 1
    assert Tally(tmp_path).now["modbus"]["turns"] == 1


def test_without_atheris_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guided(["modbus", "snmp"], 2, tmp_path, lambda _command, _environment: (3, "", 0.0)) == 0
    assert capsys.readouterr().out.count("skipped") == 1


def test_only_the_protocol_under_test_is_uncompiled(tmp_path: Path) -> None:
    folder = partly_compiled("modbus", tmp_path)
    code = (
        "import interlock.decode.protocols.modbus.decoder as m, interlock.decode.sheet as s;"
        "print(m.__file__.rpartition('.')[2], m.SPEC.name); assert hasattr(s, 'Sheet')"
    )
    environment = {"PYTHONPATH": ":".join((str(folder), *filter(None, sys.path)))}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.split() == ["py", "modbus"], ran.stderr
