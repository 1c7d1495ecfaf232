"""Prove proposals of zones on the practice plant: one day proposes, other days (other seeds) judge.

    python scripts/zones.py --work DIR

QUIET (seed 21) proposes. EVENTS (seed 22) has every rare event that is nobody's attack: what is cut of it is a false
cut. ATTACKS (seed 23) has every attack: what is cut of it outside the attacks' frames is a false cut, too. ANSWERS are
what the operators would say: they know their machines and their calendar, not the attacks.

- `whole`: from QUIET, with answers. `bare`: from 20 minutes, without. `asked`: from the same 20 minutes, with answers:
  what `bare` cuts and `asked` does not is what the coverage statement named; what both cut, it had not named.
- Steps of an attack: who asked whom by what for which verb, and conversations as such. A step is stopped (denied),
  unstoppable (allowed, and inside one zone, on one link, or within the plant's true policy), missed (allowed although
  the true policy does not grant it), or begun (likewise, but no more than a conversation: whatever is asked in it that
  the proposal does not grant is stopped).
- Rights: triples of client, server and verb between zones that the proposal grants, beside the true policy's.

It ends with 1 where a goal is missed. Recordings that stand in DIR are taken as they are: equal seeds, equal octets.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from interlock.bootstrap.zoning import build_policy, from_folder, read_policy
from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.machines import BY_NAME
from interlock.plant.rights import RIGHTS, triples
from interlock.records.conduit import Conduit
from interlock.segment.check.granted import granted
from interlock.segment.check.traffic import READ, Traffic
from interlock.segment.check.verdicts import judged
from interlock.segment.model.places import nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.check.verdicts import Judged

TODAY = datetime.now(UTC).date()  # noqa: TID251 (a script)
FOLDED = {"repeats", "last"}
MOST = 1.5
SEEDS = {"quiet": 21, "events": 22, "attacks": 23, "short": 21}


def answers() -> str:
    """By machine: who sets values where, what is saved and programmed from where, which tool looks around."""

    def ip(*names: str) -> str:
        return json.dumps([BY_NAME[name].ip for name in names])

    panel, station = BY_NAME["hmi"].ip, BY_NAME["engineering"].ip
    everybody = [n for n, m in BY_NAME.items() if n not in {"historian", "vendor-laptop", "outside"} and m.ip]
    set_by_panel = ip("plc-water", "plc-boiler", "plc-filler", "hvac-hall", "rtu-feeder")
    return f"""
[[answers]]
id = "values:{panel}"
yes = true
servers = {set_by_panel}

[[answers]]
id = "backup:{station}"
yes = true
servers = {ip("drive-pump", "plc-boiler", "plc-filler")}

[[answers]]
id = "backup:{station}"
yes = true
servers = {ip("plc-water")}
protocols = ["ftp", "ftp-data"]
verbs = ["unknown"]

[[answers]]
id = "program:{station}"
yes = true
servers = {ip("plc-boiler")}

[[answers]]
id = "command:{station}"
yes = false

[[answers]]
id = "firmware:{station}"
yes = false

[[answers]]
id = "scan"
yes = true
clients = {ip("historian")}
servers = {ip(*everybody)}
protocols = ["http", "modbus", "s7comm", "enip"]
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    for name in SEEDS:
        record(work, name)
    (work / "answers.toml").write_text(answers())
    propose(work, "quiet", "whole", "--answers", str(work / "answers.toml"))
    propose(work, "short", "bare")
    propose(work, "short", "asked", "--answers", str(work / "answers.toml"))
    cuts = {
        (policy, traffic): tell(work, policy, traffic)
        for policy in ("whole", "bare", "asked")
        for traffic in ("quiet", "events", "attacks")
    }
    missed = steps(work, "whole")
    ratio = rights(work, "whole")
    goals = {
        "false cuts of the whole proposal: 0": sum(cuts["whole", t] for t in ("quiet", "events", "attacks")) == 0,
        "cuts of the bare proposal that its coverage had not named: 0": sum(
            cuts["asked", t] for t in ("quiet", "events", "attacks")
        ) == 0,
        "steps of attacks that the proposal allows and the true policy does not: 0": missed == 0,
        f"rights: at most {MOST} times the true policy's": ratio <= MOST,
    }  # fmt: skip
    for goal, met in goals.items():
        print(f"{'met' if met else 'MISSED'}: {goal}")
    sys.exit(0 if all(goals.values()) else 1)


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


def tell(work: Path, policy: str, traffic: str) -> int:
    """What a policy cuts of a day, beside the truth; how often it cuts what is no attack's."""
    made = run("zone", "check", str(work / traffic), "--site", str(work / policy / "site.toml"), "--json")
    assert made.returncode in {0, 1}, made.stderr
    said = json.loads(made.stdout)
    truth = json.loads((work / f"{traffic}.pcap.truth.json").read_text())
    frames = {a["name"]: set(a["frames"]) for a in truth["attacks"]}
    every = set().union(*frames.values()) if frames else set()
    false = [row for row in said["rows"] if not every & set(row["frames"])]
    print(
        f"{policy} against {traffic}: {said['operations']:,} operations, {said['flows']} conversations;"
        f" cut {said['cut_operations']:,} and {said['cut_flows']} in {said['violations']} kinds, of which"
        f" {len(false)} kinds ({sum(row['count'] for row in false)} times) are no attack's"
    )
    for row in false[:12]:
        print(f"    {row['sentence'][:150]}")
    return sum(row["count"] for row in false)


def steps(work: Path, policy: str) -> int:
    """Each attack's steps, judged; how many are missed."""
    truth = json.loads((work / "attacks.pcap.truth.json").read_text())
    true, spoken = set(triples()), {(r.client, r.server, r.protocol) for r in RIGHTS}
    name_of = {machine.ip: name for name, machine in BY_NAME.items()}
    count = {"stopped": 0, "unstoppable": 0, "begun": 0, "missed": 0}
    for attack in truth["attacks"]:
        found: dict[str, set[str]] = {name: set() for name in count}
        for each in of_frames(work, policy, set(attack["frames"])):
            ask, answer = each.kind.ask, each.answer
            how = "stopped" if not answer.allowed else "missed" if ask.verb else "begun"
            known = (name_of.get(ask.client), name_of.get(ask.server), ask.protocol) in spoken
            right = (ask.client, ask.server, ask.verb) in true if ask.verb else known
            if answer.how in {"inside", "link"} or (answer.allowed and right):
                how = "unstoppable"
            where = answer.how if answer.how in {"inside", "link"} else f"{ask.client} to {ask.server}"
            found[how].add(
                f"{ask.protocol or (ask.port or ('?',))[0]} {ask.verb or 'conversation'} ({where})"
            )
        for name, some in found.items():
            count[name] += len(some)
        print(f"    {attack['name']}: " + ("" if any(found.values()) else "alters what others say") + "; ".join(
            f"{name} {len(some)}" + (f" ({', '.join(sorted(some)[:6])})" if name != "stopped" else "")
            for name, some in found.items() if some
        ))  # fmt: skip
    print("steps of all attacks: " + ", ".join(f"{number} {name}" for name, number in count.items()))
    return count["missed"]


def of_frames(work: Path, policy: str, frames: set[int]) -> Iterator[Judged]:
    """What was asked in an attack's frames, and the conversations that begin in them, judged."""
    seen = from_folder(str(work / "attacks"))
    traffic, mine = Traffic(), pa.array(sorted(frames), pa.uint64())
    for table, columns in READ.items():
        rows = pq.read_table(
            work / "attacks" / f"{table}.parquet",
            columns=[c for c in columns if c not in FOLDED or table == "flows"],
        )
        if table == "operations":
            asked = pc.is_in(rows["frame"].cast(pa.uint64()), mine)
            told = pc.and_(
                pc.is_null(rows["frame"]), pc.is_in(rows["response_frame"].cast(pa.uint64()), mine)
            )
            rows = rows.filter(pc.or_(pc.fill_null(asked, False), pc.fill_null(told, False)))
        for batch in rows.to_batches():
            traffic.feed(table, batch)
    traffic.finish()
    site = read_policy(str(work / policy / "site.toml"), TODAY).site
    for each in judged(build_policy(site, TODAY, seen.find), traffic):
        if each.kind.what == "operation" or frames & set(each.kind.seen.frames):
            yield each


def rights(work: Path, name: str) -> float:
    """(client, server, verb) between zones: granted, beside those that the plant's true policy grants."""
    site = read_policy(str(work / name / "site.toml"), TODAY).site
    policy = build_policy(site, TODAY, nobody)
    machines = [machine.ip for machine in BY_NAME.values()]
    zone = {machine: policy.places.of("default", machine).name for machine in machines}
    true = {(c, s, v) for c, s, v in triples() if zone[c] != zone[s]}
    given = granted(policy, "default", machines)
    names = tuple(dict.fromkeys(z for z in zone.values() if z))
    every = Conduit(name="all", from_=names, to=names, protocols=("modbus",), verbs=("*",))
    allowing = build_policy(dataclasses.replace(site, conduits=(every,)), TODAY, nobody)
    most = len(granted(allowing, "default", machines))
    print(
        f"rights between zones: true {len(true)}, granted {len(given)} ({len(given) / len(true):.2f} times), of the"
        f" true ones {len(true - given)} not granted; an allow-all policy grants {most:,}"
        f" ({most / len(true):.0f} times)"
    )
    return len(given) / len(true)


if __name__ == "__main__":
    main()
