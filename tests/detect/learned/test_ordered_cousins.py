"""Legitimate cousins of attacks: what a work order announces is silent, and the same an hour later is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from detect.learned.test_floods_and_services import OFTEN, USUAL, answered, calls, told
from detect.learned.test_learned_others import Tables, found
from detect.learned.test_repeated_values import BEFORE, noisy, read
from detect.rows import START
from interlock.detect.interface import Context
from interlock.detect.learned.connection_flood import ConnectionFlood
from interlock.detect.learned.late_answers import LateAnswers
from interlock.detect.learned.new_network_service import NewNetworkService
from interlock.detect.learned.repeated_values import RepeatedValues
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from interlock.detect.learned.learner import Learner

ORDER = """
[[work_orders]]
id = "WO-7"
start = 2026-03-02T05:59:00Z
end = 2026-03-02T07:00:00Z
stations = ["10.0.0.9"]
machines = ["10.0.0.2", "10.0.0.78"]
"""
TAPE = noisy(17, 3)
COUSINS: dict[str, tuple[type[Learner], Tables, Tables]] = {
    "commissioning opens connection after connection": (ConnectionFlood, OFTEN, {"flows": calls(200, 0.2)}),
    "a firmware update makes a controller slow": (LateAnswers, USUAL, answered([4.0] * 30 + [900.0] * 60)),
    "a time server is put in place": (NewNetworkService, told("ntp", "10.0.0.1"), told("ntp")),
    "an address server is put in place": (NewNetworkService, told("dhcp", "10.0.0.1"), told("dhcp")),
    "a simulator stands in for the process": (
        RepeatedValues,
        BEFORE,
        read([TAPE[n % 17] for n in range(180)]),
    ),
}


def later(tables: Tables, hours: float) -> Tables:
    def moved(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "at": row["at"] + 3600 * hours}

    return {table: [moved(row) for row in rows] for table, rows in tables.items()}


@pytest.mark.parametrize("name", COUSINS)
def test_what_was_ordered_is_silent_and_the_same_later_is_not(name: str) -> None:
    make, before, after = COUSINS[name]
    context = Context(site=load_site(ORDER), now=START)
    assert found(make(), before, after, context) == ()
    assert len(found(make(), before, later(after, 3), context)) == 1


def test_a_clock_that_asks_its_own_server_again_is_no_news() -> None:
    again = [
        {"at": 60 * n, "protocol": "ntp", "server": "10.0.0.1", "client": f"10.0.0.{n}"} for n in range(40)
    ]
    assert found(NewNetworkService(), told("ntp", "10.0.0.1"), {"operations": again}) == ()
