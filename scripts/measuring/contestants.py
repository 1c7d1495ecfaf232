"""The commands that are measured, on which capture, and what each needs before it can run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BENCH_OUT = REPOSITORY / "bench-out"
TSHARK_FIELDS = (
    *("frame.number", "ip.src", "ip.dst", "tcp.srcport", "mbtcp.trans_id", "mbtcp.unit_id"),
    *("modbus.func_code", "modbus.reference_num", "modbus.word_cnt", "modbus.exception_code"),
)


@dataclass(frozen=True)
class Capture:
    """A capture to measure on; `requests` is the truth where the generator counted it."""

    name: str
    path: Path
    packets: int
    octets: int
    requests: int | None = None


@dataclass(frozen=True)
class Contestant:
    """One command on one capture; `out` is made anew for every run. `skipped` says why it cannot run."""

    name: str
    capture: Capture | None
    command: tuple[str | Path, ...]
    good: frozenset[int] = field(default=frozenset({0}))
    out: Path | None = None
    skipped: str = ""


def read_capture(path: Path) -> Capture:
    """Read what lies beside a generated capture about it."""
    truth = json.loads(_truth(path).read_text())
    requests = truth.get("requests")
    total = sum(requests.values()) if requests else None
    return Capture(path.stem, path, truth["packets"], truth["octets"], total)


def make_plant(path: Path, packets: int, seed: int = 1) -> Capture:
    """Write the synthetic plant unless a capture of that many packets lies there already."""
    if not _has(path, packets):
        _generate("plant", str(path), "--packets", str(packets), "--seed", str(seed))
    return read_capture(path)


def make_mixed(path: Path, captures: Path, copies: int) -> Capture | None:
    """Write the captures of a folder, several times over; none where there is no such folder."""
    if not captures.is_dir():
        return None
    if not _truth(path).exists():  # written last, so it vouches for the capture
        _generate("mixed", str(path), str(captures), "--copies", str(copies))
    return read_capture(path)


def discard(capture: Capture) -> None:
    """Remove a capture and what lies beside it about it."""
    capture.path.unlink()
    _truth(capture.path).unlink()


def decode(interlock: Path, capture: Capture) -> Contestant:
    """Every table that makes a complete record of the conversations, as Parquet."""
    out = BENCH_OUT / "run-decode"
    tables = ("--table", "operations", "--table", "flows", "--out", out)
    command = (interlock, "decode", capture.path, *tables)
    return Contestant("interlock decode", capture, command, good=frozenset({0, 4}), out=out)


def analyze(interlock: Path, capture: Capture) -> Contestant:
    """The whole way, report included."""
    out = BENCH_OUT / "run-analyze"
    command = (interlock, "analyze", capture.path, "--out", out)
    return Contestant("interlock analyze", capture, command, good=frozenset({0, 1, 4}), out=out)


def tshark(capture: Capture) -> Contestant:
    """The same Modbus fields from tshark, without names and only on Modbus packets."""
    fields = tuple(part for name in TSHARK_FIELDS for part in ("-e", name))
    command = ("tshark", "-n", "-r", capture.path, "-Y", "modbus", "-T", "fields", *fields)
    skipped = "" if shutil.which("tshark") else "tshark is not installed"
    return Contestant("tshark -T fields", capture, command, skipped=skipped)


def nfstream(capture: Capture, *, install: bool) -> Contestant:
    """Flows only, from nfstream in a virtual environment of its own under bench-out/."""
    python = BENCH_OUT / "nfstream-venv" / "bin" / "python"
    skipped = _nfstream_missing(python, install=install)
    script = Path(__file__).parent / "nfstream_flows.py"
    return Contestant("nfstream (flows)", capture, (python, script, capture.path), skipped=skipped)


def _nfstream_missing(python: Path, *, install: bool) -> str:
    if _works(python):
        return ""
    if not install:
        return "nfstream is not installed (leave out --no-install)"
    steps = (
        (sys.executable, "-m", "venv", python.parents[1]),
        (python, "-m", "pip", "-q", "install", "nfstream"),
    )
    for step in steps:
        done = subprocess.run([str(part) for part in step], check=False, capture_output=True, timeout=900)
        if done.returncode:
            return "nfstream could not be installed"
    return "" if _works(python) else "nfstream does not start here"


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    return subprocess.run([python, "-c", "import nfstream"], check=False, capture_output=True).returncode == 0


def _truth(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".truth.json")


def _has(path: Path, packets: int) -> bool:
    try:
        return path.exists() and read_capture(path).packets == packets
    except (OSError, ValueError, KeyError):
        return False


def _generate(*arguments: str) -> None:
    """Run the generator as a process of its own: this one stays small, since children inherit its peak."""
    BENCH_OUT.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "interlock.bench", *arguments], check=True)
