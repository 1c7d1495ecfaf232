"""One table names what is seen: its ids exist, networks can show them, few are given; nobody names them elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import interlock.detect
from interlock.detect.learned.deeds import DEEDS
from interlock.detect.techniques import MOST_NAMED, SEEN, at_safety_system, named
from interlock.records.attack_ics import TECHNIQUES

ROOM = Path(interlock.detect.__file__).parent
RANKS = {"incidents/consequence.py", "incidents/story.py"}
"""What could come of a technique is not what it is called."""


@pytest.mark.parametrize("what", SEEN)
def test_names_exist_are_few_and_have_a_reason(what: str) -> None:
    seen = SEEN[what]
    assert 1 <= len(seen.ids) <= MOST_NAMED
    assert len(set(seen.ids)) == len(seen.ids)
    assert set(seen.ids) <= set(TECHNIQUES)
    assert any(TECHNIQUES[one].seen for one in seen.ids), f"{what}: network data shows none of them"
    assert len(seen.why.split()) >= 3


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("write", "T0855"), ("operate", "T0855"), ("force", "T0835"), ("configure", "T0836"), ("stop", "T0858"),
        ("start", "T0858"), ("mode-set", "T0858"), ("reset", "T0816"), ("program-write", "T0843"),
        ("program-read", "T0845"), ("firmware-write", "T0857"), ("alarm-suppress", "T0878"), ("explore", "T0846"),
        ("explore-one", "T0888"), ("watch", "T0801"), ("watch-much", "T0802"), ("watch-units", "T0846"),
        ("walk-points", "T0861"), ("owns-outputs", "T0848"),
        ("tell", "T0856"), ("call", "T0869"), ("search-machines", "T0846"), ("search-doors", "T0846"),
        ("remote-work", "T0886"), ("default-login", "T0812"), ("address-claimed", "T0830"), ("malformed", "T0814"),
        ("setpoint-creep", "T0836"), ("hammering", "T0806"), ("flood-of-switching", "T0806"), ("file-put", "T0867"),
        ("stranger-appears", "T0864"), ("false-goose", "T0856"), ("false-report", "T0856"), ("silent-server", "T0814"),
    ],
)  # fmt: skip
def test_the_likeliest_stands_first(what: str, first: str) -> None:
    assert named(what)[0] == first


def test_every_deed_has_names() -> None:
    assert set(DEEDS) <= set(SEEN)
    assert {what.removeprefix("stranger-") for what in SEEN if what.startswith("stranger-")} <= {
        *DEEDS,
        "appears",
    }


def test_of_several_the_first_one_leads() -> None:
    assert named("remote-work", "connect") == ("T0886", "T0859", "T0846")
    assert at_safety_system("program-write") == ("T0843", "T0880", "T0837")


def test_nobody_names_techniques_elsewhere() -> None:
    for file in sorted(ROOM.rglob("*.py")):
        place = file.relative_to(ROOM).as_posix()
        if place != "techniques.py" and place not in RANKS:
            assert not re.search(r'"T[01]\d{3}"', file.read_text("utf-8")), (
                f"{place} names techniques by itself"
            )


def test_every_name_is_used() -> None:
    text = "".join(f.read_text("utf-8") for f in sorted(ROOM.rglob("*.py")) if f.name != "techniques.py")
    unused = {w for w in SEEN if f'"{w}"' not in text and w not in DEEDS and not w.startswith("stranger-")}
    assert not unused
