"""The text for iptables-restore, read back and put in force."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segment.export.policies import TODAY, judged, openings, plan, policy_of, sites

from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.export.iptables import IPTABLES
from interlock.segment.export.matches import Match, allows
from interlock.segment.export.spans import read_ports, read_ranges

PROTOCOLS = {"icmp": "icmp", "ipv6-icmp": "icmp6", "tcp": "tcp", "udp": "udp"}
LOAD = """rules=$(cat); for words in "--test" "" ""; do for program in {programs}; do
printf '%s\\n' "$rules" | $program-restore --noflush $words || exit 9; done; done
for program in {programs}; do $program-save; done"""
"""Checked, put in force, and put in force again over itself."""


def read_iptables(text: str) -> tuple[Match, ...]:
    """The chains, walked; whatever is not known here fails."""
    chains: dict[str, list[dict]] = {}
    for line in text.splitlines():
        if line.startswith(("#", "*filter", "-F FORWARD", "-P FORWARD DROP", "COMMIT")):
            continue
        if line.startswith(":"):
            chains[re.fullmatch(r":([A-Z0-9-]+) - \[0:0\]", line)[1]] = []
            continue
        said = parsed(re.findall(r'"[^"]*"|\S+', line))
        if said["chain"] == "FORWARD":
            assert said["to"] == "INTERLOCK"
        elif "state" not in said and not between_neighbours(said):
            chains[said["chain"]].append(said)
    assert max(len(name) for name in chains) <= 28
    return tuple(walked(chains, "INTERLOCK", {}))


def between_neighbours(said: dict) -> bool:
    """What no router passes on, and a bridge does."""
    return said["to"] == "ACCEPT" and said["chain"] == "INTERLOCK"


def parsed(words: list[str]) -> dict:
    said: dict = {}
    if words[0] in {"-4", "-6"}:
        said["version"] = int(words.pop(0)[1])
    while words:
        word = words.pop(0)
        if word == "-m":
            assert words.pop(0) in {"conntrack", "multiport", "time", "comment"}
            continue
        value = words.pop(0)
        if word in {"-s", "-d"} and value == "0.0.0.255/0.0.0.255":
            said["many_source" if word == "-s" else "many_target"] = True
        elif word in {"-s", "-d"}:
            said["source" if word == "-s" else "target"] = read_ranges([value])
        elif word == "-p":
            said["transport"] = PROTOCOLS.get(value) or ("ip/2" if value == "igmp" else f"ip/{int(value)}")
        elif word == "--dports":
            assert len(value.replace(":", ",").split(",")) <= 15
            said["target_port"] = read_ports(value.replace(":", "-").split(","))
        else:
            said[
                {"-A": "chain", "-j": "to", "--ctstate": "state", "--datestop": "stop", "--comment": "note"}[
                    word
                ]
            ] = value
    return said


def walked(chains: dict[str, list[dict]], chain: str, known: dict):
    """Rules as if there were no chains: all that led to each."""
    for said in chains[chain]:
        facts = {k: v for k, v in said.items() if k not in {"chain", "to", "stop", "note"}}
        if facts.get("version", known.get("version")) != known.get("version", facts.get("version")):
            continue  # the other program passes it over
        assert not {k for k in facts if k in known and k != "version"}
        if said["to"] in {"ACCEPT", "DROP"}:
            yield Match(passes=said["to"] == "ACCEPT", **{**known, **facts})
        else:
            yield from walked(chains, said["to"], {**known, **facts})


@given(site=sites(), chance=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(site, chance):
    table = read_iptables(IPTABLES.write(plan(site)).text)
    policy = policy_of(site)
    for opening in openings(site, table, chance):
        wanted = judged(
            policy, opening.version, opening.transport, opening.source, opening.target, opening.target_port
        )
        assert allows(table, opening) == wanted, opening


def programs() -> list[str]:
    every = ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy")
    return [name for name in every if shutil.which(f"{name}-restore")]


@pytest.mark.skipif(not programs(), reason="iptables is not installed")
@given(site=sites())
@settings(deadline=None, max_examples=8)
def test_the_kernel_takes_it_and_takes_it_again(site):
    text = IPTABLES.write(plan(site)).text
    for start in range(0, len(programs()), 2):
        two = programs()[start : start + 2]
        ended = subprocess.run(
            ["unshare", "-rn", "sh", "-c", LOAD.format(programs=" ".join(two))],
            input=text, capture_output=True, check=False, timeout=120, text=True,
        )  # fmt: skip
        if "Operation not permitted" in ended.stderr or "does not exist" in ended.stderr:
            pytest.skip(f"no network namespaces or no {two[0]} in the kernel here")
        assert ended.returncode == 0, ended.stderr
        for saved, other in zip(ended.stdout.split("*filter")[1:], ("-6", "-4"), strict=True):
            lines = [
                line for line in text.splitlines() if "-A " in line and not line.startswith((other, "#"))
            ]
            assert saved.count("\n-A ") == len(lines)
            assert ":FORWARD DROP" in saved


def site_until(day: date, *ports: str) -> Site:
    zones = (Zone(name="a", members=("10.0.0.1",)), Zone(name="b", members=("10.0.0.2",)))
    return Site(zones=zones, conduits=(Conduit(name="c", from_=("a",), to=("b",), ports=ports, until=day),))


def test_a_rule_ends_with_its_day_where_the_kernel_can_count_so_far():
    made = IPTABLES.write(plan(site_until(date(2030, 2, 28), "tcp/1")))
    assert "-m time --datestop 2030-02-28T23:59:59 " in made.text
    assert not [lack for lack in made.lacks if lack.what == "until"]
    made = IPTABLES.write(plan(site_until(date(2040, 1, 1), "tcp/1")))
    assert "--datestop" not in made.text
    assert [lack.conduit for lack in made.lacks if lack.what == "until"] == ["c"]


def test_what_would_mean_any_protocol_is_not_written():
    made = IPTABLES.write(plan(site_until(TODAY, "ip/0", "ip/47")))
    assert "-p 47 " in made.text
    assert "-p 0 " not in made.text
    assert ("c", "target", "narrower") in {(lack.conduit, lack.what, lack.effect) for lack in made.lacks}
