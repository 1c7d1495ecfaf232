from __future__ import annotations

import pytest

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.sweep import PRUNED_FROM, Sweep
from interlock.records.site_text import load_site

from .rows import START, batch, concluded, findings


def knocks(count: int, **more: object) -> list[dict]:
    return [
        {
            "server": f"10.0.1.{n}",
            "at": n / 10,
            "state": "opened",
            "server_packets": 0,
            "protocol": None,
            **more,
        }
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"state": "refused", "server_packets": 1},
        {"state": "closed", "server_packets": 5, "client_packets": 6, "protocol": "modbus"},
        {"transport": "udp", "state": None, "server_port": 47808},
        {"server_port": 102},
    ],
)
def test_fires_on_failed_or_short_conversations_with_many(more: dict) -> None:
    (finding,) = findings(Sweep(), flows=knocks(12, **more))
    assert finding.severity == "high"
    assert "12 machines" in finding.title


def test_many_doors_of_each_machine_are_no_client_that_keeps_trying_one() -> None:
    ports = (102, 502, 2404, 4840, 20000, 44818)
    tried = [
        {**row, "server_port": port}
        for row in knocks(10, state="refused", server_packets=1)
        for port in ports
    ]
    (finding,) = findings(Sweep(), flows=tried)
    assert "10 machines" in finding.title


def test_a_scan_of_one_machines_ports_fires() -> None:
    rows = [
        {"server_port": n, "state": "refused", "at": n / 100, "protocol": None} for n in range(1000, 1030)
    ]
    (finding,) = findings(Sweep(), flows=rows)
    assert "30 ports" in finding.title
    assert finding.machines == ("10.0.0.9", "10.0.0.2")


def test_a_flood_of_senders_neither_hides_a_search_nor_stays() -> None:
    sweep, context = Sweep(), Context(now=START)
    sweep.count(Batch("flows", batch("flows", knocks(12))), context)
    for turn in range(20):
        strangers = [{**knocks(1)[0], "client": f"10.9.{turn}.{n}", "at": turn + n / 300} for n in range(100)]
        sweep.count(Batch("flows", batch("flows", strangers)), context)
        sweep.age_out(100)
        assert len(list(sweep.keys())) <= 200
    (finding,) = sweep.conclude(context)
    assert "12 machines" in finding.title


@pytest.mark.parametrize(
    "flows",
    [
        knocks(7),
        [{"server": f"10.0.1.{n}", "at": n} for n in range(50)],
        knocks(40, state="midstream", server_packets=9),
        knocks(40, server_port=445),
        [row for _ in range(10) for row in knocks(8)],
        [{**row, "at": n * 700} for n, row in enumerate(knocks(20))],
        [*knocks(9), *({"server": f"10.0.2.{n}", "at": 5} for n in range(30))],
    ],
    ids=["few", "working", "midstream", "office", "keeps-trying", "slow", "mostly-working"],
)
def test_silent(flows: list) -> None:
    assert findings(Sweep(), flows=flows) == ()


def test_a_window_border_does_not_hide_a_sweep() -> None:
    rows = [{**row, "at": 297 + n} for n, row in enumerate(knocks(10))]
    assert len(findings(Sweep(), flows=rows)) == 1


def test_a_named_engineering_station_is_milder() -> None:
    site = load_site('[[engineering_stations]]\naddress = "10.0.0.9"\n')
    (finding,) = findings(Sweep(), Context(site=site, now=START), flows=knocks(12))
    assert finding.severity == "low"


def test_withheld_where_answers_could_not_be_seen() -> None:
    context = Context(now=START, health={"a.pcap": frozenset({"one-way"})})
    conclusion = concluded(Sweep(), {"flows": knocks(12)}, context)
    assert conclusion.findings == ()
    assert conclusion.withheld[0].condition == "one-way"


def test_memory_stays_bounded_under_endless_clients() -> None:
    detector = Sweep()
    for part in range(6):
        rows = [
            {
                "client": f"10.{part}.{n // 250}.{n % 250}",
                "state": "opened",
                "server_packets": 0,
                "at": 8000 * part,
            }
            for n in range(1000)
        ]
        concluded(detector, {"flows": rows})
    # Two windows (machines, ports) for each of the last thousand clients, and at most a pruning's worth.
    assert len(detector.tallies) <= PRUNED_FROM + 2 * 1000
