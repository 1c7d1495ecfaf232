"""Prove proposals of zones on the practice plant: one day proposes, other days (other seeds) judge.

    python scripts/zones.py --work DIR

QUIET (seed 21) proposes. EVENTS (seed 22) has every rare event that is nobody's attack: what is cut of it is a false
cut. ATTACKS (seed 23) has every attack: what is cut of it outside the attacks' frames is a false cut, too, and an
attack of which nothing is cut is listed. ANSWERS are what the operators would say: they know their machines and
their calendar, not the attacks. Recordings that stand in DIR are taken as they are: equal seeds, equal octets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from interlock.bootstrap.zoning import build_policy, from_folder, read_policy
from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.machines import BY_NAME
from interlock.segment.check.verdicts import judged
from interlock.segment.model.groups import is_group

SEEDS = {"quiet": 21, "events": 22, "attacks": 23, "short": 21}


def answers() -> str:
    """By machine: who sets values where, what is saved and programmed from where, which tool looks around."""

    def ip(*names: str) -> str:
        return json.dumps([BY_NAME[name].ip for name in names])

    panel, station = BY_NAME["hmi"].ip, BY_NAME["engineering"].ip
    everybody = [n for n, m in BY_NAME.items() if n not in {"historian", "vendor-laptop", "outside"} and m.ip]
    set_by_panel = ip("plc-water", "plc-boiler", "plc-filler", "hvac-hall", "rtu-feeder")
    saved = ip("plc-water", "drive-pump", "plc-boiler", "plc-filler")
    return f"""
[[answers]]
id = "values:{panel}"
yes = true
servers = {set_by_panel}

[[answers]]
id = "backup:{station}"
yes = true
servers = {saved}
protocols = ["ftp", "ftp-data"]
verbs = ["unknown"]

[[answers]]
id = "program:{station}"
yes = true
servers = {ip("plc-boiler")}

[[answers]]
id = "scan"
yes = true
clients = {ip("historian")}
servers = {ip(*everybody)}
protocols = ["http"]
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    for name in SEEDS:
        record(given.work, name)
    (given.work / "answers.toml").write_text(answers())
    propose(given.work, "quiet", "whole", "--answers", str(given.work / "answers.toml"))
    propose(given.work, "short", "bare")
    for policy in ("whole", "bare"):
        for traffic in ("quiet", "events", "attacks"):
            tell(given.work, policy, traffic)
    triples(given.work)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from interlock.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def record(work: Path, name: str) -> None:
    """A recording and its records, unless they stand there."""
    capture, minutes = work / f"{name}.pcap", 20 if name == "short" else 1440
    extra: list[str] = []
    for kind, names, first, step in (("event", EVENTS, 60, 160), ("attack", ATTACKS, 20, 40)):
        if name == f"{kind}s":
            extra += [w for n, each in enumerate(names) for w in (f"--{kind}", f"{each}@{first + n * step}")]
    if not capture.exists():
        made = run(
            "plant",
            "record",
            "--minutes",
            str(minutes),
            "--seed",
            str(SEEDS[name]),
            "--out",
            str(capture),
            *extra,
        )
        assert made.returncode == 0, made.stderr
    if not (work / name / "summary.json").exists():
        made = run("analyze", str(capture), "--out", str(work / name))
        assert made.returncode == 0, made.stderr


def propose(work: Path, traffic: str, name: str, *extra: str) -> None:
    site = str(work / f"{traffic}.pcap.site.toml")
    made = run(
        "zone", "propose", str(work / traffic), "--site", site, "--out", str(work / name), "--json", *extra
    )
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    print(f"{name}: {len(said['zones'])} zones, {len(said['conduits'])} conduits; cut until answered:")
    for text in said["coverage"]["cut"]:
        print(f"    {text}")


def tell(work: Path, policy: str, traffic: str) -> None:
    """What a policy cuts of a day, beside the truth."""
    made = run("zone", "check", str(work / traffic), "--site", str(work / policy / "site.toml"), "--json")
    assert made.returncode in {0, 1}, made.stderr
    said = json.loads(made.stdout)
    truth = json.loads((work / f"{traffic}.pcap.truth.json").read_text())
    frames = {a["name"]: set(a["frames"]) for a in truth["attacks"]}
    every = set().union(*frames.values()) if frames else set()
    cut = {frame for row in said["rows"] for frame in row["frames"]}
    false = [row for row in said["rows"] if not every & set(row["frames"])]
    print(
        f"{policy} against {traffic}: {said['operations']:,} operations, {said['flows']} conversations;"
        f" cut {said['cut_operations']:,} and {said['cut_flows']} in {said['violations']} kinds, of which"
        f" {len(false)} kinds ({sum(row['count'] for row in false)} times) are no attack's"
    )
    for row in false[:12]:
        print(f"    {row['sentence'][:150]}")
    if frames:
        untouched = [name for name, theirs in frames.items() if not theirs & cut]
        print(
            f"    attacks: {len(frames)}; of {len(frames) - len(untouched)} something is cut; of these nothing:"
        )
        print(f"    {', '.join(untouched)}")


def triples(work: Path) -> None:
    """(client, server, verb) between zones: granted, beside those that both days without attacks used."""
    site = read_policy(str(work / "whole" / "site.toml"), datetime.now(UTC).date()).site  # noqa: TID251
    used: set[tuple[str, str, str]] = set()
    for name in ("quiet", "events"):
        seen = from_folder(str(work / name))
        for each in judged(build_policy(site, datetime.now(UTC).date(), seen.find), seen.traffic):  # noqa: TID251
            ask = each.kind.ask
            if (
                each.answer.how == "conduit"
                and ask.verb
                and not is_group(ask.server)
                and not is_group(ask.client)
            ):
                used.add((ask.client, ask.server, ask.verb))
    granted = {
        (client, server, verb)
        for conduit in site.conduits
        for client in conduit.clients
        for server in conduit.servers
        for verb in conduit.verbs
    }
    machines = {m for pair in used for m in pair[:2]}
    everything = len(machines) * (len(machines) - 1) * 26
    print(
        f"triples between zones: used {len(used)}, granted {len(granted)} ({len(granted) / len(used):.2f} times);"
        f" an allow-all policy grants {everything} ({everything / len(used):.0f} times)"
    )


if __name__ == "__main__":
    main()
