"""A million indicators: memory that they take, time to read them, and what looking values up costs.

`python -m interlock.bench.indicators [--count N] [--folder DIR] [--format list|stix]`
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["feed_lines", "main"]

_MIB: Final = 1 << 20
_BATCHES, _WORDS = 200, 500
"""Batches of distinct addresses and names that are looked up, and how many words each has."""


def feed_lines(count: int) -> Iterator[str]:
    """A quarter each of addresses, domains, URLs and SHA-256, all different, always the same."""
    for number in range(count):
        digest = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
        kind = number % 4
        if kind == 0:
            address = 0x0B000000 + number
            yield ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
        elif kind == 1:
            yield f"host-{digest[:10]}.example-{digest[10:14]}.test"
        elif kind == 2:
            yield f"http://site-{digest[:8]}.test/path/{digest[8:20]}?id={number}"
        else:
            yield digest


def main() -> int:
    """Write the feed, read it, look things up; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the feed is written")
    parser.add_argument("--format", choices=("list", "stix"), default="list")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        file = Path(folder) / ("feed.json" if asked.format == "stix" else "feed.txt")
        _write(file, asked.count, stix=asked.format == "stix")
        sys.stdout.write(json.dumps(_measure(file), indent=1) + "\n")
    return 0


def _write(file: Path, count: int, *, stix: bool) -> None:
    with file.open("w", encoding="utf-8") as out:
        if not stix:
            out.writelines(line + "\n" for line in feed_lines(count))
            return
        paths = ("ipv4-addr:value", "domain-name:value", "url:value", "file:hashes.'SHA-256'")
        out.write('{"type":"bundle","id":"bundle--1","objects":[\n')
        for number, line in enumerate(feed_lines(count)):
            one = {
                "type": "indicator",
                "id": f"indicator--{number:08x}-0000-4000-8000-{number:012x}",
                "pattern_type": "stix",
                "pattern": f"[{paths[number % 4]} = '{line}']",
                "valid_from": "2026-01-01T00:00:00Z",
                "confidence": number % 101,
            }
            out.write((",\n" if number else "") + json.dumps(one))
        out.write("]}\n")


def _measure(file: Path) -> dict[str, object]:
    from interlock.bootstrap.indicating import read_book  # noqa: PLC0415 (so that what it loads is counted)
    from interlock.detect.signatures.indicators.sightings import Eyes  # noqa: PLC0415

    Eyes(read_book((), _told))
    before, began = _resident(), time.process_time()
    book = read_book((str(file),), _told)
    read_s = time.process_time() - began
    after = _resident()
    eyes = Eyes(book)
    began = time.process_time()
    strangers = hits = 0
    for batch in range(_BATCHES):
        words = [f"10.{batch % 256}.{n >> 8}.{n & 255}" for n in range(_WORDS)]
        hits += len(eyes.addresses(words))
        hits += len(eyes.names([f"name-{batch}-{n}.plant.test" for n in range(_WORDS)]))
        strangers += 2 * _WORDS
    fresh_us = (time.process_time() - began) / strangers * 1e6
    began = time.process_time()
    for _ in range(_BATCHES):
        eyes.addresses(words)
    known_us = (time.process_time() - began) / (_BATCHES * _WORDS) * 1e6
    return {
        "indicators": len(book),
        "book_mib": round(book.octets / _MIB, 1),
        "resident_mib": round((after - before) / _MIB, 1),
        "most_resident_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "read_cpu_s": round(read_s, 2),
        "us_a_new_word": round(fresh_us, 2),
        "us_a_known_word": round(known_us, 3),
        "false_hits": hits,
    }


def _told(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _resident() -> int:
    """Octets of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main())
