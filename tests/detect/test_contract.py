"""What every registered detector keeps: no matter how its input is cut, it says the same."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.detect.batch import Batch
from interlock.detect.interface import Concluding, Context, Detector
from interlock.detect.registry import DETECTORS
from interlock.detect.runner import Runner
from interlock.errors import SourceError
from interlock.records.site_text import load_site

from .rows import SCHEMAS, START, batch
from .scenario import SITE as SITE_OF_THE_SCENARIO
from .scenario import scenario
from .taught import made

if TYPE_CHECKING:
    from interlock.records.finding import Finding

UNTALLIED = ("refusals", "fallen-silent", "publisher-silence")
"""Detectors that keep no tally per cause, but work it out."""
UNREAD = ("values", "values_folded")
"""Tables that no detector reads whatever stands in them: values are read for the tags of a site file."""
SCENARIO = scenario()
SITE = f'[[engineering_stations]]\naddress = "10.0.0.200"\n{SITE_OF_THE_SCENARIO}'
CONTEXT = Context(site=load_site(SITE), now=START)
BATCHES = {table: batch(table, rows) for table, rows in SCENARIO.items()}
every = pytest.mark.parametrize("name", sorted(DETECTORS))
quickly = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Pieces = list[tuple[str, pa.RecordBatch]]


def run(name: str, pieces: Pieces, *, restart: int | None = None) -> tuple[Finding, ...]:
    """Findings over pieces; before piece `restart` the detector is dumped and a fresh one goes on."""
    runner = Runner([made(name)])
    for number, (table, rows) in enumerate(pieces):
        if number == restart:
            states = runner.dump()
            runner = Runner([made(name)])
            runner.load(states)
        runner.feed(table, rows, CONTEXT)
    conclusion = runner.conclude(CONTEXT)
    assert conclusion.diagnostics == ()
    return conclusion.findings


def whole() -> Pieces:
    return list(BATCHES.items())


@st.composite
def cuts(draw: st.DrawFn, batches: dict[str, pa.RecordBatch]) -> Pieces:
    """Every table cut at some rows, the tables' pieces dealt out in any order between tables."""
    queues = []
    for table, rows in batches.items():
        places = sorted(draw(st.sets(st.integers(0, rows.num_rows), max_size=4)) | {0, rows.num_rows})
        queues.append([(table, rows.slice(a, b - a)) for a, b in pairwise(places)])
    pieces: Pieces = []
    while queues := [queue for queue in queues if queue]:
        pieces.append(draw(st.sampled_from(queues)).pop(0))
    return pieces


@every
def test_finds_something_in_a_plant_where_everything_goes_wrong(name: str) -> None:
    assert run(name, whole())


@every
@quickly
@given(st.data())
def test_the_same_however_the_input_is_cut_and_after_a_restart(name: str, data: st.DataObject) -> None:
    pieces = data.draw(cuts(BATCHES))
    assert run(name, pieces) == run(name, whole())
    assert run(name, pieces, restart=data.draw(st.integers(0, len(pieces)))) == run(name, whole())


@every
@quickly
@given(st.data())
def test_what_is_only_counted_concludes_the_same(name: str, data: st.DataObject) -> None:
    runner = Runner([made(name)])
    for table, rows in data.draw(cuts(BATCHES)):
        runner.count(table, rows, CONTEXT)
    conclusion = runner.conclude(CONTEXT)
    assert conclusion.diagnostics == ()
    assert conclusion.findings == run(name, whole())


@pytest.mark.parametrize("cut", range(13, 370, 40))
def test_refusals_count_under_work_orders_after_a_restart_as_before(cut: int) -> None:
    asked = BATCHES["operations"]
    through, until, again = (Runner([made("refusals")]) for _ in range(3))
    for runner in (through, until):
        runner.feed("operations", asked.slice(0, cut), CONTEXT)
    again.restore(until.state())
    for runner in (through, again):
        runner.feed("operations", asked.slice(cut), CONTEXT)
    assert again.state() == through.state()


@every
@quickly
@given(st.data())
def test_what_is_said_early_is_the_same_after_a_restart(name: str, data: st.DataObject) -> None:
    pieces = data.draw(cuts(BATCHES))
    place = data.draw(st.integers(0, len(pieces)))
    through, until = Runner([made(name)]), Runner([made(name)])
    for table, rows in pieces[:place]:
        assert until.feed(table, rows, CONTEXT) == through.feed(table, rows, CONTEXT)
    again = Runner([made(name)])
    again.restore(until.state())
    for table, rows in pieces[place:]:
        assert again.feed(table, rows, CONTEXT) == through.feed(table, rows, CONTEXT)
    assert again.state() == through.state()


@st.composite
def asked_before(draw: st.DrawFn) -> pa.RecordBatch:
    """The operations of the scenario, some of them also pending, somewhere before."""
    rows: list[dict[str, Any]] = []
    for row in SCENARIO["operations"]:
        if row.get("outcome") != "pending":
            if row["frame"] is not None and draw(st.booleans()):
                rows.insert(draw(st.integers(0, len(rows))), {**row, "outcome": "pending"})
            rows.append(row)
    return batch("operations", rows)


@every
@quickly
@given(st.data())
def test_pending_rows_change_nothing_in_the_end(name: str, data: st.DataObject) -> None:
    pieces = data.draw(cuts({**BATCHES, "operations": data.draw(asked_before())}))
    assert run(name, pieces) == run(name, whole())
    assert run(name, pieces, restart=data.draw(st.integers(0, len(pieces)))) == run(name, whole())


WORDS: dict[str, list[Any]] = {
    "source": ["a.pcap", "b.pcap"],
    "realm": ["default", "cell"],
    "client": ["10.0.0.9", "10.0.0.10", "93.184.216.34", "00:1b:1b:00:00:09", "", None],
    "server": ["10.0.0.2", "10.0.0.3", "192.168.1.1", "224.0.0.1", "not an address", None],
    "who": ["10.0.0.2", "10.0.0.9", "10.0.0.2/1", "", "x"],
    "client_mac": ["00:1b:1b:00:00:02", "00:00:5e:00:01:01", None],
    "server_mac": ["00:1b:1b:00:00:02", "00:1b:1b:00:00:03", None],
    "protocol": ["modbus", "s7comm", "profinet-dcp", "http", None],
    "verb": ["read", "write", "program-write", "stop", "configure", "unknown"],
    "outcome": ["ok", "refused", "no-answer", "unknown", "unsolicited"],
    "field": ["mac", "ttl", "netmask", "routes", "proxy-arp", "name"],
    "value": ["00:1b:1b:00:00:02", "00:0c:29:00:00:66", "64-1", "255.255.255.0", "", "1"],
    "transport": ["tcp", "udp", "icmp"],
    "state": ["opened", "refused", "closed", "midstream", None],
    "scheme": ["basic", "community", "anonymous"],
    "known": ["default", "empty", None],
    "version": ["TLSv1", "TLSv1.3", None],
    "suite": ["TLS_RSA_WITH_RC4_128_SHA", None],
    "policy": ["None", "Basic256Sha256", None],
    "mode": ["None", "Sign", None],
    "token": ["anonymous", "username", None],
    "oddity": ["a", "b", "stream-gap"],
    "item": [0, 1],
    "at": [0, 1, 59, 61, 400, 10_000],
    "server_port": [502, 102, 443, 0],
    "server_packets": [0, 1, 50],
    "client_packets": [0, 1, 50],
    "not_after": [None, 0, START, 2**62],
}


@st.composite
def anything(draw: st.DrawFn) -> dict[str, pa.RecordBatch]:
    """Small tables of words that matter, in no sensible combination, in time order."""
    tables = {}
    for table, schema in SCHEMAS.items():
        columns = [c for c in (*schema.names, "at") if c in WORDS]
        row = st.fixed_dictionaries({c: st.sampled_from(WORDS[c]) for c in columns})
        rows = sorted(draw(st.lists(row, max_size=12)), key=lambda r: r["at"]) if table not in UNREAD else []
        tables[table] = batch(table, rows) if rows else batch(table, []).slice(0, 0)
    return tables


@every
@quickly
@given(st.data())
def test_any_rows_give_findings_and_nothing_else(name: str, data: st.DataObject) -> None:
    batches = data.draw(anything())
    found = run(name, list(batches.items()))
    assert run(name, data.draw(cuts(batches))) == found
    assert len({f.id for f in found}) == len(found)


@every
def test_unknown_columns_are_ignored(name: str) -> None:
    more = [(t, b.append_column("of-tomorrow", pa.array(range(b.num_rows)))) for t, b in whole()]
    assert run(name, more) == run(name, whole())


@every
def test_unknown_and_empty_tables_are_ignored(name: str) -> None:
    pieces = [(t, b.slice(0, 0)) for t, b in whole()] + whole() + [("of-tomorrow", BATCHES["tls"])]
    assert run(name, pieces) == run(name, whole())


@every
def test_missing_tables_and_columns_leave_it_running(name: str) -> None:
    for table in BATCHES:
        assert run(name, [(t, b) for t, b in whole() if t != table]) is not None
    needs = made(name).needs
    for table, columns in needs.items():
        for column in columns:
            runner = Runner([made(name)])
            for t, b in whole():
                runner.feed(
                    t, b.drop_columns([column]) if t == table and column in b.schema.names else b, CONTEXT
                )
            said = runner.conclude(CONTEXT)
            assert not [d for d in said.diagnostics if "rested" in d], (table, column)
            assert all(f.detector == name for f in said.findings)


@every
def test_plain_strings_are_as_good_as_dictionaries(name: str) -> None:
    plain = []
    for table, rows in whole():
        schema = pa.schema(
            [(f.name, pa.utf8() if pa.types.is_dictionary(f.type) else f.type) for f in rows.schema]
        )
        plain.append((table, rows.cast(schema)))
    assert run(name, plain) == run(name, whole())


@every
def test_input_and_context_stay_as_they_were(name: str) -> None:
    before = {t: b.to_pylist() for t, b in whole()}
    context = copy.copy(CONTEXT)
    run(name, whole())
    assert {t: b.to_pylist() for t, b in whole()} == before
    assert context == CONTEXT


@every
def test_asking_twice_gives_the_same(name: str) -> None:
    detector = made(name)
    assert isinstance(detector, Concluding)
    for table, rows in whole():
        list(detector.feed(Batch(table, rows), CONTEXT))
    first = list(detector.conclude(CONTEXT))
    assert list(detector.conclude(CONTEXT)) == first
    assert detector.dump() == detector.dump()


@every
def test_what_feed_says_early_is_what_stands_at_the_end(name: str) -> None:
    if name in ("fallen-silent", "publisher-silence"):
        pytest.skip(
            "silence is no row: it is said when somebody asks, or when it has gone on over some batches"
        )
    detector: Detector = made(name)
    early = {f.id for table, rows in whole() for f in detector.feed(Batch(table, rows), CONTEXT)}
    assert early
    assert early <= {f.id for f in run(name, whole())}


@every
@pytest.mark.parametrize(
    "state", [b"", b"{}", b"[]", b"\xff", b'{"detector":"x","version":1}', b"[" * 100_000]
)
def test_a_state_that_is_not_its_own_is_refused(name: str, state: bytes) -> None:
    with pytest.raises(SourceError, match=name):
        made(name).load(state)


@every
def test_a_refused_state_leaves_it_as_it_was(name: str) -> None:
    full = made(name)
    for table, rows in whole():
        list(full.feed(Batch(table, rows), CONTEXT))
    fresh = made(name)
    before = fresh.dump()
    with pytest.raises(SourceError):
        fresh.load(full.dump().replace(b'"own":', b'"gone":'))
    assert fresh.dump() == before
    fresh.load(full.dump())
    assert fresh.dump() == full.dump()


@every
def test_findings_are_whole_sentences_with_known_ids(name: str) -> None:
    for finding in run(name, whole()):
        assert finding.title
        assert finding.title[-1] not in ".:"
        assert finding.explanation.startswith("Seen ")
        assert "Silent " in finding.explanation or "silent " in finding.explanation
        assert "  " not in finding.explanation
        assert finding.explanation.endswith(".")
        assert all(action.text and action.risk for action in finding.actions)
        assert finding.actions
        assert finding.evidence
        assert all(len(e.frames) <= 512 and e.total for e in finding.evidence)
        assert finding.time <= finding.last
        assert finding.count == sum(e.total for e in finding.evidence)
        assert 0 < finding.confidence < 1


@every
def test_a_full_memory_is_said_and_harms_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = made(name)
    monkeypatch.setattr(detector.tallies, "_most", 0)  # type: ignore[attr-defined]
    runner = Runner([detector])
    for table, rows in whole():
        runner.feed(table, rows, CONTEXT)
    conclusion = runner.conclude(CONTEXT)
    assert not [d for d in conclusion.diagnostics if "rested" in d]
    assert conclusion.findings == () or name in UNTALLIED
    assert [w.condition for w in conclusion.withheld] == ["full"] or name in UNTALLIED
