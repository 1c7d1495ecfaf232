"""Exercises solved by the commands that they name, in this process: what a test types as the right answer."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from interlock.cli.main import interlock
from interlock.errors import InterlockError
from interlock.plant.exercises.table import FILES

__all__ = ["BY_THE_COMMANDS", "NUMBERS", "SITES", "WRONG", "practise", "run", "set_exercise"]

SITES = {
    4: '[[engineering_stations]]\naddress = "10.77.1.32"\n[[work_orders]]\nid = "WO-4711"\n'
       'start = 2026-09-03T05:00:00Z\nend = 2026-09-03T05:10:00Z\nstations = ["10.77.1.32"]\n'
       'machines = ["10.77.1.12"]\n',
    5: '[[zones]]\nname = "boiler"\nmembers = ["10.77.1.12", "10.77.1.13"]\n',
}  # fmt: skip
WRONG = {1: "3 10.77.1.15", 2: "10.77.1.30", 3: "10.77.1.12 10.77.1.40 1", 4: "05:03", 5: "10.77.1.30 10.77.1.17",
         6: "DB1.DBD0 7", 7: "10.77.1.31 2", 8: "00:11:22:33:44:55 10.77.1.30 10.77.1.10",
         9: "done"}  # fmt: skip
NUMBERS = tuple(range(1, len(FILES) + 1))


class Ran:
    """What a command said, and how it ended."""

    def __init__(self, result) -> None:
        failed = result.exception
        if failed is not None and not isinstance(failed, (SystemExit, InterlockError)):
            raise failed
        self.returncode = result.exit_code
        self.stdout, self.stderr = result.stdout, result.stderr
        self.error = failed if isinstance(failed, InterlockError) else None


def run(*arguments):
    """In this process: starting one for each of a hundred commands would take minutes."""
    return Ran(CliRunner().invoke(interlock, [str(a) for a in arguments]))


def practise(state, *arguments):
    return run("plant", "exercise", *arguments, "--state", state)


def set_exercise(state, number):
    """Set the exercise, and write into its site file what it asks for."""
    ran = practise(state, number)
    assert ran.returncode == 0, ran.stderr
    folder = state / f"exercise-{number}"
    if number in SITES:
        (folder / "site.toml").write_text(SITES[number], "utf-8")
    return ran.stdout, folder


def _analyzed(folder, capture="plant", *more):
    out = folder / f"out-{capture}"
    ran = run("analyze", folder / f"{capture}.pcap", "--out", out, *more)
    assert ran.returncode == 0, ran.stderr
    return {
        name: json.loads((out / f"{name}.json").read_text("utf-8"))[name] for name in ("assets", "findings")
    }


def _found(folder, detector):
    return next(f for f in _analyzed(folder)["findings"] if f["detector"] == detector)


def _rows(folder, table, *wanted):
    lines = run("decode", folder / "plant.pcap", "--table", table).stdout.splitlines()
    return [json.loads(line) for line in lines if all(w in line for w in wanted)]


def _machines(folder):
    addresses = [a["ips"][0] for a in _analyzed(folder)["assets"] if a["ips"]]
    asked = [r["client"] for r in _rows(folder, "flows") if r["client"].startswith("10.")]
    return f"{len(addresses)} {max(set(asked), key=asked.count)}"


def _weak(folder):
    return re.search(r"10\.[\d.]+", _found(folder, "opcua-security")["title"])[0]


def _stopped(folder):
    found = _found(folder, "controller-change")
    who, whom = re.findall(r"10\.77\.1\.\d+", found["title"])
    return f"{who} stopped {whom} in frame {found['evidence'][0]['frames'][0]}"


def _unordered(folder):
    times = [r["time"] for r in _rows(folder, "operations", '"program-write"')]
    return next(t[11:16] for t in times if t[11:16] >= "05:10")


def _crossing(folder):
    inside = {"10.77.1.12", "10.77.1.13"}
    pairs = [{r["client"], r["server"]} for r in _rows(folder, "flows") if r["client"].startswith("10.")]
    return ", ".join(sorted({a for p in pairs if p & inside for a in p - inside}))


def _moved(folder):
    written = _rows(folder, "values", '"written"', '"s7comm"')
    return f"{written[-1]['object']} {max(r['number'][0] for r in written):.2f}"


def _new(folder):
    days = [_analyzed(folder, day)["assets"] for day in ("monday", "tuesday")]
    before, after = ({ip for a in day for ip in a["ips"]} for day in days)
    (new,) = after - before
    told = run("diff", folder / "out-monday", folder / "out-tuesday", "--json").stdout
    assert new in told
    lines = run("decode", folder / "tuesday.pcap", "--table", "flows").stdout.splitlines()
    return f"{new} spoke to {len({json.loads(x)['server'] for x in lines if json.loads(x)['client'] == new})}"


def _between(folder):
    found = [f for f in _analyzed(folder)["findings"] if f["detector"] == "duplicate-address"]
    claims = [set(f["data"]["macs"].split(", ")) for f in found]
    (middle,) = set.intersection(*claims)
    return f"{middle} {' '.join(f['machines'][0] for f in found)}"


def _rule(folder):
    """The rule that the hints spell out; the commands find it right, loud and silent."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "stopped.yml").write_text(
        "title: A controller stopped\nlogsource: {category: ot_operation}\n"
        "detection:\n  halt: {verb: stop}\n  condition: halt\nlevel: high\n",
        "utf-8",
    )
    assert run("rule", "check", rules).returncode == 0
    loud, quiet = (
        run("rule", "try", folder / f"{name}.pcap", "--rules", rules, "--only") for name in ("plant", "quiet")
    )
    assert (loud.stdout[:7], quiet.stdout[:13]) == ("stopped", "0 rules fired")
    return "done"


BY_THE_COMMANDS = {
    1: _machines,
    2: _weak,
    3: _stopped,
    4: _unordered,
    5: _crossing,
    6: _moved,
    7: _new,
    8: _between,
    9: _rule,
}
