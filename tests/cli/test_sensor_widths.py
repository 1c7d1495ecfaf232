"""`status` and `top` in terminals of any size: no line is wider, what matters is there, nothing is cut in silence."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import ConsoleDimensions
from tests.pipeline.sensor.figures_of import NOW, figures

from interlock.cli.sensor_buffers import buffer_label
from interlock.cli.sensor_layout import chosen, packed, wrapped
from interlock.cli.sensor_screen import screen
from interlock.cli.sensor_status import text_of
from interlock.cli.sensor_view import View, headline, view_of
from interlock.pipeline.sensor.figures import write_figures_file
from interlock.records.figures import (
    BUFFERS,
    BufferFigures,
    Figures,
    InterfaceFigures,
    OutletFigures,
    ProcessFigures,
)
from interlock.records.histogram import Histogram
from interlock.store.plain.store import PlainStore
from interlock.store.port import Entry

WIDTHS = (40, 60, 80, 100, 132, 200)
HEIGHTS = (15, 24, 50)
SECOND = 1_000_000_000
LONG = "ens1234567890ab"
"""As long as Linux lets the name of an interface be."""


def diary(count: int = 8) -> tuple[Entry, ...]:
    says = "/var/lib/interlock/tables/operations_folded/00000000000000000012.arrows cannot be read; " * 2
    return tuple(
        Entry(time=NOW - n * SECOND, event="state-lost", says=f"{n}: {says}", source=LONG)
        for n in range(count)
    )


def buffers(workers: int, used: float = 0.5, age_s: int = 0) -> tuple[BufferFigures, ...]:
    """Of so many workers, each of an interface of its own."""
    made = []
    for name, unit in BUFFERS.items():
        room = 2048 if unit == "blocks" else 32 << 20
        row = BufferFigures(name=name, unit=unit, used=int(used * room), room=room, time=NOW - age_s * SECOND)
        if name.startswith("held"):
            made.append(row)
            continue
        for n in range(workers):
            interface = f"{LONG[:-2]}{n:02}" if name == "ring" else None
            made.append(replace(row, worker=n, interface=interface))
    return tuple(made)


def slow() -> Histogram:
    made = Histogram()
    made.add_all([725 * SECOND, 3 * 3600 * SECOND, 40 * 86_400 * SECOND])
    return made


def crowded(**changes) -> Figures:
    """A sensor with 20 interfaces and all numbers large."""
    states = ("up", "gone", "no-carrier", "down", "unknown")
    said = {
        "assets": 12_345,
        "flows": 199_999,
        "packets": 123_456_789_012_345,
        "octets": 1 << 60,
        "drops": 98_765_432_109,
        "blind_ns": 400 * 86_400 * SECOND,
        "worker_restarts": 12_345,
        "shed": {"values": 12_345_678_901, "operations": 12_345_678, "x" * 90: 1},
        "severities": dict.fromkeys(("critical", "high", "medium", "low", "info"), 1_234_567),
        "operations": {f"protocol-{n}": 1000 * n for n in range(40)} | {"x" * 90: 5, "\u5de5" * 30: 3},
        "interfaces": tuple(
            InterfaceFigures(
                name=f"{LONG[:-2]}{n:02}", state=states[n % 5], since=NOW, packets=1 << 40, drops=n
            )
            for n in range(20)
        ),
        "outlets": tuple(
            OutletFigures(name=f"{'receiver' * 8}{n}", waiting=1 << 30, failing_since=NOW - n * 3600 * SECOND)
            for n in range(10)
        ),
        "processes": tuple(
            ProcessFigures(name=f"worker {n}", pid=n + 2, rss_octets=None if n % 2 else 1 << 30)
            for n in range(24)
        ),
        "buffers": buffers(20, 0.97),
        "record_latency": slow(),
        "finding_latency": slow(),
        "sensor": "\u5de5\u5834" * 30 + "\x1b[31m",
    }
    return figures(**{**said, **changes})


FIGURES = {
    "usual": figures(),
    "crowded": crowded(),
    "nothing measured": Figures(version="1", time=NOW, started=NOW),
    "no interface": figures(interfaces=(), buffers=(), processes=(), outlets=()),
    "old buffers": figures(buffers=buffers(2, 0.8, age_s=4000)),
    "unknown memory": figures(processes=(ProcessFigures(name="judge", pid=1),), capture_time=None),
    "starting": figures(state="starting"),
}
BLIND = {"nothing measured": "never", "crowded": "400 d"}
STATES = {"running": "runs|is starting", "silent": "is silent", "stopped": "does not run"}
CASES = [(what, state) for what in FIGURES for state in STATES]


def view(state: str, said: Figures | None) -> View:
    late = 0 if state == "running" else 3 * 3600 * SECOND
    return View(state=state, now=NOW + late, figures=said, diary=diary())


def top(said: View, before: View, width: int, height: int) -> list[str]:
    return screen(said, before, ConsoleDimensions(width, height)).plain.split("\n")


def spaceless(lines) -> str:
    return "".join("".join(lines).split())


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("what", "state"), CASES)
def test_top_fits_and_what_matters_is_there(what, state, width, height) -> None:
    said = view(state, FIGURES[what])
    early = replace(said, figures=replace(FIGURES[what], time=NOW - SECOND))
    lines = top(said, early, width, height)
    assert len(lines) == height
    assert max(map(cell_len, lines)) <= width
    text = "\n".join(lines)
    assert re.search(STATES[state], lines[0]), lines[0]
    dropped, blind = FIGURES[what].drops, BLIND.get(what, "1.5 s")
    for line in (
        rf"dropped {dropped:,}(;|$)", rf"( *|.*; )blind {blind}(;|$)", "findings: (none|.*[0-9])", "memory: .",
        "(packet to )?record: .*p99 ", "(packet to )?finding( on disk)?: .*p99 ",
    ):  # fmt: skip
        assert re.search(f"^{line}", text, re.MULTILINE), (line, text)
    if state != "running":
        assert "is as it was then" in text
        assert not re.search(r"\d packets/s", text)
    if len(FIGURES[what].interfaces) and height > 15:
        assert "gone" in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("what", "state"), CASES)
def test_status_fits_and_loses_no_word(what, state, width) -> None:
    said = view(state, FIGURES[what])
    lines = list(text_of(said, width))
    assert max(map(cell_len, lines)) <= width
    whole = list(text_of(said, None))
    assert spaceless(lines) == spaceless(whole)
    assert re.search(STATES[state], whole[0])
    for word in ("findings", "lost", "memory", "record", "finding"):
        assert any(line.startswith(f"  {word} ") for line in lines), word
    assert sum("p99" in line for line in lines) >= 2
    assert (state != "running") == any("is as it was then" in line for line in lines)


@pytest.mark.parametrize("size", [(40, 15), (200, 50)])
def test_where_it_never_ran_both_say_so(size) -> None:
    said = view("absent", None)
    assert "has never run" in top(said, said, *size)[0]
    assert "has never run" in next(text_of(said, size[0]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("height", HEIGHTS)
def test_what_is_cut_ends_in_an_ellipsis(width, height) -> None:
    """Each line is whole as it is on a screen of any width, or ends where it was cut."""
    said = view("running", crowded(sensor="hall-3"))
    wide = screen(said, said, ConsoleDimensions(4000, 400)).plain
    for line in top(said, said, width, height)[1:-1]:
        if line.rstrip().endswith("…") or set(line) & set("█░▏▎▍▌▋▊▉"):
            continue
        if " more" in line or line.startswith("other interfaces: "):  # of how many, depends on the room
            continue
        for segment in re.split(r"; |, (?=[a-z])", line.strip()):
            plain = re.sub(r"^(record|finding): |\d\d-\d\d \d\d:\d\d  ", "", segment)
            assert plain in wide, segment


# --- what is full


@pytest.mark.parametrize("width", WIDTHS)
def test_a_bar_is_as_long_as_it_is_full_and_red_from_three_quarters_on(width) -> None:
    for share in (0.0, 0.1, 0.74, 0.75, 1.0):
        rows = tuple(replace(b, used=round(share * b.room)) for b in figures().buffers[:1])
        said = view("running", figures(buffers=rows))
        shown = screen(said, said, ConsoleDimensions(width, 50))
        (line,) = [line for line in shown.split("\n") if "ring eth1/0" in line.plain]
        red = [span for span in line.spans if span.style == "bold red"]
        assert bool(red) == (share >= 0.75)
        assert f"{share:.0%}".replace("%", " %") in line.plain
        bar = re.search("[█▏▎▍▌▋▊▉░]+", line.plain)
        assert bar
        full = bar[0].count("█")
        assert abs(full - share * len(bar[0])) <= 1


def test_more_places_than_there_is_room_for_are_one_bar_for_each_kind_the_fullest_of_it() -> None:
    rows = [replace(b, used=b.room // 10) for b in buffers(20)]
    rows[7] = replace(rows[7], used=rows[7].room * 9 // 10)
    said = view("running", figures(buffers=tuple(rows)))
    text = "\n".join(top(said, said, 80, 24))
    assert re.search(r"ring ens\S*/7 of 20 +█+[▏▎▍▌▋▊▉]?░+ +90 %", text), text
    for kind in ("queue/0 of 20", "unsaved/0 of 20", "held rows"):
        assert kind in text
    roomy = "\n".join(top(said, said, 200, 50))
    assert "of 20" in roomy
    few = view("running", figures(buffers=buffers(2)))
    assert "of 2" not in "\n".join(top(few, few, 200, 50)).replace("of 200,000", "")


def test_what_was_said_long_ago_is_said_to_be_old() -> None:
    said = view("running", figures(buffers=buffers(1, 0.2, age_s=90)))
    assert "20 %, 1 min 30 s ago" in "\n".join(top(said, said, 132, 24))
    sentences = list(text_of(said, None))
    assert any("410 of 2,048 blocks" in line or "409 of 2,048 blocks" in line for line in sentences)
    assert sum("1 min 30 s ago" in line for line in sentences) == 5


def test_status_names_the_owner_and_says_what_is_nearly_full() -> None:
    text = "\n".join(text_of(view("running", figures()), None))
    assert "  ring        eth1, worker 0: 1,600 of 2,048 blocks, 78 %: nearly full" in text
    assert "  ring        eth2, worker 1: 2 of 2,048 blocks, 0 %" in text
    assert "  queue       worker 0: 1.05 MB of 33.6 MB, 3 %" in text
    assert "  unsaved     worker 0: 0 B of 33.6 MB, 0 %" in text
    assert "  held        rows: 0 B of 67.1 MB, 0 %" in text
    assert "  held        findings: 0 of 100,000, 0 %" in text


def test_a_label_keeps_what_tells_it_from_others() -> None:
    ring = buffers(13)[12]
    assert buffer_label(ring, 40) == f"ring {LONG[:-2]}12/12"
    assert buffer_label(ring, 19, 20) == "ring ens1…/12 of 20"


# --- what does not lie


def test_a_clock_that_was_set_back_makes_nothing_newer_than_now() -> None:
    said = View(state="stopped", now=NOW, figures=figures(time=NOW + 90 * SECOND))
    assert "1 min 30 s ahead of this clock" in headline(said)


def test_an_outlet_of_a_sensor_that_stands_does_not_go_on_failing() -> None:
    failing = (OutletFigures(name="siem", failing_since=NOW - 60 * SECOND),)
    said = view("stopped", figures(outlets=failing))
    assert any("siem: fails for 1 min;" in line for line in text_of(said, None))


# --- the lines themselves


def test_packed_segments_are_indented_and_what_has_no_room_is_counted() -> None:
    assert packed(["aa", "bb", "cc"], 6) == ["aa, bb", "  cc"]
    assert packed(["aa", "bb", "cc"], 10, most=1) == ["aa, bb, cc"]
    assert packed(["aa", "bb", "cc", "dd"], 12, most=1) == ["aa, 3 more"]
    assert packed([], 10, most=1) == []


def test_wrapped_breaks_neither_a_number_from_its_unit_nor_a_day_from_its_time() -> None:
    assert wrapped("it took 12 min 5 s", 12) == ["it took", "12 min 5 s"]
    assert wrapped("at 2026-09-21 14:13:20 UTC, 3 h ago", 24) == ["at", "2026-09-21 14:13:20 UTC,", "3 h ago"]
    assert wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrapped("\u5de5" * 3, 4) == ["\u5de5" * 2, "\u5de5"]


def test_chosen_lines_keep_their_order() -> None:
    assert chosen([(2, "a"), (0, "b"), (1, "c"), (0, "d")], 3) == ["b", "c", "d"]


# --- real terminals


@pytest.fixture
def store(tmp_path):
    writer = PlainStore(tmp_path, clock=lambda: NOW)
    for entry in diary(3):
        writer.note(entry)
    writer.close()
    return tmp_path


def printed(width: int, height: int, *words: object) -> str:
    """What a command says on a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    entry = "from interlock.cli.main import main; main()"
    clean = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-c", entry, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
        env={**clean, "TERM": "xterm"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen, end = b"", time.monotonic() + 60
    try:
        while process.poll() is None or select.select([ours], [], [], 0.2)[0]:
            assert time.monotonic() < end, seen
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    seen += os.read(ours, 65_536)
                except OSError:
                    break
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return seen.decode()


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (200, 50)])
def test_status_keeps_to_the_terminal_it_runs_in(store, size) -> None:
    write_figures_file(store, crowded(sensor="hall-3", time=time.time_ns()))
    lines = printed(*size, "sensor", "status", "--store", store).replace("\r", "").split("\n")
    assert lines[0].startswith("hall-3 runs since")
    assert len(lines) > 60
    assert max(map(cell_len, lines)) <= size[0]
    said = view_of(store, time.time_ns(), lambda: diary(3)).figures
    assert said is not None
    assert said.buffers == crowded().buffers
