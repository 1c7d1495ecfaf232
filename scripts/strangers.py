"""Attacks by clients that are not ours, against the plant that lives in namespaces: `python scripts/strangers.py`.

The plant is started, some minutes of it are learned as they are (`interlock baseline learn`), and then each attack of
`proving/strangers.toml` (or another `--set`) is sent, octet by octet or by a client of `proving/clients`, from the
namespace of the machine that was taken over. What its mirror port hears goes through `interlock analyze --state`, as
anybody's capture would; `--keep FOLDER` leaves the recordings, `--judge FOLDER` judges kept ones again. Found: an
alarm (an alert, at least low; a change, at least high) about the machine that attacks, or, of frames in another's
name, about one of the two in whose conversation it spoke, and of senders that do not exist (`anyone`), about
anybody. Named: it carries one of the attack's techniques. First:
the gravest incident of that machine's is named by one. An attack without techniques is none: right where nothing
is found; its `orders` are written into the site file. Little is learned, and the plant is left as attacks leave it:
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
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from proving.clients import CLIENTS
from proving.records import FOLDER, put, today

from interlock.plant.machines import BY_NAME
from interlock.records.vocabulary import SEVERITIES

_SETS: Final = Path(__file__).parent / "proving"
_FIRST: Final = "strangers"
_INTERLOCK: Final = (sys.executable, "-c", "from interlock.cli.main import main; main()")
_LEAST: Final = {"alert": SEVERITIES.index("low"), "change": SEVERITIES.index("high")}
_LESSON: Final = "lesson.pcap"
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
    parser.add_argument(
        "--set", default=_FIRST, metavar="NAME", help="attacks of proving/NAME.toml (strangers)"
    )
    parser.add_argument("--half", choices=("open", "kept"), help="only attacks that are marked so")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the recordings there")
    parser.add_argument(
        "--judge", type=Path, metavar="FOLDER", help="judge what --keep left, and play nothing"
    )
    parser.add_argument("--send", metavar="NAME", help="send one, from where this runs, and nothing else")
    parser.add_argument("--record", action="store_true", help="write docs/proof/strangers.json")
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of records")
    asked = parser.parse_args()
    attacks: list[Attack] = tomllib.loads((_SETS / f"{asked.set}.toml").read_text("utf-8"))["attack"]
    if asked.send:
        send(next(attack for attack in attacks if attack["name"] == asked.send))
        return 0
    if os.geteuid() and not asked.judge:
        print("network namespaces need root", file=sys.stderr)
        return 2
    chosen = [
        attack
        for attack in attacks
        if (not asked.only or attack["name"] in asked.only) and asked.half in (None, attack.get("half"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = (
            _judged(chosen, asked.judge, Path(folder)) if asked.judge else _play(chosen, Path(folder), asked)
        )
    if rows is None:
        return 2
    shares = {what: sum(row[what] for row in rows.values()) for what in ("found", "named", "first_named")}
    print(f"{len(rows)} attacks, {asked.minutes:g} minutes learned: " + json.dumps(shares))
    if asked.record:
        about = {
            "date": today(),
            "command": f"python scripts/strangers.py --set {asked.set} --minutes {asked.minutes:g} --record",
        }
        put(asked.set, {name: {**row, **about} for name, row in rows.items()}, asked.records)
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
        kept = asked.keep or folder
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "site.toml").write_text(_ours("plant", "site"), "utf-8")
        if not (kept / _LESSON).exists():
            _ours("plant", "capture", "--seconds", str(asked.minutes * 60), "--out", str(kept / _LESSON))
        for attack in attacks:
            _record(attack, number[1], kept)
            print(f"  played {attack['name']}", flush=True)
        return None if asked.keep else _judged(attacks, kept, folder)
    finally:
        _ours("plant", "down")


def _judged(attacks: list[Attack], kept: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Learn the lesson, and judge each recording. kept: where these lie; folder: of what is said."""
    _ours("baseline", "learn", str(kept / _LESSON), "--state", str(folder / "state"))
    return {attack["name"]: _one(attack, kept, folder) for attack in attacks}


def _ours(*words: str) -> str:
    return subprocess.run([*_INTERLOCK, *words], check=True, capture_output=True, text=True).stdout


def _record(attack: Attack, plant: str, kept: Path) -> None:
    """Play one attack while the mirror port is recorded."""
    messages, after = len(attack.get("messages", ())), attack.get("after_s", _AFTER_S)
    lasts = attack.get("lasts_s", 0.0) + messages * (attack.get("pause_s", 0.0) + _ANSWER_S)
    seconds = str(_BEFORE_S + min(lasts, 90.0) + after)
    recorder = subprocess.Popen(
        [
            *_INTERLOCK,
            "plant",
            "capture",
            "--seconds",
            seconds,
            "--out",
            str(kept / f"{attack['name']}.pcap"),
        ],
        stdout=subprocess.DEVNULL,
    )
    time.sleep(_BEFORE_S)
    send_it = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--send", attack["name"]]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            ["ip", "netns", "exec", f"ilp-{plant}-{attack['who']}", *send_it],
            check=False,
            timeout=lasts + after,
        )
    recorder.wait()


def _one(attack: Attack, kept: Path, folder: Path) -> dict[str, Any]:
    """Judge the recording of one attack, from what was learned."""
    state, out = folder / f"{attack['name']}.state", folder / attack["name"]
    shutil.copytree(folder / "state", state)
    site = folder / f"{attack['name']}.toml"
    site.write_text((kept / "site.toml").read_text("utf-8") + ordered(attack), "utf-8")
    known = ("--state", str(state), "--site", str(site))
    _ours("analyze", str(kept / f"{attack['name']}.pcap"), *known, "--out", str(out))
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


def ordered(attack: Attack) -> str:
    """What its site file orders beside the plant's own: the work orders of something that is no attack."""
    always = {"start": "2000-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z", "title": attack.get("what", "")}
    parts = [
        {"id": f"WO-{number}", **always, **order} for number, order in enumerate(attack.get("orders", ()), 1)
    ]
    tables = ("\n".join(f"{key} = {_toml(key, value)}" for key, value in part.items()) for part in parts)
    return "".join(f"\n[[work_orders]]\n{table}\n" for table in tables)


def _toml(key: str, value: object) -> str:
    return str(value) if key in {"start", "end"} else json.dumps(value)


def _read(folder: Path, what: str) -> list[dict[str, Any]]:
    read = json.loads((folder / f"{what}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = read[what] if isinstance(read, dict) else read
    return found


def score(attack: Attack, findings: list[dict[str, Any]], incidents: list[dict[str, Any]]) -> dict[str, Any]:
    """Found, named and named first, and what was given: by alarms about the machine that attacks."""
    who, ids = BY_NAME[attack.get("as", attack["who"])], set(attack["techniques"])
    mine = {
        finding["id"]: finding
        for finding in findings
        if SEVERITIES.index(finding["severity"]) >= _LEAST.get(finding["kind"], len(SEVERITIES))
        and (
            attack.get("anyone") or {who.ip, who.mac, attack.get("card", who.mac)} & set(finding["machines"])
        )
        and finding["detector"] not in _AFTERWARDS
    }
    paths = [incident for incident in incidents if mine.keys() & set(incident["findings"])]
    gravest = min(paths, key=lambda incident: incident["rank"], default=None)
    given = list(dict.fromkeys(t for finding in mine.values() for t in finding["techniques"]))
    first = gravest["techniques"][:1] if gravest else []
    if not ids:
        return {
            **dict.fromkeys(("found", "named", "first_named"), not mine), "given": given,
            "by": sorted({finding["detector"] for finding in mine.values()}),
        }  # fmt: skip
    return {
        "found": bool(mine), "named": bool(ids & set(given)), "first_named": bool(ids & set(first)),
        "given": given, "by": sorted({finding["detector"] for finding in mine.values()}),
    }  # fmt: skip


_AFTERWARDS: Final = ("unusual-step", "unusual-value", "safety-value", "fallen-silent")
"""Detectors of what a process does: an attack before this one may have moved it."""


def send(attack: Attack) -> None:
    """Say what an attack says, and hear what is answered to it."""
    if "client" in attack:
        CLIENTS[attack["client"]](attack["to"])
        return
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
