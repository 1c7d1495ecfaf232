"""Compare buffers with what tshark says of the same captures: `python scripts/buffers_against_tshark.py [CAPTURE…]`.

Values are compared as multisets, capture by capture. Exit codes: 0 all agree; 1 some differ; 2 no tshark, no captures.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.errors import InterlockError
from interlock.pipeline.decode_run import decoded

REPOSITORY: Final = Path(__file__).resolve().parents[1]
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "http.method": ("http.request.method", "http.request"),
    "http.uri.raw": ("http.request.uri", "http.request"),
    "http.host.raw": ("http.host", "http.request"),
    "http.user_agent": ("http.user_agent", "http.request"),
    "http.cookie": ("http.cookie", "http.request"),
    "http.stat_code": ("http.response.code", "http.response"),
    "http.response_body": ("http.file_data", "http.response"),
    "dns.query": ("dns.qry.name", "dns.flags.response == 0 && !mdns && !llmnr && !nbns"),
    "tls.sni": ("tls.handshake.extensions_server_name", "tls.handshake.type == 1"),
    "ja3.hash": ("tls.handshake.ja3", "tls.handshake.type == 1"),
    "ja3.string": ("tls.handshake.ja3_full", "tls.handshake.type == 1"),
    "ja3s.hash": ("tls.handshake.ja3s", "tls.handshake.type == 2"),
    "ssh.proto": ("ssh.protocol", "ssh.protocol"),
    "ftp.command": ("ftp.request.command", "ftp.request"),
    "smb.share": ("smb2.tree", "smb2.cmd == 3 && smb2.flags.response == 0"),
    "smtp.mail_from": ("smtp.req.parameter", 'smtp.req.command matches "(?i)^mail$"'),
}
"""Buffer → tshark's field, and the filter that makes both mean the same."""
_CLASSIC: Final = ("smb.share", "smb.path", "smb.cmd == 0x75 && smb.flags.response == 0")
"""The same of SMB 1."""
_MEANT: Final = {
    "ssh.proto": lambda text: text.split("-")[1],
    "smtp.mail_from": lambda text: text.partition("<")[2].partition(">")[0],
}
"""How tshark's value becomes ours, where it says more than one thing."""


def main() -> int:
    """Compare, print, and say by the exit code whether all agree."""
    root = Path(os.environ.get("INTERLOCK_CAPTURES", REPOSITORY.parent / "shared" / "captures"))
    captures = [Path(name) for name in sys.argv[1:]] or sorted(
        p for p in root.rglob("*") if ".pcap" in p.name
    )
    if shutil.which("tshark") is None or not captures:
        print("no tshark, or no captures (INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    agreed: Counter[str] = Counter()
    differed = 0
    for capture in captures:
        for buffer, ours, theirs in compared(capture):
            agreed[buffer] += (ours & theirs).total()
            for whose, more in (("ours", ours - theirs), ("tshark's", theirs - ours)):
                differed += more.total()
                for value, count in more.items():
                    print(f"{capture.name}: {buffer}: only {whose}: {count} x {value[:100]!r}")
    print(
        json.dumps({"captures": len(captures), "agreed": dict(sorted(agreed.items())), "differed": differed})
    )
    return 1 if differed else 0


def compared(capture: Path) -> list[tuple[str, Counter[str], Counter[str]]]:
    """Buffer, our values and tshark's, of those that either knows."""
    try:
        ours = _ours(capture)
    except InterlockError:
        return []
    theirs = _theirs(capture)
    pairs = [(buffer, ours.get(buffer, Counter()), theirs.get(buffer, Counter())) for buffer in FIELDS]
    return [(buffer, mine, other) for buffer, mine, other in pairs if mine or other]


def _ours(capture: Path) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    with open_sources(specify((str(capture),), ())) as run:
        asked = frozenset({*FIELDS, "smb.named_pipe"})
        engine = build_engine(run.sources, wanted=frozenset({"payloads"}), buffers=asked)
        for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
            if "payloads" in batches:
                _count(batches["payloads"], found)
    return found


def _count(batch: Any, found: dict[str, Counter[str]]) -> None:
    rows = zip(
        *(batch.column(name).to_pylist() for name in ("buffer", "octets", "direction", "protocol")),
        strict=True,
    )
    for buffer, octets, direction, protocol in rows:
        if buffer == "http.cookie" and direction != "to_server":
            continue
        if buffer == "dns.query" and protocol != "dns":
            continue
        name = "smb.share" if buffer == "smb.named_pipe" else buffer
        text = octets.decode("utf-8", "backslashreplace")
        if name == "http.response_body":  # as tshark writes a text of several lines
            text = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
        found.setdefault(name, Counter())[text] += 1


def _theirs(capture: Path) -> dict[str, Counter[str]]:
    """One run of tshark for all fields, each counted where its filter holds."""
    found: dict[str, Counter[str]] = {}
    pairs = [*((buffer, *where) for buffer, where in FIELDS.items()), _CLASSIC]
    for wish in dict.fromkeys(wish for _, _, wish in pairs):
        buffers = [buffer for buffer, _, other in pairs if other == wish]
        fields = [word for _, field, other in pairs if other == wish for word in ("-e", field)]
        words = (
            "tshark",
            "-r",
            str(capture),
            "-Y",
            wish,
            "-T",
            "fields",
            "-E",
            "separator=/t",
            "-E",
            "aggregator=|",
        )
        made = subprocess.run(
            [*words, *fields], capture_output=True, text=True, errors="replace", check=False
        )
        for line in made.stdout.splitlines():
            for buffer, cell in zip(buffers, line.split("\t"), strict=False):
                for value in cell.split("|") if cell else ():
                    meant = _MEANT.get(buffer, str)(value)
                    if buffer != "dns.query" or meant != "<Root>":
                        found.setdefault(buffer, Counter())[meant] += 1
    return found


if __name__ == "__main__":
    sys.exit(main())
