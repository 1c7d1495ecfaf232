from __future__ import annotations

from datetime import date

import pytest

from interlock.records.site_text import load_site
from interlock.records.toml_places import locate
from interlock.segment.model.levels import level_of, lineage
from interlock.segment.model.problems import problems_of

TODAY = date(2026, 11, 28)
SEEN = "00000000-0000-0000-0000-000000000001"
RIGHT = f"""\
[[zones]]
name = "plant"
members = ["10.0.0.0/16"]
sl_t = 2

[[zones]]
name = "cell"
parent = "plant"
members = ["10.0.1.0/24", "01:00:00:00:00:01"]
assets = ["{SEEN}"]

[[zones]]
name = "others"
selector = 'role = "hmi"'
sl_t = 1

[[conduits]]
name = "c"
from = ["plant"]
to = ["cell"]
protocols = ["modbus"]
verbs = ["read"]
objects = ["holding:0..9"]
clients = ["10.0.7.1"]
servers = ["10.0.1.0/30"]
until = 2026-11-28
exception = true
owner = "J. Doe"
reason = "until May"
""".replace("01:00:00:00:00:01", "00:1b:1b:00:00:01")


def told(text: str) -> list[tuple[int, int, str]]:
    found = problems_of(load_site(text), TODAY, protocols={"modbus", "s7comm"}, assets={SEEN})
    return [(*locate(text, problem.path), str(problem)) for problem in found]


def test_a_right_policy_has_none() -> None:
    assert told(RIGHT) == []
    assert told("") == []


WRONG = [
    ('parent = "plant"', 'parent = "cell"', 8, 10, "zone cell lies within itself; name another parent"),
    ("sl_t = 2\n", "", 1, 1, "zone plant has no SL-T"),
    ('"10.0.1.0/24"', '"10.0.0.0/16"', 9, 12, "10.0.0.0/16 is a member of plant already; leave it in one"),
    ('"00:1b:1b:00:00:01"', '"01:0c:cd:01:00:01"', 9, 27, "is an address of many"),
    (SEEN, SEEN.replace("1", "2"), 10, 11, "no machine that was seen has the id"),
    ('parent = "plant"', 'parent = "plant"\nuntil = 2026-11-27', 9, 9, "zone cell ended on 2026-11-27"),
    ('["modbus"]', '["modbos"]', 21, 14, "did you mean 'modbus'?"),
    ('["modbus"]', '["qqq"]', 21, 14, "name `ports` for what no decoder knows"),
    ('protocols = ["modbus"]\n', "", 21, 9, "ports know nothing of verbs; name the protocol"),
    (
        'protocols = ["modbus"]\nverbs = ["read"]\nobjects = ["holding:0..9"]\n',
        "",
        17,
        1,
        "says nothing that may pass",
    ),
    ('verbs = ["read"]\n', "", 22, 11, "objects without a verb allow nothing"),
    ("holding:0..9", "holding:9..0", 23, 12, "a range that ends after it begins"),
    ("10.0.7.1", "10.9.7.1", 24, 12, "10.9.7.1 is in none of the zones plant"),
    ('owner = "J. Doe"\n', "", 17, 1, "exception c has no `owner`"),
    ("until = 2026-11-28", "until = 2026-11-27", 26, 9, "exception c ended on 2026-11-27; say a later day"),
    ('to = ["cell"]', "to = []", 20, 6, "joins nothing; name at least one zone"),
    (
        'reason = "until May"',
        'reason = "x"\ngroups = ["10.0.1.1"]',
        30,
        11,
        "10.0.1.1 is the address of one machine",
    ),
    ('reason = "until May"', 'reason = "x"\ngroups = ["239.1.1.1"]', 25, 11, "a group has no servers"),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "says"), WRONG)
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    old: str, new: str, line: int, column: int, says: str
) -> None:
    assert RIGHT.count(old) == 1
    found = told(RIGHT.replace(old, new))
    assert [(line, column)] == [place[:2] for place in found if says in place[2]], found
    assert all("; " in text for _, _, text in found)


def test_which_ip_address_a_mac_goes_with_no_file_says() -> None:
    """So it can be a machine of a zone whose members are IP addresses; of one with MACs alone it has to be one."""
    mac = "00:1b:1b:00:00:09"
    assert told(RIGHT.replace('clients = ["10.0.7.1"]', f'clients = ["{mac}"]')) == []
    members = '"10.0.1.0/24", "00:1b:1b:00:00:01"'
    by_mac = RIGHT.replace(f'assets = ["{SEEN}"]\n', "").replace(members, '"00:1b:1b:00:00:01"')
    (found,) = told(by_mac.replace('servers = ["10.0.1.0/30"]', f'servers = ["{mac}"]'))
    assert f"{mac} is in none of the zones cell" in found[2]


def test_realms_that_never_meet() -> None:
    text = """\
[[realms]]
name = "a"
[[zones]]
name = "x"
realm = "a"
sl_t = 1
[[zones]]
name = "y"
parent = "x"
[[conduits]]
name = "c"
from = ["x"]
to = ["y"]
ports = ["tcp/80"]
"""
    assert [place[:2] for place in told(text)] == [(9, 10), (13, 6)]


def test_levels_come_from_the_zones_around() -> None:
    site = load_site(RIGHT)
    assert level_of(site, site.zones[1]) == (2,) * 7
    assert [z.name for z in lineage(site, site.zones[1]) or ()] == ["cell", "plant"]
    circle = load_site(RIGHT.replace('name = "plant"\n', 'name = "plant"\nparent = "cell"\n', 1))
    assert lineage(circle, circle.zones[0]) is None
