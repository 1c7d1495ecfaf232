"""Attacks by clients that are not ours, against the plant that lives in namespaces: `python scripts/strangers.py`.

The plant is started, some minutes of it are learned as they are (`interlock baseline learn`), and then each attack of
`proving/strangers.toml` is sent, octet by octet, from the namespace of the machine that was taken over. What its mirror
port hears goes through `interlock analyze --state`, as anybody's capture would. Found: an alarm (an alert, at least
low; a change, at least high) about the machine that attacks. Named: it carries one of the attack's techniques. First:
the gravest incident of that machine's is named by one. Little is learned, and the plant is left as attacks leave it:
alarms about others (values that come back) are not counted here.

Root, Linux, half an hour and the minutes that are learned. Exit codes: 0 at least 90 % found and rightly named; 1
fewer; 2 no root, or no plant.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from proving.records import FOLDER, put, today

from interlock.plant.machines import BY_NAME
from interlock.records.vocabulary import SEVERITIES

_ATTACKS: Final = Path(__file__).parent / "proving" / "strangers.toml"
_INTERLOCK: Final = (sys.executable, "-c", "from interlock.cli.main import main; main()")
_LEAST: Final = {"alert": SEVERITIES.index("low"), "change": SEVERITIES.index("high")}
_BEFORE_S: Final = 8.0
_AFTER_S: Final = 12.0
"""Of the plant at work before and after an attack; `after_s` of an attack, where nothing can be known sooner."""
_ANSWER_S: Final = 0.5
GOAL: Final = 0.9
_ENIP: Final = 44818
_SESSION: Final = slice(4, 8)
"""Where an EtherNet/IP message has its session handle, which the server gives."""

Attack = dict[str, Any]


def main() -> int:
    """Learn, attack, judge, print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--minutes", type=float, default=15.0, help="learned before (15)")
    parser.add_argument("--seed", type=int, default=4711, help="of the plant's noise (4711)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this attack; may be repeated")
    parser.add_argument("--send", metavar="NAME", help="send one, from where this runs, and nothing else")
    parser.add_argument("--record", action="store_true", help="write docs/proof/strangers.json")
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of records")
    asked = parser.parse_args()
    attacks: list[Attack] = tomllib.loads(_ATTACKS.read_text("utf-8"))["attack"]
    if asked.send:
        send(next(attack for attack in attacks if attack["name"] == asked.send))
        return 0
    if os.geteuid():
        print("network namespaces need root", file=sys.stderr)
        return 2
    chosen = [attack for attack in attacks if not asked.only or attack["name"] in asked.only]
    with tempfile.TemporaryDirectory() as folder:
        rows = _play(chosen, Path(folder), asked)
    if rows is None:
        return 2
    shares = {what: sum(row[what] for row in rows.values()) for what in ("found", "named", "first_named")}
    print(f"{len(rows)} attacks, {asked.minutes:g} minutes learned: " + json.dumps(shares))
    if asked.record:
        about = {
            "date": today(),
            "command": f"python scripts/strangers.py --minutes {asked.minutes:g} --record",
        }
        put("strangers", {name: {**row, **about} for name, row in rows.items()}, asked.records)
    return 0 if shares["named"] >= GOAL * len(rows) else 1


def _play(attacks: list[Attack], folder: Path, asked: argparse.Namespace) -> dict[str, dict[str, Any]] | None:
    up = subprocess.run(
        [*_INTERLOCK, "plant", "up", "--seed", str(asked.seed)], check=False, capture_output=True, text=True
    )
    number = re.search(r"plant (\w+) is up", up.stdout)
    if number is None:
        print(up.stdout + up.stderr, file=sys.stderr)
        return None
    try:
        state, site = folder / "state", folder / "site.toml"
        site.write_text(_ours("plant", "site"), "utf-8")
        _ours("plant", "capture", "--seconds", str(asked.minutes * 60), "--out", str(folder / "lesson.pcap"))
        _ours("baseline", "learn", str(folder / "lesson.pcap"), "--state", str(state))
        return {attack["name"]: _one(attack, number[1], folder) for attack in attacks}
    finally:
        _ours("plant", "down")


def _ours(*words: str) -> str:
    return subprocess.run([*_INTERLOCK, *words], check=True, capture_output=True, text=True).stdout


def _one(attack: Attack, plant: str, folder: Path) -> dict[str, Any]:
    """Play one attack while the mirror port is recorded, and judge the recording."""
    messages, after = len(attack["messages"]), attack.get("after_s", _AFTER_S)
    lasts = messages * (attack["pause_s"] + _ANSWER_S)
    capture, out = folder / f"{attack['name']}.pcap", folder / attack["name"]
    seconds = str(_BEFORE_S + min(lasts, 90.0) + after)
    recorder = subprocess.Popen(
        [*_INTERLOCK, "plant", "capture", "--seconds", seconds, "--out", str(capture)],
        stdout=subprocess.DEVNULL,
    )
    time.sleep(_BEFORE_S)
    inside = ["ip", "netns", "exec", f"ilp-{plant}-{attack['who']}", sys.executable, __file__, "--send"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([*inside, attack["name"]], check=False, timeout=lasts + after)
    recorder.wait()
    known = ("--state", str(folder / "state"), "--site", str(folder / "site.toml"))
    _ours("analyze", str(capture), *known, "--out", str(out))
    row = score(attack, _read(out, "findings"), _read(out, "incidents"))
    mark = (
        ""
        if row["first_named"]
        else "  MISSED"
        if not row["found"]
        else "  MISNAMED"
        if not row["named"]
        else "  not first"
    )
    print(f"  {attack['name']} ({attack['who']}): {', '.join(row['given']) or 'nothing'}{mark}", flush=True)
    return row


def _read(folder: Path, what: str) -> list[dict[str, Any]]:
    read = json.loads((folder / f"{what}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = read[what] if isinstance(read, dict) else read
    return found


def score(attack: Attack, findings: list[dict[str, Any]], incidents: list[dict[str, Any]]) -> dict[str, Any]:
    """Found, named and named first, and what was given: by alarms about the machine that attacks."""
    who, ids = BY_NAME[attack["who"]], set(attack["techniques"])
    mine = {
        finding["id"]: finding
        for finding in findings
        if SEVERITIES.index(finding["severity"]) >= _LEAST.get(finding["kind"], len(SEVERITIES))
        and {who.ip, who.mac} & set(finding["machines"])
        and finding["detector"] not in _AFTERWARDS
    }
    paths = [incident for incident in incidents if mine.keys() & set(incident["findings"])]
    gravest = min(paths, key=lambda incident: incident["rank"], default=None)
    given = list(dict.fromkeys(t for finding in mine.values() for t in finding["techniques"]))
    first = gravest["techniques"][:1] if gravest else []
    return {
        "found": bool(mine), "named": bool(ids & set(given)), "first_named": bool(ids & set(first)),
        "given": given, "by": sorted({finding["detector"] for finding in mine.values()}),
    }  # fmt: skip


_AFTERWARDS: Final = ("unusual-step", "unusual-value", "safety-value", "fallen-silent")
"""Detectors of what a process does: an attack before this one may have moved it."""


def send(attack: Attack) -> None:
    """Say what an attack says, and hear what is answered to it."""
    talk: socket.socket | None = None
    session = b""
    for text in attack["messages"]:
        octets = bytearray.fromhex(text)
        if session:
            octets[_SESSION] = session
        talk = None if attack.get("alone") else talk
        answer = b""
        with contextlib.suppress(OSError):
            talk = talk or _talk(attack)
            _say(talk, attack, octets)
            answer = b"" if attack["over"] == "eth" else talk.recv(4096)
        if attack.get("port") == _ENIP and attack["over"] == "tcp" and len(answer) >= _SESSION.stop:
            session = answer[_SESSION]
        time.sleep(attack["pause_s"])


def _talk(attack: Attack) -> socket.socket:
    """A socket for it. Raises OSError."""
    if attack["over"] == "tcp":
        return socket.create_connection((attack["to"], attack["port"]), timeout=_ANSWER_S)
    if attack["over"] == "eth":
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        link.bind(("eth0", 0))
        return link
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    datagrams.settimeout(_ANSWER_S)
    return datagrams


def _say(talk: socket.socket, attack: Attack, octets: bytearray) -> None:
    """Send one message; of a frame the octets begin with its type. Raises OSError."""
    if attack["over"] == "tcp":
        talk.sendall(octets)
    elif attack["over"] == "udp":
        talk.sendto(octets, (attack["to"], attack["port"]))
    else:
        target, mine = bytes.fromhex(attack["to"].replace(":", "")), BY_NAME[attack["who"]].end.mac
        talk.send((target + mine + octets).ljust(60, b"\0"))


if __name__ == "__main__":
    sys.exit(main())
