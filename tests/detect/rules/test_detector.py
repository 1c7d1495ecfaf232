"""The detector of all rules: the same however its input is cut, after a restart, and with a broken rule among them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.bootstrap.ruling import pack_rules
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.rules.detector import Rules
from interlock.detect.rules.ends import fact
from interlock.detect.rules.gate import Gate
from interlock.detect.rules.reading import read_rules
from interlock.detect.rules.sheet import Predicates, Sheet
from interlock.detect.rules.windows import MAX_GROUPS, MAX_SLOTS, Windows
from interlock.detect.runner import Runner
from interlock.errors import SourceError
from interlock.records.asset import Asset, Proof
from interlock.records.site_text import load_site

from ..rows import START, batch, findings, with_roles  # noqa: TID252 - the room's own rows

if TYPE_CHECKING:
    import pyarrow as pa

    from interlock.records.finding import Finding

TEXT = """\
title: A write
name: written
logsource: {category: ot_operation}
detection:
  written: {verb: [write, stop]}
  role: {client_role: historian}
  condition: written and not role
level: low
---
title: A refusal
name: refused
logsource: {category: ot_operation}
detection:
  refused: {outcome: refused}
  condition: refused
level: low
---
title: An unanswered request
name: unanswered
logsource: {category: ot_operation}
detection:
  silent: {outcome: no-answer}
  condition: silent
level: low
---
title: Refused again and again
name: many
correlation:
  type: event_count
  rules: [refused]
  group-by: [client, server]
  timespan: 20s
  condition: {gte: 4}
level: high
---
title: Many units
name: units
correlation:
  type: value_count
  rules: [refused]
  group-by: [client]
  timespan: 40s
  condition: {gte: 3, field: unit}
level: high
---
title: Refused, then not answered
name: order
correlation:
  type: temporal_ordered
  rules: [refused, unanswered]
  group-by: [server]
  timespan: 30s
level: medium
"""
READING = read_rules([("t.yml", TEXT)])
CONTEXT = Context(site=load_site('[[zones]]\nname = "cell"\nmembers = ["10.0.0.0/24"]\n'), now=START)
quickly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROW = st.fixed_dictionaries({
    "at": st.integers(0, 50).map(lambda n: n * 2),
    "client": st.sampled_from(["10.0.0.9", "10.0.0.8"]),
    "server": st.sampled_from(["10.0.0.2", "10.0.0.3"]),
    "verb": st.sampled_from(["read", "write", "stop"]),
    "outcome": st.sampled_from(["ok", "refused", "refused", "no-answer"]),
    "unit": st.sampled_from(["1", "2", "3", None]),
})  # fmt: skip


def rows_of(drawn: list[dict[str, Any]]) -> pa.RecordBatch:
    ordered = sorted(drawn, key=lambda row: row["at"])
    return batch("operations", [{**r, "operation": n, "frame": n} for n, r in enumerate(ordered, 1)])


def run(pieces: list[pa.RecordBatch], restart: int | None = None) -> list[Finding]:
    runner = Runner([Rules(READING.rules)])
    for number, piece in enumerate(pieces):
        if number == restart:
            blob = runner.state()
            runner = Runner([Rules(READING.rules)])
            runner.restore(blob)
        runner.feed("operations", piece, CONTEXT)
    conclusion = runner.conclude(CONTEXT)
    assert conclusion.diagnostics == ()
    return list(conclusion.findings)


def brute(drawn: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """What lies within the timespans, by hand and without slots."""
    refused = sorted(
        (r["at"], r["client"], r["server"], r["unit"] or "") for r in drawn if r["outcome"] == "refused"
    )
    found = set()
    for at, client, server, _ in refused:
        near = [r for r in refused if at <= r[0] < at + 20 and r[1:3] == (client, server)]
        found |= {("many", client, server)} if len(near) >= 4 else set()
        units = {r[3] for r in refused if at <= r[0] < at + 40 and r[1] == client and r[3]}
        found |= {("units", client)} if len(units) >= 3 else set()
    return found


@quickly
@given(st.lists(ROW, max_size=40), st.data())
def test_the_same_however_rows_are_cut_and_after_a_restart(
    drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = rows_of(drawn)
    places = sorted(data.draw(st.sets(st.integers(0, len(drawn)), max_size=4)) | {0, len(drawn)})
    pieces = [whole.slice(a, b - a) for a, b in pairwise(places)]
    wanted = run([whole])
    assert run(pieces) == wanted
    assert run(pieces, restart=data.draw(st.integers(0, len(pieces)))) == wanted


@quickly
@given(st.lists(ROW, max_size=40))
def test_correlations_find_what_lies_within_the_timespan_and_nothing_else(
    drawn: list[dict[str, Any]],
) -> None:
    found = {
        (dict(f.data)["rule"], *f.machines[: 2 if dict(f.data)["rule"] == "many" else 1])
        for f in run([rows_of(drawn)])
        if dict(f.data)["rule"] in ("many", "units")
    }
    # Times here begin slots: nothing that lies within may be missed.
    assert found == brute(drawn)


def test_order_is_asked_for() -> None:
    rules = Rules(READING.rules)
    first, then = {"outcome": "refused", "at": 5}, {"outcome": "no-answer", "at": 9}
    titles = [f.title for f in findings(rules, CONTEXT, operations=[first, then])]
    assert any(title.startswith("Refused, then not answered") for title in titles)
    wrong = findings(Rules(READING.rules), CONTEXT, operations=[{**then, "at": 1}, first])
    assert not [f for f in wrong if f.title.startswith("Refused, then")]
    late = findings(Rules(READING.rules), CONTEXT, operations=[first, {**then, "at": 90}])
    assert not [f for f in late if f.title.startswith("Refused, then")]


def test_roles_are_asked_when_a_cause_is_judged() -> None:
    rows = [{"verb": "write"}]
    assert findings(Rules(READING.rules), with_roles(_10_0_0_9="hmi"), operations=rows)
    assert not findings(Rules(READING.rules), with_roles(_10_0_0_9="historian"), operations=rows)


@pytest.mark.parametrize(("confidence", "known"), [(0.45, False), (0.6, True)])
def test_who_is_a_historian_since_it_had_only_read_is_none_when_it_writes(
    confidence: float, known: bool
) -> None:
    proof = Proof(
        value="historian", protocol="cip", source="a.pcap", frame=1, confidence=confidence, first=0, last=0
    )
    asset = Asset(id="one", realm="default", role="historian", provenance=(("role", (proof,)),))
    context = Context(now=START, asset=lambda _realm, _address: asset)
    assert fact("client_role", context, "default", "10.0.0.9") == ("historian" if known else None)
    other = replace(asset, role="hmi")
    context = Context(now=START, asset=lambda _realm, _address: other)
    assert fact("client_role", context, "default", "10.0.0.9") == "hmi"


def test_a_request_is_judged_before_its_answer_and_counted_once() -> None:
    rules = Rules(READING.rules)
    asked = Batch("operations", batch("operations", [{"verb": "stop", "outcome": "pending", "operation": 5}]))
    (said,) = rules.feed(asked, CONTEXT)
    assert said.count == 1
    ended = Batch("operations", batch("operations", [{"verb": "stop", "outcome": "refused", "operation": 5}]))
    list(rules.feed(ended, CONTEXT))
    (finding,) = rules.conclude(CONTEXT)
    assert finding.count == 1
    assert dict(finding.data)["outcome"] == "refused"


def test_a_rule_that_fails_rests_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = Sheet.mask

    def failing(self: Sheet, tree: Any) -> Any:
        if tree == READING.rules[0].test:
            raise MemoryError("too much")
        return mask(self, tree)

    monkeypatch.setattr(Sheet, "mask", failing)
    runner = Runner([Rules(READING.rules)])
    rows = batch("operations", [{"verb": "write"}, *({"outcome": "refused", "at": n} for n in range(9))])
    runner.feed("operations", rows, CONTEXT)
    runner.feed("operations", rows, CONTEXT)
    conclusion = runner.conclude(CONTEXT)
    assert {dict(f.data)["rule"] for f in conclusion.findings} == {"many"}
    reasons = [held.reason for held in conclusion.withheld]
    assert reasons == ["rule written failed and rests, the others go on: MemoryError: too much"]


def test_what_was_counted_by_another_wording_is_forgotten() -> None:
    before = Rules(READING.rules)
    findings(before, CONTEXT, operations=[{"verb": "write"}, *({"outcome": "refused"} for _ in range(9))])
    changed = read_rules([("t.yml", TEXT.replace("[write, stop]", "[write, start]"))])
    after = Rules(changed.rules)
    after.load(before.dump())
    assert {dict(f.data)["rule"] for f in after.conclude(CONTEXT)} == {"many"}
    with pytest.raises(SourceError):
        after.load(b"{}")


def test_the_gate_lets_nothing_through_that_no_rule_asks_for() -> None:
    gate = Gate("operations", [rule for rule in READING.rules if rule.correlation is None])
    assert gate.through(Batch("operations", batch("operations", [{}] * 50))) == ((), None)
    rows = [*[{}] * 50, {"verb": "write"}, {"outcome": "refused"}, {"verb": "write", "outcome": "pending"}]
    places, hits = gate.through(Batch("operations", batch("operations", rows)))
    assert hits is not None
    assert places == (0, 1)
    assert hits.integers("frame").tolist() == [51, 52, 53]


@quickly
@given(st.lists(ROW, min_size=1, max_size=30))
def test_the_gate_never_keeps_out_a_row_for_which_a_rule_holds(drawn: list[dict[str, Any]]) -> None:
    rows = Batch("operations", rows_of(drawn))
    plain = [
        rule
        for rule in (*READING.rules, *pack_rules())
        if rule.table == "operations" and not rule.correlation
    ]
    places, hits = Gate("operations", plain).through(rows)
    kept = set() if hits is None else set(hits.integers("frame").tolist())
    sheet = Sheet(rows, CONTEXT, Predicates())
    for place, rule in enumerate(plain):
        holds = set(rows.integers("frame")[sheet.mask(rule.test)].tolist())
        assert not holds or place in places, rule.name
        assert holds <= kept, rule.name


def test_memory_is_bounded_and_what_does_not_fit_is_counted() -> None:
    many = next(rule for rule in READING.rules if rule.name == "many")
    assert many.correlation is not None
    windows = Windows(many.correlation)
    for number in range(MAX_GROUPS + 500):
        windows.slot((str(number),), 7)
    assert windows.left_out == 500
    assert windows.slot(("more",), 7) is None
    list(windows.ripe())
    assert windows.slot(("later",), 7_000) is not None, "old groups make room"
    crowded = Windows(many.correlation)
    for number in range(MAX_SLOTS + 9):
        crowded.slot(("one",), number)
    assert crowded.left_out == 9


def test_unanswered_requests_prove_nothing_where_one_direction_is_missing() -> None:
    rows = [{"outcome": "no-answer", "at": n, "unit": str(n)} for n in range(30)]
    one_way = Context(now=START, health={"a.pcap": frozenset({"one-way"})})
    assert {dict(f.data)["rule"] for f in findings(Rules(READING.rules), CONTEXT, operations=rows)} == set()
    alone = read_rules([("u.yml", TEXT.split("---\n")[2])])
    assert findings(Rules(alone.rules), CONTEXT, operations=rows)
    assert not findings(Rules(alone.rules), one_way, operations=rows)


ORDER = """
[[work_orders]]
id = "WO-1"
start = 2026-03-02T06:00:00Z
end = 2026-03-02T07:00:00Z
stations = ["10.0.0.5"]
machines = ["10.0.0.2"]
verbs = ["stop"]
"""


def test_a_work_order_opens_the_window_to_its_stations_alone() -> None:
    text = TEXT.split("---\n", maxsplit=1)[0].replace(
        "role: {client_role: historian}", "role: {in_window: true}"
    )
    rules = read_rules([("w.yml", text)]).rules
    context = Context(site=load_site(ORDER), now=START)

    def clients(**row: Any) -> list[str]:
        return [
            f.machines[0]
            for f in findings(Rules(rules), context, operations=[{"verb": "stop", "at": 60, **row}])
        ]

    assert clients(client="10.0.0.5") == []
    assert clients(client="10.0.0.66") == ["10.0.0.66"]
    assert clients(client="10.0.0.5", verb="write") == ["10.0.0.5"]
    assert clients(client="10.0.0.5", at=3700) == ["10.0.0.5"]
    assert clients(client="10.0.0.5", server="10.0.0.3") == ["10.0.0.5"]


def test_copies_of_frames_make_no_repetition() -> None:
    rows = [{"outcome": "refused", "at": n} for n in range(9)]
    copied = Context(now=START, health={"a.pcap": frozenset({"duplicated"})})
    assert findings(Rules(READING.rules), CONTEXT, operations=rows)
    assert not findings(Rules(READING.rules), copied, operations=rows)


@pytest.mark.parametrize(("rows", "told"), [(1, "10.0.0.9 writes once"), (3, "10.0.0.9 writes 3 times")])
def test_what_came_a_single_time_is_told_as_once(rows: int, told: str) -> None:
    text = TEXT.partition("---")[0] + 'interlock: {says: "{client} writes {count} times"}\n'
    runner = Runner([Rules(read_rules([("t.yml", text)]).rules)])
    write = {"client": "10.0.0.9", "server": "10.0.0.2", "verb": "write"}
    piece = batch("operations", [{**write, "at": n, "operation": n, "frame": n} for n in range(1, rows + 1)])
    runner.feed("operations", piece, CONTEXT)
    assert [finding.title for finding in runner.conclude(CONTEXT).findings] == [told]


def test_the_pack_says_nothing_of_a_plant_that_only_reads() -> None:
    assert findings(Rules(pack_rules()), CONTEXT, operations=[{"at": n / 10} for n in range(500)]) == ()
