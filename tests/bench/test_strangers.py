"""Attacks by clients that are not ours: the table is well formed, and what is said of them is scored as it says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import strangers

from interlock.plant.machines import BY_NAME
from interlock.records.attack_ics import TECHNIQUES
from interlock.records.site_text import load_site

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
ATTACKS: list[dict[str, Any]] = tomllib.loads((SCRIPTS / "proving/strangers.toml").read_text("utf-8"))[
    "attack"
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: str(attack["name"]))
def test_each_attack_can_be_sent_and_judged(attack: dict[str, Any]) -> None:
    assert attack["who"] in BY_NAME
    assert attack["techniques"]
    assert set(attack["techniques"]) <= TECHNIQUES.keys()
    assert attack["messages"]
    assert all(bytes.fromhex(octets) for octets in attack["messages"])
    assert ("port" in attack) == (attack["over"] != "eth")


def test_names_are_unique() -> None:
    assert len({attack["name"] for attack in ATTACKS}) == len(ATTACKS)


def finding(**changes: Any) -> dict[str, Any]:
    told = {
        "id": "1",
        "kind": "alert",
        "severity": "medium",
        "detector": "new-deed",
        "machines": ["10.77.1.30"],
    }
    return {**told, "techniques": ["T0855", "T0836"], **changes}


def test_only_alarms_about_the_machine_that_attacks_count() -> None:
    attack = {"who": "hmi", "techniques": ["T0836"]}
    incident = {"rank": 2, "findings": ["1"], "techniques": ["T0836"]}
    row = strangers.score(attack, [finding()], [incident])
    assert (row["found"], row["named"], row["first_named"]) == (True, True, True)
    assert not strangers.score(attack, [finding(severity="info")], [])["found"]
    assert not strangers.score(attack, [finding(kind="change")], [])["found"]
    assert not strangers.score(attack, [finding(machines=["10.77.1.10"])], [])["found"]
    assert not strangers.score(attack, [finding(detector="unusual-step")], [])["found"]


def test_a_wrong_name_is_found_but_not_named() -> None:
    attack = {"who": "hmi", "techniques": ["T0801"]}
    row = strangers.score(
        attack, [finding()], [{"rank": 2, "findings": ["1"], "techniques": ["T0855", "T0801"]}]
    )
    assert (row["found"], row["named"], row["first_named"]) == (True, False, False)


SETS: list[dict[str, Any]] = [
    attack
    for name in ("tools", "unseen", "pivots")
    for attack in tomllib.loads((SCRIPTS / f"proving/{name}.toml").read_text("utf-8"))["attack"]
]


@pytest.mark.parametrize("attack", SETS, ids=lambda attack: str(attack["name"]))
def test_what_tools_do_can_be_played_and_judged(attack: dict[str, Any]) -> None:
    assert attack["client"] in strangers.CLIENTS
    assert attack.get("as", attack["who"]) in BY_NAME
    assert set(attack["techniques"]) <= TECHNIQUES.keys()
    ordered = strangers.ordered(attack)
    orders = load_site(ordered).work_orders if ordered else ()
    assert [tuple(order["machines"]) for order in attack.get("orders", ())] == [o.machines for o in orders]


def test_what_is_no_attack_is_right_where_nothing_is_found() -> None:
    attack = {"who": "hmi", "techniques": []}
    assert strangers.score(attack, [], [])["first_named"]
    assert strangers.score(attack, [finding(severity="info")], [])["named"]
    card = "00:08:5d:11:22:33"
    assert not strangers.score({**attack, "card": card}, [finding(machines=[card])], [])["found"]
    assert not strangers.score(attack, [finding()], [])["found"]
