"""Measure speed and memory against the goals and against other programs: `make bench`.

Every figure is the median user and system CPU time of several runs, taken in turns so that what disturbs the
machine disturbs all alike. Needs a built Interlock; tshark and nfstream are measured where they can be had.
Exit codes: 0 every figure reaches what it must; 1 one does not, or a command failed; 2 usage, or Interlock
is not there.
"""

from __future__ import annotations

import argparse
import compileall
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring import contestants
from measuring.contestants import BENCH_OUT, REPOSITORY, Capture, Contestant
from measuring.cost import CommandError, Cost, Costs, cost_of
from measuring.figures import Figure, Goal, Measured, lines

PLANT_PACKETS, SUBSET_PACKETS, MIXED_COPIES = 2_000_000, 400_000, 4
BIG_PACKETS = 20_400_000
"""So many packets of the synthetic plant are 2 GiB."""
DECODE, ANALYZE = "interlock decode", "interlock analyze"
TSHARK, NFSTREAM, HELP = "tshark -T fields", "nfstream (flows)", "interlock --help"


def main() -> int:
    """Measure, print, and say by the exit code whether it is good enough."""
    asked = _arguments()
    interlock = Path(asked.interlock)
    if shutil.which(interlock) is None:
        print(f"{interlock} is not there: build the project first (make build)", file=sys.stderr)
        return 2
    compileall.compile_dir(REPOSITORY / "src" / "interlock", quiet=2)  # as an installation is
    plan = _plan(asked, interlock)
    measured = _measure(plan, asked.repeats)
    figures = _figures(measured)
    if asked.big:
        more, memory = _big(interlock, asked.big_packets, measured)
        measured, figures = [*measured, *more], [*figures, *memory]
    _print(asked, measured, figures)
    failed = any(one.costs is None and not one.contestant.skipped for one in measured)
    return 1 if failed or any(figure.verdict == "missed" for figure in figures) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    captures = os.environ.get("INTERLOCK_CAPTURES", str(REPOSITORY.parent / "shared" / "captures"))
    parser.add_argument(
        "--interlock", default=str(Path(sys.executable).parent / "interlock"), metavar="PROGRAM"
    )
    parser.add_argument("--captures", type=Path, default=Path(captures), help="folder of real captures")
    parser.add_argument("--repeats", type=_positive, default=3, help="runs of each command (default 3)")
    parser.add_argument("--packets", type=_positive, default=PLANT_PACKETS, help="of the synthetic plant")
    parser.add_argument("--subset", type=_positive, default=SUBSET_PACKETS, help="packets that tshark gets")
    parser.add_argument(
        "--only", action="append", choices=("help", "decode", "analyze", "tshark", "nfstream")
    )
    parser.add_argument("--big", action="store_true", help="memory on a capture of 2 GiB, too")
    parser.add_argument("--big-packets", type=int, default=BIG_PACKETS, help=argparse.SUPPRESS)
    parser.add_argument("--no-mixed", action="store_true", help="leave the mixed real captures out")
    parser.add_argument("--no-install", action="store_true", help="do not install nfstream")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _plan(asked: argparse.Namespace, interlock: Path) -> list[Contestant]:
    """Make the captures and list every command that is wanted."""
    wanted = set(asked.only or ("help", "decode", "analyze", "tshark", "nfstream"))
    plant = contestants.make_plant(_plant_path(asked.packets), asked.packets)
    pairs = [(plant, contestants.make_plant(_plant_path(asked.subset), asked.subset))]
    if not asked.no_mixed:
        mixed = contestants.make_mixed(BENCH_OUT / "mixed.pcap", asked.captures, MIXED_COPIES)
        once = contestants.make_mixed(BENCH_OUT / "mixed1.pcap", asked.captures, 1)
        if mixed and once:
            pairs.append((mixed, once))
        else:
            print(
                f"no folder {asked.captures.name}: mixed real captures left out (set INTERLOCK_CAPTURES)",
                file=sys.stderr,
            )
    plan = [Contestant(HELP, None, (interlock, "--help"))] if "help" in wanted else []
    for whole, subset in pairs:
        plan += [contestants.decode(interlock, whole)] if "decode" in wanted else []
        plan += [contestants.analyze(interlock, whole)] if "analyze" in wanted else []
        plan += [contestants.tshark(subset)] if "tshark" in wanted else []
        plan += [contestants.nfstream(whole, install=not asked.no_install)] if "nfstream" in wanted else []
    return plan


def _plant_path(packets: int) -> Path:
    """Name the synthetic capture after its size, so that a short trial does not replace the long one."""
    short = (
        "" if packets == PLANT_PACKETS else f"{packets // 1000}k" if packets % 1000 == 0 else f"-{packets}"
    )
    return BENCH_OUT / f"plant{short}.pcap"


def _measure(plan: list[Contestant], repeats: int) -> list[Measured]:
    """Run everything in turns; a command that fails once is left out from then on."""
    runs: dict[int, list[Cost]] = {i: [] for i in range(len(plan))}
    failures = {i: one.skipped for i, one in enumerate(plan) if one.skipped}
    for turn in range(repeats):
        for i, contestant in enumerate(plan):
            if i in failures:
                continue
            where = f" on {contestant.capture.name}" if contestant.capture else ""
            print(f"[{turn + 1}/{repeats}] {contestant.name}{where}", file=sys.stderr)
            try:
                runs[i].append(_run(contestant))
            except CommandError as error:
                failures[i] = str(error)
    return [
        Measured(one, None if i in failures else Costs(tuple(runs[i])), failures.get(i, ""))
        for i, one in enumerate(plan)
    ]


def _run(contestant: Contestant) -> Cost:
    """Run once into an empty folder, and check that the work was done."""
    if contestant.out:
        shutil.rmtree(contestant.out, ignore_errors=True)
    cost = cost_of(contestant.command, contestant.good)
    capture = contestant.capture
    if contestant.out and capture and capture.requests is not None:
        rows = _operations(contestant.out)
        if rows != capture.requests:
            raise CommandError(f"{contestant.name} wrote {rows:,} operations, {capture.requests:,} were made")
    if contestant.out:
        shutil.rmtree(contestant.out, ignore_errors=True)
    return cost


def _operations(out: Path) -> int:
    """Count the rows of operations.parquet, in a process of its own so that this one stays small."""
    count = "import sys, pyarrow.parquet as p; print(p.read_metadata(sys.argv[1]).num_rows)"
    command = [sys.executable, "-c", count, str(out / "operations.parquet")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CommandError(f"{out.name}/operations.parquet cannot be read")
    return int(done.stdout)


def _figures(measured: list[Measured]) -> list[Figure]:
    """Speeds and ratios of what ran, those on the synthetic plant held against their goals."""
    figures = [
        Figure(HELP, one.costs.cpu_s, "CPU s", Goal(0.2, at_most=True))
        for one in measured
        if one.contestant.name == HELP and one.costs
    ]
    for where, counts in (("plant", True), ("mixed", False)):
        ran = {
            one.contestant.name: one
            for one in measured
            if one.costs and one.contestant.capture and one.contestant.capture.name.startswith(where)
        }
        for name, goal in ((DECODE, Goal(1.0, 2.0)), (ANALYZE, Goal(0.5, 1.0))):
            if name in ran:
                speed = ran[name].packets_per_cpu_s / 1e6
                figures.append(Figure(f"{name}, {where}", speed, "M packets/CPU s", goal if counts else None))
        for name, goal in ((TSHARK, Goal(30, 60)), (NFSTREAM, Goal(3))):
            if DECODE in ran and name in ran:
                ratio = ran[DECODE].packets_per_cpu_s / ran[name].packets_per_cpu_s
                note = "CPU per packet; the other on its own subset" if name == TSHARK else "CPU per packet"
                figure = Figure(
                    f"decode beside {name}, {where}", ratio, "times", goal if counts else None, note
                )
                figures.append(figure)
    return figures


def _big(interlock: Path, packets: int, measured: list[Measured]) -> tuple[list[Measured], list[Figure]]:
    """Measure memory once on a capture of 2 GiB, and beside what the ordinary one took."""
    capture = contestants.make_plant(BENCH_OUT / "big.pcap", packets)
    try:
        more = _measure([contestants.decode(interlock, capture), contestants.analyze(interlock, capture)], 1)
    finally:
        contestants.discard(capture)
    figures = []
    for one in more:
        if one.costs:
            name = f"{one.contestant.name}, {capture.octets / 2**30:.2f} GiB"
            figures.append(Figure(f"peak memory, {name}", one.costs.peak_mib, "MiB", Goal(600, at_most=True)))
            figures += _growth(one, capture, measured)
    return more, figures


def _growth(big: Measured, capture: Capture, measured: list[Measured]) -> list[Figure]:
    """How much more memory the long capture took than the ordinary one, per GiB of capture."""
    for one in measured:
        shorter = one.contestant.capture
        if (
            one.contestant.name == big.contestant.name
            and one.costs
            and shorter
            and shorter.name.startswith("plant")
        ):
            assert big.costs is not None
            more = big.costs.peak_mib - one.costs.peak_mib
            longer = max(capture.octets - shorter.octets, 1) / 2**30
            # "Not growing with its length": up to 20 MiB per GiB counts as allocator noise.
            limit = Goal(20, at_most=True)
            return [Figure(f"memory growth, {one.contestant.name}", more / longer, "MiB per GiB", limit)]
    return []


def _print(asked: argparse.Namespace, measured: list[Measured], figures: list[Figure]) -> None:
    machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),  # noqa: TID251 - an adapter: the clock itself
        "repeats": asked.repeats,
    }
    if asked.json:
        found = {
            "measured": [one.as_json() for one in measured],
            "figures": [one.as_json() for one in figures],
        }
        print(json.dumps({"schema": "interlock/bench/1", "machine": machine, **found}, indent=1))
        return
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print()
    print("\n".join(lines(measured, figures)))


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    names = [
        line.partition(":")[2].strip() for line in described.splitlines() if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
