"""Suricata and we, side by side: the same rules over the same captures, and what each says alone.

    sh scripts/suricata_root.sh DIR
    python scripts/suricata_beside.py --root DIR [--rules FOLDER] [--captures DIR | --made whole|cut|missed|…]
                                      [--midstream no|yes] [--checksums no|auto] [--runs N] [--alone] [--list]
                                      [--json]
    python scripts/suricata_beside.py --root DIR --made random [--seed N] [--rules-count N] [--from CAPTURE ...]

An alert is a rule (id) in a conversation. --captures: every capture below that folder; the public ones where nothing
is said. --made: a conversation for each rule instead, as the tests' synthesis makes it, in a few captures. Ours are the
findings of `interlock analyze`. Rules of the id 1, which ELITEWOLF's all have, get ids of their own first; those that
one of both does not load are left out on both sides, and counted. Suricata reads Modbus, DNP3 and EtherNet/IP, which it
does not as delivered, and knows what variables mean that its configuration has no meaning for. It is run N times, since
it does not say the same each time (it draws sizes of chunks, and what is left at the end it looks at in an order of
chance): what each run says is to be said here, and what is said here is to be said in one of them. One process reads
all captures; --alone: each is read by one of its own, as `suricata -r` does. Exit 1 where less than 99 of 100 are, one
way or the other.

--made random: rules drawn at random from the language's grammar, and conversations that they nearly match, or captures
(--from); each difference is cut down to what is left of the rule (beside/drawn).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from beside import made, ours  # noqa: E402 (after sys.path is set)
from beside.drawn.comparing import Compared  # noqa: E402
from beside.drawn.comparing import compared as compared_at_random  # noqa: E402
from beside.drawn.traffic import THEMES  # noqa: E402
from beside.frames import pcap  # noqa: E402
from beside.theirs import Alert, Suricata  # noqa: E402

from detect.signatures.sets import FOLDER  # noqa: E402
from interlock.bootstrap.signature_files import rule_files  # noqa: E402
from interlock.detect.signatures.language.reading import read_rules  # noqa: E402
from interlock.detect.signatures.language.variables import ADDRESSES, PORTS, Variables  # noqa: E402
from interlock.errors import InterlockError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", ROOT.parent / "shared" / "captures"))
SAME = 0.99
RANDOM = "random"
_SUFFIXES = (".pcap", ".pcapng", ".cap")
_SID = re.compile(r"\bsid:\s*(\d+)\s*;")
_LISTED = 3
_TOGETHER = 3_000
"""Rules whose conversations are in one capture: a run of analyze makes at most 10,000 findings of rules."""


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--rules", type=Path, default=FOLDER)
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--made", choices=(*made.WAYS, RANDOM))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules-count", type=int, default=1_000, help="of random rules")
    parser.add_argument("--from", dest="drawn_from", type=Path, nargs="*", default=[], metavar="CAPTURE")
    parser.add_argument(
        "--theme", nargs="*", default=[], choices=tuple(THEMES), help="of what is made; all of them else"
    )
    parser.add_argument("--midstream", choices=("no", "yes"), default="no")
    parser.add_argument("--checksums", choices=("no", "auto"), default="no")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="a process for each capture; takes much longer")
    parser.add_argument("--list", action="store_true", help="name every alert that one of both gives alone")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if os.geteuid():
        print("a root folder is entered as root: run this as root", file=sys.stderr)
        return 3
    try:
        with tempfile.TemporaryDirectory() as folder:
            if given.made == RANDOM:
                return _at_random(given, Path(folder))
            said = compared(given, Path(folder))
    except InterlockError as error:
        print(error, file=sys.stderr)
        return 3
    if given.json:
        print(json.dumps(said))
    else:
        _show(said, every=given.list)
    return int(min(said["of_theirs"], said["of_ours"]) < SAME)


def compared(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What both say. given: as of the command. folder: for what is made."""
    text = numbered(given.rules)
    rules = folder / "rules"
    rules.mkdir()
    (rules / "all.rules").write_text(text, "utf-8", "surrogateescape")
    captures = _captures(given, text, folder)
    checks = ["-k", "none"] if given.checksums == "no" else []
    suricata = Suricata(given.root, _meant(), alone=given.alone)
    runs = [suricata.alerts(captures, text, given.midstream, checks) for _ in range(max(given.runs, 1))]
    problems = [line for run in runs for line in run.wrong]
    unread = frozenset().union(*(run.unread for run in runs))
    captures = {name: path for name, path in captures.items() if name not in unread}
    options = ("--midstream", given.midstream, "--checksums", given.checksums)
    mine, refused = ours.alerts(captures, rules, options)
    out = {int(sid) for line in problems for sid in _SID.findall(line)}
    out |= {int(sid) for line in refused for sid in re.findall(r"rule (\d+) is refused", line)}
    told = [{one for one in run.alerts if one.sid not in out and one.capture not in unread} for run in runs]
    always, ever = set.intersection(*told), set.union(*told)
    mine = {one for one in mine if one.sid not in out}
    return {
        "rules": len(_SID.findall(text)),
        "left_out": sorted(out),
        "captures": len(captures),
        "unread": sorted(unread),
        "runs": [len(alerts) for alerts in told],
        "theirs": len(always),
        "chance": len(ever - always),
        "ours": len(mine),
        "of_theirs": len(always & mine) / len(always) if always else 1.0,
        "of_ours": len(ever & mine) / len(mine) if mine else 1.0,
        "only_theirs": _told(always - mine),
        "only_ours": _told(mine - ever),
    }


def _at_random(given: argparse.Namespace, folder: Path) -> int:
    """Random rules, and what both say of them."""
    suricata = Suricata(given.root, _meant(), many=True)
    options = {"seed": given.seed, "count": given.rules_count, "midstream": given.midstream}
    options["themes"] = given.theme
    found = Compared()
    for found in compared_at_random(suricata, given.drawn_from, folder, **options):
        if not given.json:
            print(f"{found.rules} rules so far", file=sys.stderr)
    said = {"rules": found.rules, "refused": dict(found.refused), "theirs": found.theirs, "ours": found.ours}
    said |= {"of_theirs": found.of_theirs, "of_ours": found.of_ours, "differ": sorted(found.told, key=len)}
    if given.json:
        print(json.dumps(said))
    else:
        loaded = ", ".join(f"{name} {n}" for name, n in found.refused.items())
        print(f"{found.rules} rules of seed {given.seed}; not loaded by {loaded}")
        print(f"alerts (rule, conversation): Suricata {found.theirs}; we {found.ours}")
        print(
            f"of Suricata's {found.of_theirs:.2%}, of ours {found.of_ours:.2%}; {len(found.told)} rules differ"
        )
        for line in sorted(found.told, key=len):
            print(line)
    return int(min(found.of_theirs, found.of_ours) < SAME)


def numbered(rules: Path) -> str:
    """All rules that are switched on, each once; of those with one id all but the first get another."""
    lines = dict.fromkeys(
        line.strip()
        for file in rule_files(str(rules))
        for line in file.text().splitlines()
        if line.strip().startswith(("alert", "pass", "drop", "reject"))
    )
    taken: Counter[str] = Counter()
    given = []
    for line in lines:
        found = _SID.search(line)
        sid = found[1] if found else ""
        taken[sid] += 1
        # What two rules share is mostly no revision of one: ELITEWOLF's have the id 1, all of them.
        again = sid == "1" and found is not None
        given.append(
            f"{line[: found.start()]}sid:{990_000 + taken[sid]};{line[found.end() :]}" if again else line
        )
    return "\n".join(given) + "\n"


def _captures(given: argparse.Namespace, text: str, folder: Path) -> Mapping[str, Path]:
    if not given.made:
        found = (path for path in given.captures.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
        named = {str(path.relative_to(given.captures)): path for path in sorted(found)}
        if not named:
            raise SystemExit(f"{given.captures}: no capture is below it; name a folder with --captures")
        return named
    variables = Variables()
    some_rules = filter(None, (read.signature for read in read_rules(text, "all.rules", variables)))
    written = {}
    for number, some in enumerate(iter(lambda: list(itertools.islice(some_rules, _TOGETHER)), [])):
        path = folder / f"{given.made}-{number}.pcap"
        with path.open("wb") as file:
            file.writelines(pcap(made.made(some, variables, given.made, given.seed)))
        written[path.name] = path
    return written


def _meant() -> dict[str, str]:
    return {**ADDRESSES, **PORTS}


def _told(alerts: Iterable[Alert]) -> list[str]:
    return sorted(
        f"{one.sid} {one.capture} {one.transport} {' and '.join(f'{address}:{port}' for address, port in one.ends)}"
        for one in alerts
    )


def _show(said: Mapping[str, Any], *, every: bool) -> None:
    print(
        f"{said['rules']} rules, {len(said['left_out'])} of them not loaded by one of both; {said['captures']} captures"
    )
    for name in said["unread"]:
        print(f"{name} is left out: Suricata does not read it")
    runs = (
        ""
        if len(said["runs"]) == 1
        else f" in all of {len(said['runs'])} runs, {said['chance']} more in some"
    )
    print(f"alerts (rule, conversation): Suricata {said['theirs']}{runs}; we {said['ours']}")
    print(f"of Suricata's {said['of_theirs']:.2%}, of ours {said['of_ours']:.2%}")
    for which in ("only_theirs", "only_ours"):
        for line in said[which] if every else said[which][:_LISTED]:
            print(f"{which.replace('_', ' ')}: {line}")
        if len(said[which]) > _LISTED and not every:
            print(f"{which.replace('_', ' ')}: {len(said[which]) - _LISTED} more; --list names them")


if __name__ == "__main__":
    sys.exit(main())
