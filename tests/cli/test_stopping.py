"""Ctrl-C, SIGTERM, SIGKILL, a full disk, terminals: what a run leaves that does not end by itself on a good day."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import time

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.cli.terminal import DEMO, run, start

from interlock.bench.plant_traffic import write_plant_traffic
from interlock.cli.main import interlock
from interlock.pipeline.analyze_run import STOPPED

NUMBERS = [signal.SIGINT, signal.SIGTERM]
PACKETS = 400_000
FILES = {"assets.json", "findings.json", "incidents.json", "summary.json", "report.html"} | {
    f"{name}.parquet" for name in ("operations", "flows", "clues", "values", "oddities", "artifacts")
}
PART = ".operations.parquet.part"


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Many batches long: a signal after the first of them comes well before its end."""
    path = tmp_path_factory.mktemp("long") / "long.pcap"
    with path.open("wb") as file:
        write_plant_traffic(file, PACKETS, 20)
    return path


def names(folder):
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def wait_for(happened, process):
    """Until it happened; fails where the process ended before."""
    for _ in range(3000):
        if happened():
            return
        assert process.poll() is None, process.stderr.read().decode()
        time.sleep(0.02)
    pytest.fail("it did not happen within a minute")


def begun(process, out):
    """Until it reads: handlers stand by then."""
    wait_for(lambda: PART in names(out), process)


def all_whole(out):
    for path in out.glob("[!.]*"):
        if path.suffix == ".json":
            assert json.loads(path.read_text("utf-8"))["schema"]
        elif path.suffix == ".parquet":
            pq.read_table(path)
        else:
            assert path.read_text("utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize("number", NUMBERS)
def test_the_first_signal_keeps_what_was_read_and_the_report_says_so(tmp_path, long, number):
    out = tmp_path / "out"
    with start("analyze", long, "--out", out) as process:
        begun(process, out)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 4
    assert err.decode().splitlines() == [
        "interlock: stopping; what was read so far is kept (again to quit at once)"
    ]
    assert names(out) == FILES
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    (source,) = summary["run"]["sources"]
    assert source["note"] == STOPPED
    assert 0 < source["frames"] < PACKETS
    assert 0 < pq.read_table(out / "operations.parquet").num_rows < PACKETS / 2
    assert STOPPED in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_silent_pipe_is_stopped_too(tmp_path, number):
    out = tmp_path / "out"
    octets = (DEMO / "engineering.pcap").read_bytes()
    with start("analyze", "-", "--out", out, stdin=subprocess.PIPE) as process:
        process.stdin.write(octets)
        process.stdin.flush()
        begun(process, out)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 4}, err  # 0: the end came between two records
    assert "Traceback" not in err.decode()
    assert names(out) == FILES
    assert json.loads((out / "summary.json").read_text("utf-8"))["run"]["sources"][0]["frames"] > 100


@pytest.mark.parametrize("number", NUMBERS)
def test_the_second_signal_ends_at_once_and_leaves_nothing(tmp_path, long, number):
    out = tmp_path / "out"
    with start("analyze", long, "--out", out) as process:
        begun(process, out)
        process.send_signal(number)
        assert b"stopping" in process.stderr.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err.decode()) == (128 + number, "interlock: ended at once\n")
    assert names(out) == set()


def test_one_that_is_interrupted_once_all_is_read_says_so_and_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_words, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr("interlock.bootstrap.zoning.propose", interrupted)
    words = ["zone", "propose", str(DEMO / "engineering.pcap"), "--out", str(tmp_path / "out")]
    ended = CliRunner().invoke(interlock, words)
    assert ended.exit_code == 130
    assert "interlock: ended at once; what was not finished is not there\n" in ended.stderr
    assert not names(tmp_path / "out")


def test_a_command_that_waits_for_its_first_octet_is_quietly_interrupted(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with start("decode", fifo) as process:

        def opened():
            try:
                held.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # nobody reads yet
                return False
            return True

        held = []
        wait_for(opened, process)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        os.close(held[0])
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize("words", [("analyze",), ("zone", "propose")])
def test_a_silent_named_pipe_is_stopped_at_once_and_what_was_read_is_kept(tmp_path, words):
    """The writer stays, and says no more."""
    out, fifo = tmp_path / "out", tmp_path / "fifo"
    os.mkfifo(fifo)
    with start(*words, fifo, "--out", out) as process, fifo.open("wb", buffering=0) as writer:
        octets = (DEMO / "normal-shift.pcapng").read_bytes()
        writer.write(octets)
        wait_for(lambda: drained(writer), process)
        time.sleep(0.5)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out_text, err = process.communicate(timeout=60)
        assert time.monotonic() - asked < 20  # a busy machine draws its report meanwhile
    assert process.returncode in {0, 4}, err
    assert b"stopping; what was read so far is kept" in err
    if words == ("analyze",):
        assert names(out) == FILES
        assert json.loads((out / "summary.json").read_text("utf-8"))["run"]["sources"][0]["frames"] > 1000
    else:
        assert (out / "site.toml").read_text("utf-8").count("[[conduits]]") >= 3
        assert out_text


def drained(pipe) -> bool:
    return fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4) == b"\0" * 4


def test_a_named_pipe_that_nobody_writes_to_is_given_up_at_once(tmp_path):
    out, fifo = tmp_path / "out", tmp_path / "fifo"
    os.mkfifo(fifo)
    with start("analyze", fifo, "--out", out) as process:
        time.sleep(3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in {3, 130}, err
    assert "Traceback" not in err.decode()
    assert names(out) == set()


def test_kill_leaves_no_half_file_under_a_final_name_and_the_next_run_works(tmp_path, long):
    out = tmp_path / "out"
    with start("analyze", long, "--out", out) as process:
        begun(process, out)
        process.kill()
        process.communicate(timeout=60)
    assert not [name for name in names(out) if not name.startswith(".")]
    with start("analyze", DEMO / "incident.pcap.gz", "--out", out) as process:
        wait_for(lambda: {n for n in names(out) if not n.startswith(".")}, process)
        process.kill()
        process.communicate(timeout=60)
    all_whole(out)
    ended = run("analyze", DEMO / "incident.pcap.gz", "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert names(out) == FILES
    all_whole(out)


def mounts():
    """Whether a namespace of one's own may be given a file system."""
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return subprocess.run(tried, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(
    not mounts(), reason="mount namespaces are not permitted here: a full file system is not tried"
)
@pytest.mark.parametrize("size", ["8k", "64k", "200k"])
def test_a_full_file_system_is_one_sentence_exit_3_and_no_parts(tmp_path, size):
    out = tmp_path / "out"
    out.mkdir()
    entry = "from interlock.cli.main import main; main()"
    mount = 'mount -t tmpfs -o size=$1 none "$2"'
    script = f'{mount} && "$0" -c "$3" analyze "$4" --out "$2"; code=$?; ls -A "$2"; exit $code'
    words = [sys.executable, size, str(out), entry, str(DEMO / "incident.pcap.gz")]
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 3, ended.stderr
    (said,) = ended.stderr.splitlines()
    assert said.startswith("interlock: ")
    assert "no space left" in said
    assert str(out) in said
    assert not [name for name in ended.stdout.split() if name.startswith(".")], ended.stdout
    assert not [name for name in ended.stdout.split() if name.endswith(".parquet")], ended.stdout


def test_a_summary_that_nobody_reads_is_no_error(tmp_path):
    process = start("analyze", DEMO / "engineering.pcap", "--out", tmp_path, "--json")
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0


def test_progress_on_a_terminal_and_none_in_a_pipe(tmp_path, long):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from interlock.cli.main import main; main()",
         "decode", "--table", "flows", str(long), "-o", str(tmp_path / "flows")],
        stderr=theirs, stdout=subprocess.PIPE, env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            octets = os.read(ours, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not octets:
            break
        shown += octets
    os.close(ours)
    out, _ = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, b"")
    assert b"reading" in shown
    assert b"MB" in shown
    piped = run("decode", "--table", "flows", long, "-o", tmp_path / "flows")
    assert (piped.code, piped.err) == (0, "")
