"""Hold the living practice plant against its twin: the same minutes, both read by Interlock, operation by operation.

The living plant comes up in network namespaces (root), its mirror port is recorded from the first frame on, and the
twin simulates the same minutes of the day. Counted are rows of `operations` by client, server, protocol, verb,
function, object and outcome. A count differs where it is off by more than TOLERANCE of the larger one and more than
EDGE rows: polls at the edges of the window. Every difference must stand, with its reason, in
tests/plant/living/differences.toml, and every entry there must still be a difference; else this ends with 1.
"""

from __future__ import annotations

import argparse
import io
import os
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from proving.operations import operations

from interlock.plant.living.namespaces import leftovers
from interlock.plant.living.recorder import record
from interlock.plant.twin.mirror import PCAP_HEADER
from interlock.plant.twin.recording import BEGIN_S, Twin

TOLERANCE = 0.05
EDGE = 3
KNOWN = Path(__file__).parent.parent / "tests/plant/living/differences.toml"
_BEGIN_S = BEGIN_S + 59 * 60  # a minute before the first shift, as the living plant begins
_MIRROR = "ilp-mirror"
_UP_S = 60.0
_BEFORE_NS = 200_000_000
"""What scripts cast at once comes a moment before the first connection."""


class Key(NamedTuple):
    client: str
    server: str
    protocol: str
    verb: str
    function: int | None
    object: str | None
    outcome: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--keep", type=Path, help="folder for both captures")
    asked = parser.parse_args()
    if os.geteuid() or leftovers():
        print("needs root, and no other practice plant on this machine")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        kept = asked.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        living = counted(recorded(kept / "living.pcap", asked.minutes))
        twin = counted(simulated(kept / "twin.pcap", asked.minutes))
    return told(living, twin, asked.minutes)


def recorded(path: Path, minutes: float) -> Path:
    """The living plant's mirror port, from its first TCP segment on."""
    with tempfile.TemporaryDirectory() as state:
        words = ["plant", "up", "--foreground", "--seed", "1"]
        plant = subprocess.Popen(
            [sys.executable, "-c", "from interlock.cli.main import main; main()", *words],
            env={**os.environ, "INTERLOCK_STATE": state},
            stdout=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + _UP_S
            while not _is_up(Path("/sys/class/net", _MIRROR, "flags")):
                if plant.poll() is not None or time.monotonic() > end:
                    raise SystemExit("the plant did not come up")
                time.sleep(0.05)
            heard = io.BytesIO()
            record(_MIRROR, minutes * 60 + _UP_S, heard)
        finally:
            plant.terminate()
            plant.wait(60)
    path.write_bytes(_window(heard.getvalue(), round(minutes * 60e9)))
    return path


def _is_up(flags: Path) -> bool:
    try:
        return bool(int(flags.read_text("ascii"), 16) & 1)
    except OSError:
        return False


def _window(octets: bytes, length_ns: int) -> bytes:
    kept, at, frames = [PCAP_HEADER], len(PCAP_HEADER), []
    while at < len(octets):
        seconds, rest, size, _ = struct.unpack_from("<IIII", octets, at)
        frames.append((seconds * 10**9 + rest, octets[at : at + 16 + size]))
        at += 16 + size
    tcp = (when for when, frame in frames if frame[28:30] == b"\x08\x00" and frame[39] == 6)
    first = next(tcp) - _BEFORE_NS
    kept += [frame for when, frame in frames if first <= when < first + length_ns]
    return b"".join(kept)


def simulated(path: Path, minutes: float) -> Path:
    with path.open("wb") as target:
        for _ in Twin(target, 1, _BEGIN_S).run(minutes):
            pass
    return path


def counted(path: Path) -> Counter[Key]:
    return Counter(Key(**row) for row in operations(path, Key._fields))


def differs(one: int, other: int) -> bool:
    return abs(one - other) > max(EDGE, TOLERANCE * max(one, other)) or not one or not other


def told(living: Counter[Key], twin: Counter[Key], minutes: float) -> int:
    entries: list[dict[str, Any]] = (
        tomllib.loads(KNOWN.read_text("utf-8"))["difference"] if KNOWN.exists() else []
    )
    used, unexplained, agree = set(), [], 0
    for key in sorted({*living, *twin}, key=str):
        if not differs(living[key], twin[key]):
            agree += 1
            continue
        number = next((k for k, e in enumerate(entries) if _matches(e, key)), None)
        if number is None:
            unexplained.append(key)
        else:
            used.add(number)
    for key in unexplained:
        print(f"living {living[key]:6} twin {twin[key]:6}  {' '.join(map(str, key))}")
    stale = [e["reason"] for k, e in enumerate(entries) if k not in used and not e.get("rare")]
    for reason in stale:
        print(f"is no difference any more: {reason}")
    keys = len({*living, *twin})
    explained = keys - agree - len(unexplained)
    print(f"{minutes:g} minutes: living {sum(living.values()):,} rows, twin {sum(twin.values()):,}")
    print(f"{keys} kinds of operation: {agree} alike within {TOLERANCE:.0%} (or {EDGE} rows),")
    print(f"{explained} explained by {len(used)} reasons, {len(unexplained)} not explained")
    return 1 if unexplained or stale else 0


def _matches(entry: dict[str, Any], key: Key) -> bool:
    return all(str(getattr(key, field)) in _list(entry[field]) for field in Key._fields if field in entry)


def _list(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


if __name__ == "__main__":
    sys.exit(main())
