from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.records import site_text, toml_places
from interlock.records.site import Site
from interlock.records.site_text import SECTIONS, load_site

WHOLE = """\
# The dairy, north hall.
[site]
name = "Dairy North"

[[realms]]
name = "cell1"
networks = ["10.1.0.0/16"]
sources = ["cell1-*.pcap"]

[[zones]]
name = "Filling"
realm = "cell1"
members = ["10.1.3.7/24", "00-1B-1B-00-00-02", "2001:DB8::1"]
sl_t = 2
purdue_level = "1"

[[zones]]
name = "Valves"
parent = "Filling"
sl_t = [1, 2, 3, 4, 0, 1, 2]
kind = "safety"
assets = ["5F0D9A53-1F51-5A3C-9A57-6F4F2C9D1E10"]
selector = 'role = "io" and not vendor ~ "Acme*"'
inside = "conduits"
owner = "J. Doe"
until = 2027-01-31

[[conduits]]
name = "recipes"
from = ["Filling"]
to = ["Valves"]
protocols = ["modbus"]
verbs = ["read", "write"]
objects = ["holding:0..99"]
units = ["1"]
ports = ["tcp/443", "udp/5000-5010", "icmp"]
groups = ["broadcast", "01-0C-CD-01-00-01"]
clients = ["10.1.3.7"]
servers = ["10.1.3.0/28"]
reason = "the recipe"
owner = "J. Doe"
until = 2027-01-31
exception = true

[[engineering_stations]]
address = "10.1.9.9"
realm = "cell1"
name = "ENG-1"
owner = "maintenance"
controllers = ["10.1.3.0/24"]

[[safety_systems]]
address = "10.1.3.9"
sil = 3

[[work_orders]]
id = "WO-17"
title = "New recipe"
start = 2026-03-02T06:00:00+01:00
end = 2026-03-02T08:00:00+01:00
stations = ["10.1.9.9"]

[[maintenance_windows]]
start = 2026-03-02T06:00:00Z
end = 2026-03-02T08:00:00Z
work_order = "WO-17"

[[tags]]
name = "Tank level"
server = "10.1.3.7"
device = "1"
object = "holding:40"
unit = "m"
low = 0.2
high = 4
rate_per_s = 0.05

[[interlocks]]
name = "pump off when empty"
when = "'Tank level' < 0.3"
then = "'Tank level' < 4"
within_s = 5

[[relations]]
name = "a tank has a level"
holds = "'Tank level' >= 0"

[[lab_ranges]]
network = "192.0.2.0/24"

[[exceptions]]
finding = "5F0D9A53-1F51-5A3C-9A57-6F4F2C9D1E10"
reason = "Old line, replaced in May"
until = 2026-05-31
owner = "J. Doe"
"""


def test_reads_every_part() -> None:
    site = load_site(WHOLE)
    assert site.name == "Dairy North"
    assert all(getattr(site, section) for section in SECTIONS)
    assert site.zones[0].members == ("10.1.3.0/24", "00:1b:1b:00:00:02", "2001:db8::1")
    assert site.zones[0].sl_t == (2,) * 7
    assert site.zones[1].sl_t == (1, 2, 3, 4, 0, 1, 2)
    assert site.zones[1].assets == ("5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10",)
    assert site.conduits[0].from_ == ("Filling",)
    assert site.conduits[0].groups == ("broadcast", "01:0c:cd:01:00:01")
    assert site.conduits[0].exception
    assert site.maintenance_windows[0].start == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert site.tags[0].high == 4.0
    assert site.exceptions[0].finding == "5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10"
    assert site.exceptions[0].until == date(2026, 5, 31)


def test_every_part_is_optional() -> None:
    assert load_site("") == Site()
    assert load_site("# nothing yet\n") == Site()
    for section in SECTIONS:
        if section not in ("maintenance_windows", "zones", "conduits", "interlocks", "relations"):
            begin = WHOLE.index(f"[[{section}]]")
            end = WHOLE.find("\n[[", begin)
            alone = WHOLE[begin : end if end > 0 else None].replace('realm = "cell1"', "")
            assert getattr(load_site(alone), section)


WRONG = [
    ("zones = 3", 1, 9, "an array of tables"),
    ("[[zone]]\nname = 'x'", 1, 3, "did you mean 'zones'?"),
    ("[[zones]]\nname = 3", 2, 8, "a text that is not empty; found an integer"),
    ("[[zones]]\nname = ''", 2, 8, "found an empty text"),
    ("[[zones]]\nname = 'x'\ncolour = 'red'", 3, 1, "found 'colour'"),
    ("[[zones]]\nmembers = ['10.0.0.1']", 1, 1, "`name` in this [[zones]] table"),
    ("# x\n[[zones]]\n", 2, 1, "`name` in this [[zones]] table"),
    ("[[zones]]\nname = 'x'\nmembers = ['10.0.0.1',\n   '10.0.0.300']", 4, 4, "an IP address"),
    ("[[zones]]\nname = 'x'\nmembers = '10.0.0.0/8'", 3, 11, "an array of texts"),
    ("[[zones]]\nname = 'x'\nsl_t = 5", 3, 8, "a security level from 0 to 4"),
    ("[[zones]]\nname = 'x'\nsl_t = [1, 2]", 3, 8, "an array of seven"),
    ("[[zones]]\nname = 'x'\nsl_t = true", 3, 8, "a security level"),
    ("zones = [{name = 'a'}, {name = 'a'}]", 1, 32, "stands twice"),
    ("[[zones]]\nname = 'a'\nparent = 'b'", 3, 10, "one of [[zones]]; found 'b'"),
    ("[[zones]]\nname = 'a'\nkind = 'safe'", 3, 8, "did you mean 'safety'?"),
    ("[[zones]]\nname = 'a'\nselector = 'role = \"plc\" and'", 3, 29, "expected one of role, vendor"),
    ("[[zones]]\nname = 'a'\nassets = ['plc']", 3, 11, "an asset's id (a UUID)"),
    ("[[zones]]\nname = 'a'\n[[conduits]]\nname = 'c'\nfrom = ['a']\nto = ['a', 'b']", 6, 12, "found 'b'"),
    ("[[conduits]]\nname = 'c'\nto = []", 1, 1, "`from` in this [[conduits]] table"),
    ("[[conduits]]\nname = 'c'\nfrom = []\nto = []\nverbs = ['rite']", 5, 10, "did you mean 'write'?"),
    ("[[conduits]]\nname = 'c'\nfrom = []\nto = []\nports = ['tcp/0']", 5, 10, "expected ports such as"),
    ("[[conduits]]\nname = 'c'\nfrom = []\nto = []\nports = ['udp/9-8']", 5, 10, "expected ports such as"),
    ("[[conduits]]\nname = 'c'\nfrom = []\nto = []\ngroups = ['all']", 5, 11, "an IP address"),
    ("[[conduits]]\nname = 'c'\nfrom = []\nto = []\nexception = 'yes'", 5, 13, "true or false"),
    (
        "[[realms]]\nname = 'a'\n[[lab_ranges]]\nnetwork = '10.0.0.0/8'\nrealm = 'b'",
        5,
        9,
        "expected one of a, default",
    ),
    ("[[exceptions]]\nfinding = 'x'\nreason = 'y'\nuntil = 2026-01-01", 2, 11, "a finding's id"),
    (
        "[[exceptions]]\nreason = 'y'\nuntil = '2026-01-01'\nfinding = '5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e1'",
        *(3, 9, "a date such as 2026-12-31 without quotes"),
    ),
    (
        "[[maintenance_windows]]\nstart = 2026-01-01T00:00:00\nend = 2026-01-02T00:00:00Z",
        2,
        9,
        "with an offset",
    ),
    (
        "[[maintenance_windows]]\nstart = 2026-01-02T00:00:00Z\nend = 2026-01-01T00:00:00Z",
        3,
        7,
        "`end` after",
    ),
    ("[[tags]]\nname = 'a'\nserver = '10.0.0.1'\nobject = 'x'\nlow = nan", 5, 7, "a finite number"),
    (
        "[[tags]]\nname = 'a'\nserver = '10.0.0.1'\nobject = 'x'\nlow = 3\nhigh = 2",
        6,
        8,
        "`high` after `low`",
    ),
    ("[[safety_systems]]\naddress = '10.0.0.1'\nsil = 5", 3, 7, "from 1 to 4"),
    ("[site]\nnmae = 'x'", 2, 1, "`name` only"),
    ("[site\n", 1, 6, "expected TOML"),
    ("a = 1\nb = [\n1,,]", 3, 3, "expected TOML"),
]


@pytest.mark.parametrize(("text", "line", "column", "expected"), WRONG)
def test_an_error_names_file_line_column_and_what_was_expected(
    text: str, line: int, column: int, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(text, file="plant/site.toml")
    message = str(caught.value)
    assert expected in message
    assert message.startswith(f"plant/site.toml, line {line}, column {column}: ")


def _is_site(text: str) -> bool:
    try:
        load_site(text)
    except ConfigError:
        return False
    return True


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_a_site_or_an_error(text: str) -> None:
    with nullcontext() if _is_site(text) else pytest.raises(ConfigError, match=r"line .* column .*expected"):
        assert isinstance(load_site(text), Site)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_any_mutant_of_a_site_file_is_a_site_or_an_error(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(begin, min(len(WHOLE), begin + 60)))
    more = data.draw(
        st.sampled_from(["", "=", "[", "]", "\n[[zones]]\n", "3", "'", '"', "true", "{}", "[[a]]", "\x00"])
    )
    text = WHOLE[:begin] + more + WHOLE[end:]
    with nullcontext() if _is_site(text) else pytest.raises(ConfigError, match=r"line .* column .*expected"):
        assert isinstance(load_site(text), Site)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 20_000,
        "a" + ".a" * 20_000 + " = 1",
        "[a]\nb = 1\n[a]\nb = 2",
        "a = 1\na = 2",
        "a = 2026-13-45",
        "x = 9999-99-99T99:99:99Z",
        "\ud800",
    ],
    ids=["deep", "dotted", "table-twice", "key-twice", "no-date", "no-time", "lone-surrogate"],
)
def test_hostile_texts_are_errors(text: str) -> None:
    with pytest.raises(ConfigError):
        load_site(text)


def test_a_file_without_end_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_places, "MAX_CHARACTERS", 10)
    with pytest.raises(ConfigError, match="at most 10"):
        load_site("# a comment of some length")


def test_every_field_of_the_model_can_be_read() -> None:
    for kind in SECTIONS.values():
        for field in dataclasses.fields(kind):
            assert str(field.type) in site_text._READERS, (kind, field.name)
