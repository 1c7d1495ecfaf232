"""The measuring itself: what a command cost, what was verified, how figures stand against goals."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measuring import contestants
from measuring.contestants import Capture, Contestant
from measuring.cost import CommandError, Cost, Costs, cost_of
from measuring.figures import Figure, Goal, Measured, lines

import bench

BENCH = Path(bench.__file__)
BUSY = "import time\nwhile time.process_time() < {}: pass"
WRITE = (
    "import sys, pathlib, pyarrow as a, pyarrow.parquet as p\n"
    "out = pathlib.Path(sys.argv[1]); out.mkdir()\n"
    "p.write_table(a.table({'operation': list(range(int(sys.argv[2])))}), out / 'operations.parquet')\n"
)


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def capture(requests: int | None = None) -> Capture:
    return Capture("plant", Path("plant.pcap"), 1_000_000, 90_000_000, requests)


def test_busy_time_is_counted_and_waiting_is_not() -> None:
    busy = cost_of(python(BUSY.format(0.4)))
    waiting = cost_of(python("import time; time.sleep(0.4)"))
    assert 0.4 <= busy.cpu_s < 2
    assert waiting.cpu_s < busy.cpu_s


def test_a_child_is_part_of_the_cost() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY.format(0.4)!r}])"
    assert cost_of(python(code)).cpu_s >= 0.4


def test_peak_memory_is_seen() -> None:
    # A child begins with its parent's peak, so a small process must do the asking, as scripts/bench.py is one.
    code = (
        "import sys; from measuring.cost import cost_of\n"
        "for what in ('b = bytearray(200 << 20)', 'pass'):\n"
        "    print(cost_of((sys.executable, '-c', what)).peak_mib)"
    )
    scripts = Path(__file__).parents[2] / "scripts"
    asked = subprocess.run(python(code), capture_output=True, text=True, check=True, cwd=scripts)
    much, little = map(float, asked.stdout.split())
    assert much > 200 > little


def test_a_failure_says_in_one_sentence_what_the_command_said_last() -> None:
    with pytest.raises(CommandError, match=r"ended with 3: no such table$"):
        cost_of(python("import sys; sys.stderr.write('first\\nno such table\\n'); sys.exit(3)"))
    assert cost_of(python("import sys; sys.exit(3)"), good={0, 3}).cpu_s > 0


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="no-such-program is not there"):
        cost_of(("no-such-program", "--help"))


def test_a_hanging_command_is_ended() -> None:
    begin = time.monotonic()
    with pytest.raises(CommandError, match="ended with -9"):
        cost_of(python("import time; time.sleep(60)"), timeout_s=0.5)
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize(("written", "good"), [(7, True), (6, False)])
def test_a_run_that_lost_operations_does_not_count(tmp_path: Path, written: int, good: bool) -> None:
    out = tmp_path / "run"
    contestant = Contestant("writer", capture(7), python(WRITE, str(out), str(written)), out=out)
    [measured] = bench._measure([contestant], 2)
    assert (measured.costs is not None) == good
    if not good:
        assert measured.why_not == "writer wrote 6 operations, 7 were made"


def test_a_failed_command_is_left_out_of_later_turns_and_the_others_go_on(capfd) -> None:
    plan = [Contestant("bad", None, python("raise SystemExit(9)")), Contestant("fine", None, python("pass"))]
    bad, fine = bench._measure(plan, 3)
    assert bad.costs is None
    assert fine.costs is not None
    assert len(fine.costs.runs) == 3
    assert capfd.readouterr().err.count("bad") == 1


def test_the_median_is_taken_and_the_most_memory() -> None:
    costs = Costs((Cost(1.0, 10), Cost(9.0, 30), Cost(2.0, 20)))
    assert (costs.cpu_s, costs.spread_s, costs.peak_mib) == (2.0, (1.0, 9.0), 30)


@given(st.floats(0, 100), st.floats(0.1, 50), st.floats(1, 3), st.booleans())
def test_verdicts_follow_the_limits(value: float, must: float, factor: float, at_most: bool) -> None:
    goal = Goal(must, must / factor if at_most else must * factor, at_most=at_most)
    reached = [value <= limit if at_most else value >= limit for limit in (goal.must, goal.goal)]
    assert goal.verdict(value) == ("goal" if reached[1] else "must" if reached[0] else "missed")


def test_ratios_are_of_cpu_per_packet() -> None:
    subset = Capture("plant400k", Path("x"), 100_000, 1)
    measured = [
        Measured(Contestant(bench.DECODE, capture(), ()), Costs((Cost(0.5, 100),))),
        Measured(Contestant(bench.TSHARK, subset, ()), Costs((Cost(5.0, 400),))),
        Measured(Contestant(bench.NFSTREAM, capture(), ()), None, "nfstream could not be installed"),
    ]
    speed, ratio = bench._figures(measured)
    assert (speed.value, speed.verdict) == (2.0, "goal")
    assert (ratio.value, ratio.verdict) == (pytest.approx(100), "goal")
    shown = "\n".join(lines(measured, [speed, ratio]))
    assert "nfstream could not be installed" in shown
    assert "2.000" in shown


def test_growth_is_per_gib() -> None:
    def of(name: str, octets: int, mib: float) -> Measured:
        made = Capture(name, Path("x"), 1, octets)
        return Measured(Contestant(bench.ANALYZE, made, ()), Costs((Cost(1, mib),)))

    big, short = of("big", 3 << 30, 330), of("plant", 1 << 30, 300)
    [growth] = bench._growth(big, big.contestant.capture, [short])
    assert (growth.value, growth.verdict) == (15, "must")


def test_figures_become_json() -> None:
    figure = Figure("speed", 1.23456, "M packets/CPU s", Goal(1, 2))
    told = json.loads(json.dumps(figure.as_json()))
    assert (told["value"], told["must"], told["goal"], told["verdict"]) == (1.2346, 1, 2, "must")


def test_a_plant_of_another_size_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "plant.pcap"
    first = contestants.make_plant(path, 3000)
    again = path.stat().st_mtime_ns
    assert contestants.make_plant(path, 3000) == first
    assert path.stat().st_mtime_ns == again
    assert contestants.make_plant(path, 4000).packets == 4000
    assert path.stat().st_size > first.octets


def test_without_interlock_there_is_one_sentence_and_code_2(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH), "--interlock", str(tmp_path / "interlock")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.endswith("is not there: build the project first (make build)\n")
    assert run.stderr.count("\n") == 1
