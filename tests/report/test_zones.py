from __future__ import annotations

import json
from datetime import date

from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.report.schema import check
from interlock.report.zones import check_document, check_lines
from interlock.segment.check.requirements import requirements_of
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import outcome_of
from interlock.segment.model.policy import Policy
from report.golden_text import assert_golden
from segment.check.rows import SECOND, flows, operations

SITE = Site(
    zones=(
        Zone(name="panels", members=("10.0.1.0/24",), sl_t=(2,) * 7, owner="automation"),
        Zone(name="cell", members=("10.0.2.0/24",), sl_t=(1,) * 7),
        Zone(name="safety", kind="safety", members=("10.0.3.0/24",), sl_t=(3,) * 7, inside="conduits"),
    ),
    conduits=(
        Conduit(name="panel", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("read",),
                objects=("holding:0..9",), units=("1",), clients=("10.0.1.1",)),
        Conduit(name="old", from_=("panels",), to=("safety",), ports=("tcp/502",), until=date(2026, 1, 31)),
        Conduit(name="web", from_=("cell",), to=("panels",), ports=("tcp/80", "tcp/443")),
    ),
)  # fmt: skip
ASKED = (
    {"unit": "1", "object": "holding:0", "count": 10, "frame": 1},
    {"unit": "1", "object": "holding:0", "count": 11, "frame": 2, "time": SECOND},
    {"unit": "1", "object": "holding:30", "count": 1, "frame": 3, "time": SECOND},
    {"unit": "2", "object": "holding:0", "count": 1, "frame": 4},
    {"unit": "1", "verb": "write", "object": "holding:0", "count": 1, "frame": 5, "outcome": "refused"},
    {"protocol": "s7comm", "verb": "program-write", "frame": 6},
    {"client": "10.0.1.2", "unit": "1", "object": "holding:0", "count": 1, "frame": 7},
    {"server": "10.0.3.1", "frame": 8},
    {"client": "192.0.2.1", "server": "192.0.2.2", "protocol": "opcua", "verb": "unknown", "frame": 9},
    {"client": "10.0.2.1", "server": "10.0.3.1", "frame": 10},
    {"client": "10.0.3.1", "server": "10.0.3.2", "frame": 11},
    {"client": "10.0.3.1", "server": "239.1.1.1", "protocol": "goose", "verb": "report", "frame": 12},
    {"client": "10.0.2.1", "server": "239.1.1.1", "protocol": "goose", "verb": "report", "frame": 13},
    {"protocol": "arp", "verb": "discover", "frame": 14},
)
SPOKEN = (
    {},
    {"client": "10.0.1.1", "server": "10.0.2.1", "protocol": None, "server_port": 443, "first_frame": 15},
    {"server": "10.0.3.1", "first_frame": 16},
)


def test_every_reason_as_text_and_as_a_document() -> None:
    policy, traffic = Policy(SITE, date(2026, 11, 28)), Traffic()
    traffic.feed("operations", operations(*ASKED))
    traffic.feed("flows", flows(*SPOKEN))
    traffic.finish()
    outcome = outcome_of(policy, traffic)
    requirements = requirements_of(policy, traffic, outcome)
    document = check_document(outcome, requirements, SITE)
    check(document, "zone-check")
    assert {row["reason"] for row in document["rows"]} == {
        "no-zone", "no-conduit", "direction", "machine", "protocol", "verb", "unit", "object", "group", "expired",
    }  # fmt: skip
    assert_golden("zone_check.txt", "\n".join(check_lines(outcome, requirements, SITE)) + "\n")
    assert_golden("zone_check.json", json.dumps(document, indent=1) + "\n")
