"""What `status`, `top`, `config` and `unit` say, to a person, a program and a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import fields, replace

import pytest
from click.testing import CliRunner
from rich.console import Console, ConsoleDimensions
from tests.cli.terminal import run
from tests.pipeline.sensor.figures_of import NOW, figures

from interlock.bootstrap.sensor_parts import Sensor
from interlock.cli.sensor_screen import rates, screen
from interlock.cli.sensor_view import View, headline, sentences, view_document, view_of
from interlock.errors import SourceError
from interlock.pipeline.sensor.figures import ProcessFigures, write_figures_file
from interlock.records.budget import UNITS, Budget
from interlock.report.schema import check
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

STARTED = Entry(time=NOW - 7_000_000_000, event="started", says="the sensor was started")


@pytest.fixture
def store(tmp_path):
    """A store whose writer is gone."""
    writer = PlainStore(tmp_path, clock=lambda: NOW)
    writer.note(STARTED)
    writer.note(Entry(time=NOW, event="dropped", says="3 packets\x1b[31m", source="eth1", count=3))
    writer.close()
    return tmp_path


def view(**changes) -> View:
    return View(**{"state": "running", "now": NOW, "figures": figures(), "diary": (STARTED,), **changes})


def test_a_sensor_that_runs(store) -> None:
    write_figures_file(store, figures(time=time.time_ns()))
    ended = run("sensor", "status", "--store", store)
    assert ended.code == 0
    said = ended.out.decode()
    assert said.startswith("hall-3 runs since ")
    assert "1,000,000 (90 MB); the kernel dropped 17" in said
    assert "modbus 400,000, s7comm 20,000" in said
    assert "eth2 gone since" in said
    assert "tickets: fails for" in said
    assert "dropped: 3 packets\\x1b[31m (eth1)" in said
    assert "\x1b" not in said


def test_a_sensor_that_does_not_run_says_since_when_and_what_it_did_last(store) -> None:
    write_figures_file(store, figures(processes=()))
    ended = run("sensor", "status", "--store", store)
    assert ended.code == 3
    assert ended.out.decode().startswith(
        "hall-3 does not run. It last said something at 2026-09-21 14:13:20 UTC, "
    )
    assert "the sensor was started" in ended.out.decode()


def test_one_that_holds_its_store_and_says_nothing_is_not_called_stopped(store) -> None:
    write_figures_file(store, figures(processes=(ProcessFigures(name="supervisor", pid=2**22 + 1),)))
    held = PlainStore(store, clock=lambda: NOW)
    try:
        assert view_of(store, NOW + 10_000_000_000, lambda: ()).state == "silent"
    finally:
        held.close()
    assert view_of(store, NOW + 10_000_000_000, lambda: ()).state == "stopped"
    write_figures_file(store, figures(state="stopped"))
    assert view_of(store, NOW, lambda: ()).state == "stopped"


def test_where_there_is_no_store_it_is_one_sentence(tmp_path) -> None:
    ended = run("sensor", "status", "--store", tmp_path / "nowhere")
    assert (ended.code, ended.out) == (3, b"")
    assert "is no store" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_store_where_no_sensor_ever_ran(store) -> None:
    ended = run("sensor", "status", "--store", store, "--json")
    assert ended.code == 3
    assert json.loads(ended.out)["state"] == "absent"
    assert headline(view(figures=None, state="absent")) == "The sensor has never run with this store."
    assert list(sentences(view(figures=None))) == []


def test_the_document_satisfies_its_schema(store) -> None:
    write_figures_file(store, figures(time=time.time_ns()))
    ended = run("sensor", "status", "--store", store, "--json")
    document = json.loads(ended.out)
    check(document, "status")
    assert [line["event"] for line in document["diary"]][:1] == ["started"]
    check(view_document(view(figures=None, state="absent", diary=())), "status")


def test_a_diary_that_cannot_be_read_hides_no_figures(tmp_path) -> None:
    write_figures_file(tmp_path, figures())

    def broken():
        raise SourceError("store.sqlite: is broken")

    assert view_of(tmp_path, NOW, broken).figures == figures()


# --- the screen


def drawn(said: View, before: View | None = None, width=80, height=24) -> list[str]:
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(screen(said, before or said, ConsoleDimensions(width, height)), end="")
    return captured.get().split("\n")


def crowded(now=NOW):
    said = figures(time=now)
    return replace(
        said,
        operations={f"protocol-{n}": 1000 * n for n in range(40)} | {"x" * 90: 5},
        interfaces=said.interfaces * 10,
        outlets=said.outlets * 10,
        processes=said.processes * 10,
    )


@pytest.mark.parametrize("size", [(80, 24), (132, 50), (40, 10), (20, 3)])
@pytest.mark.parametrize("state", ["running", "silent", "stopped", "absent"])
def test_it_fits_the_terminal(size, state) -> None:
    width, height = size
    said = view(state=state, figures=None if state == "absent" else crowded())
    lines = drawn(said, width=width, height=height)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines), lines
    assert lines[-1].strip() == "q ends"


def test_what_matters_is_there_at_80_by_24() -> None:
    later = NOW + 2_000_000_000
    said = replace(figures(time=later), packets=1_010_000, operations={"modbus": 402_000, "s7comm": 20_000})
    text = "\n".join(drawn(view(now=later, figures=said), view()))
    for part in (
        "hall-3 runs since", "5,000 packets/s", "34 machines", "1 high, 3 low", "dropped 17", "blind 1.5 s",
        "eth2 gone", "judge 210 MB", "outlet tickets: fails for 1 min", "operations/s: 1,000", "modbus",
        "packet to record: p50", "up to 1.05 ms", "packet to finding on disk: p50",
    ):  # fmt: skip
        assert part in text, part
    assert re.search(r"modbus +1,000 █", text)


def test_rates_are_of_one_run_only() -> None:
    assert rates(figures(), figures()) == (None, None, {})
    assert rates(figures(), None)[0] is None
    anew = figures(time=NOW + 10**9, started=NOW)
    assert rates(anew, figures())[0] is None
    still = figures(time=NOW + 10**9)
    assert rates(still, figures()) == (0.0, 0.0, {"modbus": 0.0, "s7comm": 0.0})
    later = replace(figures(time=NOW + 10**9), packets=1_000_100)
    assert rates(later, figures())[0] == 100.0


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background ignores it, a terminal does not
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A terminal in which `top` runs."""

    def __init__(self, folder, width=80, height=24) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        entry = "from interlock.cli.main import main; main()"
        # What some test before has set would be believed instead of the terminal.
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", entry, "sensor", "top", "--store", str(folder)],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment | {"TERM": "xterm"},
            start_new_session=True, preexec_fn=_take_terminal,  # noqa: PLW1509 (one thread)
        )  # fmt: skip

    def until(self, octets: bytes, seconds=15.0) -> None:
        end = time.monotonic() + seconds
        while octets not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65_536)

    def ended(self) -> int:
        code = self.process.wait(60)
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65_536)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(store):
    write_figures_file(store, figures(time=time.time_ns()))
    opened = Terminal(store)
    yield opened
    opened.close()


def key(octets):
    return lambda terminal: os.write(terminal.master, octets)


def sent(number):
    return lambda terminal: terminal.process.send_signal(number)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (key(b"q"), 0),
        (key(b"Q"), 0),
        (key(b"\x03"), 0),
        (sent(signal.SIGINT), 0),
        (sent(signal.SIGTERM), 143),
    ],
    ids=["q", "Q", "ctrl-c", "SIGINT", "SIGTERM"],
)
def test_however_it_ends_the_terminal_is_as_it_was(terminal, end, code) -> None:
    terminal.until(b"q ends")
    assert b"\x1b[?1049h" in terminal.seen
    end(terminal)
    assert terminal.ended() == code
    assert terminal.seen.rfind(b"\x1b[?1049l") > terminal.seen.rfind(b"\x1b[?1049h")
    assert terminal.seen.rfind(b"\x1b[?25h") > terminal.seen.rfind(b"\x1b[?25l")
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert b"Traceback" not in terminal.seen


@pytest.mark.parametrize("size", [(40, 15), (200, 50)])
def test_it_keeps_to_the_terminal_it_runs_in(store, size) -> None:
    write_figures_file(store, crowded(time.time_ns()))
    opened = Terminal(store, *size)
    try:
        opened.until(b"q ends")
        shown = opened.seen[: opened.seen.index(b"q ends")].decode()
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "").split("\n")
        assert len(lines) == size[1]
        assert max(map(len, lines)) <= size[0]
        assert any(line.startswith("ring eth1/0") for line in lines)
        os.write(opened.master, b"q")
        assert opened.ended() == 0
    finally:
        opened.close()


def test_it_looks_anew_every_second(terminal, store) -> None:
    terminal.until(b"1,000,000 packets since")
    write_figures_file(store, figures(time=time.time_ns(), packets=1_234_567))
    terminal.until(b"1,234,567 packets since")
    os.write(terminal.master, b"q")
    assert terminal.ended() == 0


def test_without_a_terminal_it_is_said_once(store) -> None:
    write_figures_file(store, figures(time=time.time_ns()))
    ended = run("sensor", "top", "--store", store)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(b"hall-3 runs since")
    assert b"\x1b" not in ended.out


# --- the configuration


def test_the_example_is_printed_and_can_be_checked(tmp_path) -> None:
    ended = run("sensor", "config")
    assert ended.code == 0
    file = tmp_path / "interlock.toml"
    file.write_bytes(ended.out)
    checked = run("sensor", "config", "--check", file)
    assert (checked.code, checked.err) == (0, "")
    assert b"right. Interfaces: none. Outlets: none. Metrics: nowhere." in checked.out


def test_a_wrong_configuration_ends_with_2_and_names_the_place(tmp_path) -> None:
    file = tmp_path / "interlock.toml"
    file.write_text("[[outlet]]\nkind = 'webhook'\nurl = 'https://a/'\ntoken_file = 'token'\n")
    missing = run("sensor", "config", "--check", file)
    assert missing.code == 2
    assert f"{tmp_path / 'token'}: the secret cannot be read" in missing.err
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o644)
    assert "chmod 600" in run("sensor", "config", "--check", file).err
    file.write_text("[sensor]\nnmae = 'x'\n")
    assert "line 2, column 1" in run("sensor", "config", "--check", file).err
    assert run("sensor", "config", "--check", tmp_path / "none.toml").code == 2


MEMORY = """
[sensor]
[sensor.memory]
flows = 5_000
ring_mib = 128
"""


def test_budgets_that_would_be_in_force_are_said_with_who_says_so(tmp_path) -> None:
    file = tmp_path / "interlock.toml"
    file.write_text(MEMORY)
    said = json.loads(run("sensor", "config", "--check", file, "--json").out)
    assert (said["schema"], said["file"]) == ("interlock/sensor-config/1", str(file))
    budgets = {row["name"]: row for row in said["budgets"]}
    assert list(budgets) == [*(field.name for field in fields(Budget)), "memory_mib"]
    assert {row["source"] for row in budgets.values()} == {"file", "default"}
    assert [n for n, row in budgets.items() if row["source"] == "file"] == ["flows", "ring_mib"]
    assert budgets["flows"] == {
        "name": "flows", "value": 5000, "unit": "conversations", "of": "each capture worker", "source": "file",
    }  # fmt: skip
    default = Budget()
    assert {n: row["value"] for n, row in budgets.items() if n not in {"flows", "memory_mib"}} == {
        field.name: getattr(default, field.name) for field in fields(Budget) if field.name != "flows"
    }
    assert budgets["memory_mib"]["value"] << 20 == Sensor(folder=tmp_path).memory
    assert all(row["unit"] == ("MiB" if n.endswith("_mib") else UNITS[n][0]) for n, row in budgets.items())
    text = run("sensor", "config", "--check", file).out.decode()
    assert re.search(r"^ +flows +5,000 conversations +file ", text, re.MULTILINE)
    assert re.search(r"^ +ring_mib +128 MiB +file ", text, re.MULTILINE)
    assert re.search(r"^ +facts +400,000 facts +default ", text, re.MULTILINE)
    file.write_text(MEMORY.replace("[sensor]", "[sensor]\nmemory_mib = 700"))
    again = json.loads(run("sensor", "config", "--check", file, "--json").out)
    assert (again["budgets"][-1]["value"], again["budgets"][-1]["source"]) == (700, "file")


def test_a_file_that_is_wrong_has_no_budgets(tmp_path) -> None:
    file = tmp_path / "interlock.toml"
    file.write_text("[sensor.memory]\nring_mib = 0\n")
    ended = run("sensor", "config", "--check", file, "--json")
    assert (ended.code, ended.out) == (2, b"")
    assert "ring_mib" in ended.err or "line 2" in ended.err
    alone = run("sensor", "config", "--json")
    assert (alone.code, alone.out) == (2, b"")


@pytest.mark.parametrize("command", ["status", "top", "config", "unit"])
def test_help_says_what_it_is_for(command) -> None:
    from interlock.cli.sensor import sensor  # noqa: PLC0415

    ended = CliRunner().invoke(sensor, [command, "--help"])
    assert ended.exit_code == 0
    assert "Usage:" in ended.output
