"""What holds for every firewall's file."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import string
import subprocess
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.segment.export.policies import KNOWN, TODAY, plan, sites

import interlock.segment.export as room
from interlock.errors import PolicyError
from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.export.comments import about, plain, short
from interlock.segment.export.ios_reading import read_cisco_ios
from interlock.segment.export.nft_reading import read_nftables
from interlock.segment.export.planning import plan_of
from interlock.segment.export.target import TARGETS, target_named, targets
from interlock.segment.model.policy import Policy
from interlock.segment.model.realms import realm_of

HOSTILE = 'x"; }\n}\nadd rule inet t c accept # \x1a ? ! $(id) `id` ${x} \\ \u202e <a> & é Ü \x00 ]]>'
HARMLESS = frozenset(string.ascii_letters + string.digits + " .,:;/()+=@_-")
NAMES = st.one_of(st.just(HOSTILE), st.text(max_size=200))


SCRIPT = 'rules=$(cat); for n in c n n; do printf "%s\\n" "$rules" | nft -$n -f - || exit 9; done; nft list ruleset'
"""Checked, put in force, and put in force again over itself."""


def site_of(name: str = "cell", **fields: object) -> Site:
    """A panel, a cell within another, a conduit of every kind; `name` stands wherever people write."""
    zones = (
        Zone(name=f"panels {name}", members=("10.0.1.0/24", "2001:db8::1"), sl_t=(1,) * 7),
        Zone(
            name=f"cell {name}", members=("10.0.2.0/24", "00:1b:1b:00:00:01"), owner=name, inside="conduits"
        ),
        Zone(name="inner", members=("10.0.2.16/29", "00:1b:1b:00:00:02"), parent=f"cell {name}"),
    )
    told = {"reason": name, "owner": name, "until": date(2030, 2, 28)}
    given = {"from_": (zones[0].name,), "to": (zones[1].name,), **told, **fields}
    conduits = (
        Conduit(name=name, protocols=("s7comm",), verbs=("read",), objects=("DB1.*",), **given),
        Conduit(name=f"web {name}", ports=("tcp/443", "udp/5000-5010", "icmp", "ip/47"), **given),
        Conduit(name=f"shout {name}", protocols=("snmp",), groups=("239.1.1.1", "broadcast"), **given),
        Conduit(name=f"io {name}", from_=(zones[1].name,), to=("inner",), protocols=("profinet-rt",), **told),
    )
    return Site(name=name, zones=zones, conduits=conduits)


def written(target: str, site: Site) -> str:
    return target_named(target).write(plan(site)).text


def test_table_and_files_agree():
    here = {path.stem for path in Path(room.__file__).parent.glob("*.py")}
    assert {where.partition(":")[0] for where, _ in TARGETS.values()} <= here
    assert set(targets()) >= set(TARGETS)


def test_another_package_can_add_one_but_not_replace_ours(monkeypatch):
    def points(group):
        assert group == "interlock.zone_targets"
        return [EntryPoint(name, f"{__name__}:OTHER", group) for name in ("acme", "nftables")]

    monkeypatch.setattr("importlib.metadata.entry_points", points)
    assert target_named("acme") is OTHER
    assert target_named("nftables") is not OTHER


OTHER = object()


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_plan_is_the_same_text_and_every_conduit_is_named(target):
    text = written(target, site_of())
    assert text == written(target, site_of())
    assert text.endswith("\n")
    for word in ("cell", "web cell", "shout cell", "io cell", "2030"):
        assert word in text


@pytest.mark.parametrize("target", TARGETS)
def test_what_cannot_be_said_is_said(target):
    result = target_named(target).write(plan(site_of()))
    if target == "csv":
        assert result.lacks == ()
        return
    told = {(lack.conduit, lack.what, lack.effect) for lack in result.lacks}
    assert ("cell", "content", "wider") in told
    assert ("shout cell", "hearers", "elsewhere") in told
    assert {what for conduit, what, _ in told if conduit == "io cell"} & {"layer-2", "direction"}
    for lack in result.lacks:
        assert plain(lack.sentence, 60).removesuffix("...")[:40] in result.text


@given(name=NAMES)
@settings(deadline=None, max_examples=60)
def test_no_name_breaks_out_of_its_comment(name):
    for target, read in (("nftables", read_nftables), ("cisco-ios", read_cisco_ios)):
        text = written(target, site_of(name))
        assert read(text) == read(written(target, site_of()))
        assert text.isascii()
        assert all(sign.isprintable() for sign in text.replace("\n", ""))
    rows = list(csv.reader(io.StringIO(written("csv", site_of(name)), newline="")))
    assert len(rows) == len(list(csv.reader(io.StringIO(written("csv", site_of())))))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@given(text=st.one_of(NAMES, st.text()), most=st.integers(20, 200))
def test_the_harmless_alphabet(text, most):
    kept = plain(text, most)
    assert set(kept) <= HARMLESS
    assert 0 < len(kept) <= most
    assert kept == kept.strip()


@given(site=sites())
@settings(deadline=None, max_examples=60)
def test_comments_keep_number_and_end(site):
    for rule in plan(site).rules:
        assert set(about(rule)) <= HARMLESS
        cut = short(rule, 60)
        assert len(cut) <= 60
        assert rule.key in cut
        assert rule.until is None or str(rule.until) in cut


@pytest.mark.skipif(shutil.which("nft") is None, reason="nftables is not installed")
@given(site=sites())
@settings(deadline=None, max_examples=8)
def test_the_kernel_takes_it_and_takes_it_again(site):
    text = written("nftables", site)
    ended = subprocess.run(
        ["unshare", "-rn", "sh", "-c", SCRIPT],
        input=text.encode(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    if b"Operation not permitted" in ended.stderr:
        pytest.skip("no network namespaces here")
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.count(b"table inet interlock_zones") == 1
    assert ended.stdout.count(b" accept") >= text.count(" accept comment")


def test_a_file_of_somebody_else_is_refused_with_its_line():
    text = written("nftables", site_of())
    with pytest.raises(PolicyError, match=r"rules.nft, line \d+: 'tcp dport 22 meta mark 5 accept'"):
        read_nftables(
            text.replace("        ct state invalid drop", "        tcp dport 22 meta mark 5 accept"),
            file="rules.nft",
        )
    text = written("cisco-ios", site_of())
    with pytest.raises(PolicyError, match="line 1: 'interface Vlan1' is none"):
        read_cisco_ios("interface Vlan1\n" + text)


def test_a_selector_needs_an_inventory_and_takes_all_addresses_of_a_machine():
    zones = (
        Zone(name="plcs", selector='vendor = "Siemens"'),
        Zone(name="none", selector='vendor = "Nobody"'),
    )
    site = Site(zones=zones, conduits=(Conduit(name="c", from_=("plcs",), to=("none",), ports=("tcp/1",)),))
    with pytest.raises(PolicyError, match="zone plcs names machines by id or by what is known of them"):
        plan_of(Policy(site, TODAY), "default", KNOWN)
    known = Asset(
        id="a", realm="default", ips=("10.0.0.1", "10.1.0.1"), macs=("00:1b:1b:00:00:09",), vendor="Siemens"
    )
    made = plan_of(
        Policy(site, TODAY, lambda _, a: known if a in (*known.ips, *known.macs) else None),
        "default",
        KNOWN,
        [known],
    )
    region = made.zones[0].region
    assert region.v4 == ((0x0A000001, 0x0A000001), (0x0A010001, 0x0A010001))
    assert region.macs == known.macs
    assert {(lack.conduit, lack.what) for lack in made.lacks} == {("none", "machines"), ("c", "machines")}


def test_a_realm_has_to_be_said_where_there_are_two():
    site = Site(zones=(Zone(name="a", realm="one"), Zone(name="b", realm="two")))
    policy = Policy(site, TODAY)
    assert realm_of(policy, "two") == "two"
    with pytest.raises(PolicyError, match="realms one, two, and one realm is meant; name it by --realm"):
        realm_of(policy, None)
    with pytest.raises(PolicyError, match="no zone is of the realm x; name one of one, two"):
        realm_of(policy, "x")


def test_ended_conduits_are_not_written():
    site = site_of()
    over = dataclasses.replace(
        site, conduits=tuple(dataclasses.replace(c, until=date(2020, 1, 1)) for c in site.conduits)
    )
    assert all(rule.conduit is None for rule in plan(over).rules)
