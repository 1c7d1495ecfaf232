"""Targets read back by small readers of our own: each lets open what the policy allows, and its lacks say the rest."""

from __future__ import annotations

import os
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segment.export.policies import judged, openings, plan, policy_of, sites, text_of
from tests.segment.export.test_targets import HOSTILE, NAMES, site_of

from interlock.decode.protocols import modbus
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.export.matches import Match, allows
from interlock.segment.export.modbus_functions import FUNCTIONS, ranges_of
from interlock.segment.export.spans import normal, read_ports, read_ranges
from interlock.segment.export.target import target_named
from interlock.segment.model.groups import is_group

GOLDEN = Path(__file__).parent / "golden"
OTHERS = ("fortios", "pan-os", "opnsense", "hirschmann", "scalance")
TARGETS = ("nftables", "nftables-bridge", "iptables", "cisco-ios", *OTHERS)
WORDS = re.compile(r'"[^"]*"|\S+')


def words_of(text: str, mark: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith(mark))
    return [[word.strip('"') for word in WORDS.findall(line)] for line in lines]


def read_fortios(text: str) -> list[Match]:
    tables: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(dict)
    table = entry = ""
    for words in words_of(text, "#"):
        if words[0] == "config":
            table = " ".join(words[1:])
        elif words[0] == "edit":
            entry = words[1]
            assert len(entry) <= 79
            assert entry not in tables[table]
            tables[table][entry] = {}
        elif words[0] == "set":
            more = 1 if words[1] == "append" else 0
            tables[table][entry].setdefault(words[1 + more], []).extend(words[2 + more :])
        else:
            assert words in (["next"], ["end"]), words
    return list(fortios_matches(tables))


def matches(passes: bool, version: int | None, source, target, services):
    """One for each of the services: transport, ports."""
    for transport, ports in services:
        yield Match(
            passes=passes,
            version=version,
            transport=transport,
            source=source,
            target=target,
            target_port=ports,
        )


def fortios_matches(tables: dict):
    def side(policy: dict, word: str):
        for version, more in ((4, ""), (6, "6")):
            for name in policy.get(f"{word}{more}", ()):
                if name == "all":
                    yield version, None
                    continue
                members = tables[f"firewall addrgrp{more}"][name]["member"]
                found = [tables[f"firewall address{more}"][m] for m in members]
                yield version, read_ranges(f"{f['start-ip'][0]}-{f['end-ip'][0]}" for f in found)

    for policy in tables["firewall policy"].values():
        assert len(policy["name"][0]) <= 35
        assert (
            policy["schedule"][0] == "always" or policy["schedule"][0] in tables["firewall schedule onetime"]
        )
        passes = {"accept": True, "deny": False}[policy["action"][0]]
        for version, source in side(policy, "srcaddr"):
            target = dict(side(policy, "dstaddr"))[version]
            services = fortios_services(tables, policy["service"][0])
            yield from matches(passes, version, source, target, services)


def fortios_services(tables: dict, name: str):
    if name == "ALL":
        yield None, None
        return
    for member in tables["firewall service group"][name]["member"]:
        said = tables["firewall service custom"][member]
        kind = said["protocol"][0]
        if kind == "TCP/UDP/SCTP":
            yield from (
                (w, read_ports(said[f"{w}-portrange"])) for w in ("tcp", "udp") if f"{w}-portrange" in said
            )
        else:
            yield (
                {"ICMP": "icmp", "ICMP6": "icmp6"}.get(kind) or f"ip/{int(said['protocol-number'][0])}",
                None,
            )


def read_pan_os(text: str) -> list[Match]:
    said: dict[str, dict[str, list[str]]] = defaultdict(dict)
    rules = []
    for words in words_of(text, "#"):
        assert words[0] == "set"
        if words[1] == "rulebase":
            assert words[2:4] == ["security", "rules"]
            rules.append(pan_fields(words[5:]))
            assert len(words[4]) <= 63
        else:
            assert words[2] not in said[words[1]]
            said[words[1]][words[2]] = words[3:]
    return [match for rule in rules for match in pan_matches(said, rule)]


def pan_fields(words: list[str]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    while words:
        name = words.pop(0)
        if words[0] == "[":
            end = words.index("]")
            fields[name], words = words[1:end], words[end + 1 :]
        else:
            fields[name] = [words.pop(0)]
    return fields


def pan_matches(said: dict, rule: dict):
    passes = {"allow": True, "deny": False}[rule["action"][0]]
    assert "schedule" not in rule or rule["schedule"][0] in said["schedule"]

    def side(name: str):
        if name == "any":
            return None
        members = said["address-group"][name][2:-1]
        return read_ranges(said["address"][m][1] for m in members)

    source, target = side(rule["source"][0]), side(rule["destination"][0])
    version = None if rule["source"][0] == "any" else int(rule["source"][0][-1])
    yield from matches(passes, version, source, target, pan_services(said, rule))


def pan_services(said: dict, rule: dict):
    if rule["service"] == ["any"]:
        assert rule["application"] == ["any"]
        yield None, None
    elif rule["service"] == ["application-default"]:
        for app in rule["application"]:
            known = {"icmp": "icmp", "ping": "icmp", "ipv6-icmp": "icmp6", "ping6": "icmp6"}
            yield known.get(app) or f"ip/{int(said['application'][app][-1])}", None
    else:
        for name in rule["service"]:
            _, word, _, ports = said["service"][name]
            yield word, read_ports(ports.split(","))


def read_opnsense(text: str) -> list[Match]:
    root = ET.fromstring(text)
    aliases = {a.findtext("name"): (a.findtext("content") or "").split() for a in root.iter("alias")}
    kinds = {a.findtext("name"): a.findtext("type") for a in root.iter("alias")}
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]{0,31}", name) for name in aliases)
    found = []
    for number, rule in enumerate(root.iter("rule"), 1):
        get = {child.tag: child.text or "" for child in rule}
        assert int(get["sequence"]) == number
        assert len(get["description"]) <= 255
        if get["action"] == "block":
            assert (get["destination_net"], get["destination_not"]) == ("(self)", "1")
            found.append(Match(passes=False))
            continue
        assert kinds[get["source_net"]] == kinds[get["destination_net"]] == "network"
        protocol = {
            "any": None,
            "TCP": "tcp",
            "UDP": "udp",
            "ICMP": "icmp",
            "IPV6-ICMP": "icmp6",
            "GRE": "ip/47",
        }[get["protocol"]]
        ports = get["destination_port"]
        assert not ports or kinds[ports] == "port"
        found.append(Match(
            passes=True, version={"inet": 4, "inet6": 6}[get["ipprotocol"]], transport=protocol,
            source=read_ranges(aliases[get["source_net"]]), target=read_ranges(aliases[get["destination_net"]]),
            target_port=read_ports(p.replace(":", "-") for p in aliases[ports]) if ports else None,
        ))  # fmt: skip
    return found


def read_hirschmann(text: str) -> list[Match]:
    found, entry = [], {}
    profiles = {int(n) for n in re.findall(r"^modbus-enforcer profile (\d+)$", text, re.MULTILINE)}
    assert not profiles or max(profiles) <= 32
    for words in [*words_of(text, "!"), ["packet-filter"]]:
        if words[0] in {"packet-filter", "modbus-enforcer"}:
            if "action" in entry:
                found.append(hirschmann_match(entry, profiles))
            entry = {}
        else:
            entry[words[0]] = words[1]
    return found


def hirschmann_match(entry: dict[str, str], profiles: set[int]) -> Match:
    any_or = {"any": None}
    assert len(entry["description"]) <= 64
    if entry["action"] == "enforce-modbus":
        assert int(entry["dpi-profile-index"]) in profiles
    everywhere = entry["source-address"] == "any"
    return Match(
        passes=entry["action"] != "drop", version=None if everywhere else 4,
        transport=any_or.get(entry["protocol"], entry["protocol"]),
        source=None if everywhere else read_ranges([entry["source-address"]]),
        target=None if everywhere else read_ranges([entry["destination-address"]]),
        target_port=None if entry["destination-port"] == "any" else read_ports([entry["destination-port"]]),
    )  # fmt: skip


def read_scalance(text: str) -> list[Match]:
    services = dict(re.findall(r"^!   (\S+): (.*)$", text, re.MULTILINE))
    found = []
    for words in words_of(text, "!"):
        if words[0] != "ipv4rule":
            assert " ".join(words) in {
                "configure terminal",
                "firewall",
                "no ipv4rule all",
                "end",
                "write startup-config",
            }
            continue
        said = {words[at]: words[at + 1] for at in range(7, len(words), 2)}
        assert [words[1], words[2], words[4], words[5]] == ["from", "vlan", "to", "vlan"]
        assert len(said["comment"]) <= 32
        assert 0 <= int(said["prior"]) <= 127
        transport = ports = None
        if said["service"] == "icmp-any":
            transport = "icmp"
        elif said["service"] != "all":
            word, _, text_of_ports = services[said["service"]].split(", ")
            transport, ports = word.lower(), read_ports([text_of_ports])
        found.append(Match(
            passes=said["action"] == "acc", version=4, transport=transport, source=read_ranges([said["srcip"]]),
            target=read_ranges([said["dstip"]]), target_port=ports,
        ))  # fmt: skip
    return found


READERS = {
    "fortios": read_fortios, "pan-os": read_pan_os, "opnsense": read_opnsense, "hirschmann": read_hirschmann,
    "scalance": read_scalance,
}  # fmt: skip
SAID = {"fortios": {4, 6}, "pan-os": {4, 6}, "opnsense": {4, 6}, "hirschmann": {4}, "scalance": {4}}
UNSAID = {
    "fortios": (),
    "pan-os": (),
    "opnsense": ("ip/112", "ip/51"),
    "hirschmann": ("ip/",),
    "scalance": ("ip/",),
}


def unsaid(target: str, packet, lacks) -> bool:
    """What the target's lacks leave open here."""
    wide = any(lack.what == "broadcast" for lack in lacks)
    return wide and packet.version == 4 and 0xFF in {packet.source & 0xFF, packet.target & 0xFF}


@pytest.mark.parametrize("target", OTHERS)
@given(site=sites(), chance=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(target, site, chance):
    written = target_named(target).write(plan(site))
    table = READERS[target](written.text)
    policy = policy_of(site)
    enforced = (
        [c for c in site.conduits if c.protocols == ("modbus",) and not c.ports]
        if target == "hirschmann"
        else []
    )
    named_ip = {zone.name for zone in site.zones if zone.inside == "allow"}
    for opening in openings(site, table, chance):
        if unsaid(target, opening, written.lacks):
            continue
        source, goal = (text_of(opening.version, n) for n in (opening.source, opening.target))
        wanted = judged(
            policy, opening.version, opening.transport, opening.source, opening.target, opening.target_port
        )
        if is_group(goal) or opening.version not in SAID[target]:
            wanted = False
        elif opening.transport.startswith(UNSAID[target]) if UNSAID[target] else False:
            places = [policy.places.of("default", end).name for end in (source, goal)]
            wanted = wanted and places[0] == places[1] in named_ip
        elif (
            enforced
            and opening.transport == "udp"
            and opening.target_port == 502
            and not allows(table, opening)
        ):
            continue  # the Modbus Enforcer looks at TCP alone, and the text says so
        assert allows(table, opening) == wanted, opening


@pytest.mark.parametrize("target", OTHERS)
@given(name=NAMES)
@settings(deadline=None, max_examples=25)
def test_no_name_breaks_out(target, name):
    text = target_named(target).write(plan(site_of(name))).text
    assert READERS[target](text) == READERS[target](target_named(target).write(plan(site_of())).text)
    assert text.isascii()
    assert all(sign.isprintable() for sign in text.replace("\n", ""))


@pytest.mark.parametrize("target", TARGETS)
def test_golden(target):
    """`INTERLOCK_UPDATE_GOLDEN=1 pytest tests/segment/export` writes them anew."""
    path, text = GOLDEN / f"{target}.txt", target_named(target).write(plan(plant())).text
    if os.environ.get("INTERLOCK_UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), (
        f"{path.name} differs; review it, and update with INTERLOCK_UPDATE_GOLDEN=1"
    )


def plant() -> Site:
    """The cells of site_of, and Modbus by functions and registers, also with names that break out of comments."""
    site = site_of("boiler")
    reads = Conduit(
        name="trends", from_=(site.zones[0].name,), to=("inner",), protocols=("modbus",), verbs=("read",), units=("1",),
        objects=("holding:0..99", "holding:200", "input:7"), reason=HOSTILE, owner="automation",
    )  # fmt: skip
    sets = Conduit(
        name="set points",
        from_=("inner",),
        to=(site.zones[1].name,),
        protocols=("modbus",),
        verbs=("read", "write"),
    )
    return Site(name="plant", zones=site.zones, conduits=(*site.conduits, reads, sets))


def test_functions_are_named_where_a_target_knows_them():
    said = target_named("pan-os").write(plan(plant()))
    line = next(line for line in said.text.splitlines() if " rules conduit_5_v4 " in line)
    reading = "modbus-read-coils modbus-read-discrete-inputs modbus-read-holding-registers modbus-read-input-registers"
    assert f"application [ modbus-base {reading} modbus-read-fifo-queue ] service" in line
    assert "write" not in line.partition(" description ")[0]
    s7 = next(line for line in said.text.splitlines() if " rules conduit_1_v4 " in line)
    assert " application any service " in s7
    enforced = target_named("hirschmann").write(plan(plant())).text
    assert "    function-code 3|0-200,4|7-7\n    unit-identifier 1\n" in enforced
    assert "    function-code 1,2,3,4,5,6,15,16,22,23,24\n" in enforced
    assert "    dpi-profile-index 1\n" in enforced


def test_functions_do_what_the_decoder_says_they_do():
    table = tomllib.loads((Path(modbus.__file__).parent / "verbs.toml").read_text("utf-8"))
    known = {int(code): said["verb"] for code, said in table["modbus"].items()}
    inner = {said["verb"] for said in table["modbus-diagnostics"].values()}
    for function in FUNCTIONS:
        wanted = {known[function.code]} | (inner if function.code == 8 else set())
        assert wanted <= function.verbs, function
        assert function.verbs - wanted <= {"read"}, function
    assert {f.code for f in FUNCTIONS} == set(known) - {90}


def test_ranges_of_objects():
    assert ranges_of(()) is None
    assert ranges_of(("holding:0..9", "holding:20", "coil:3")) == {"holding": (0, 20), "coil": (3, 3)}
    assert ranges_of(("holding:*",)) == {"holding": (0, 65_535)}
    assert ranges_of(("holding:1", "*")) is None
    assert ranges_of(("DB1.DBB0..3",)) is None


@pytest.mark.parametrize("target", OTHERS)
def test_what_is_lost_is_said(target):
    site = Site(
        zones=(
            Zone(name="a", members=("10.0.0.0/8", "2001:db8::1")),
            Zone(name="b", members=("192.0.2.1", "2001:db8::2")),
        ),
        conduits=(Conduit(name="c", from_=("a",), to=("b",), ports=("ip/112", "ip/0", "tcp/1")),),
    )
    written = target_named(target).write(plan(site))
    told = {(lack.conduit, lack.what, lack.effect) for lack in written.lacks}
    assert (None, "broadcast", "wider") in told
    assert ("c", "target", "narrower") in told
    assert all(lack.sentence.split(":")[0][:20] in written.text or not lack.conduit for lack in written.lacks)
    assert normal(((1, 2), (3, 4))) == ((1, 4),)
