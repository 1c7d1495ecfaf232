"""Rules that speak all the time: their rows wait, others' do not, and nothing is lost by it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.terminal import DEMO

from interlock.bootstrap import build_engine
from interlock.bootstrap.signature_screens import screening_with
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.runner import Runner
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.loud import LOUD
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.inventory.inventory import Inventory
from interlock.pipeline.drill.blank_store import BlankStore
from interlock.pipeline.sensor.judge import Judge
from interlock.pipeline.sensor.loudness import Loudness
from interlock.pipeline.sensor.steps import WorkerNote, note_octets
from interlock.pipeline.sensor.stream import Step
from interlock.records.buffers import OF_STREAM, PATIENT
from interlock.records.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = 'flow:to_server; content:"|00 00|"; offset:2; depth:2;'
RULES = f"""alert tcp any any -> any 502 (msg:"loud"; {REQUEST} sid:1;)
alert tcp any any -> any 502 (msg:"marking"; {REQUEST} flowbits:set,seen; sid:2;)
alert tcp any any -> any 502 (msg:"writes"; {REQUEST} content:"|06|"; offset:7; depth:1; sid:3;)
"""


def payloads(told: list[bytes | None]) -> pa.RecordBatch:
    return pa.record_batch({"rules": pa.array(told, pa.binary())})


def number(rule: int, bits: int = PATIENT) -> bytes:
    return (rule << 2 | bits).to_bytes(8, "little")


ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([0, OF_STREAM, PATIENT, PATIENT | OF_STREAM])), max_size=3
)


@given(st.lists(st.tuples(st.floats(0, 4), st.lists(ROWS, max_size=60)), max_size=8))
def test_only_rows_wait_all_of_whose_rules_are_patient_and_loud(
    batches: list[tuple[float, list[list[tuple[int, int]]]]],
) -> None:
    now, seen = 0.0, Counter[bytes]()
    loudness = Loudness(lambda: now)
    for pause, rows in batches:
        now += pause
        found = loudness.loud(payloads([*(b"".join(number(*one) for one in row) for row in rows), None]))
        waits = [False] * (len(rows) + 1) if found is None else found.tolist()
        assert not waits[-1], "what nobody screened"
        for row, waiting in zip(rows, waits, strict=False):
            rules = [number(*one) for one in row]
            seen.update(rules)
            if waiting:
                assert rules
                assert all(bits & PATIENT for _, bits in row)
                assert all(seen[rule] > LOUD for rule in rules), "it has not spoken so often yet"


def test_a_rule_is_loud_from_a_row_on_until_it_has_been_quiet() -> None:
    now = [0.0]
    loudness = Loudness(lambda: now[0])
    waits = loudness.loud(payloads([number(7)] * (LOUD + 2)))
    assert waits is not None
    assert waits.tolist() == [False] * LOUD + [True] * 2
    for instant, waiting in ((1.5, True), (2.9, True), (3.5, False)):
        now[0] = instant
        assert (loudness.loud(payloads([number(7)])) is not None) == waiting


def signatures() -> Signatures:
    variables = Variables()
    read = map(put_in_force, read_rules(RULES, "a.rules", variables))
    return Signatures([Matcher(s, variables.ends(s.header)) for r in read if (s := r.signature) is not None])


def batches_of(detector: Signatures) -> Iterator[pa.RecordBatch]:
    with open_sources(specify((str(DEMO / "normal-shift.pcapng"),), ()), batch_frames=400) as run:
        engine = build_engine(
            run.sources,
            wanted=frozenset(detector.needs),
            buffers=detector.buffers,
            screen=screening_with([detector.engine]),
        )
        for tables in (*(engine.feed(frames) for frames in run), *engine.finish()):
            if "payloads" in tables:
                yield tables["payloads"]


def judged(*, live: bool) -> tuple[dict[str, int], dict[str, int]]:
    """Counts by rule and pair as they stand at the end, and how many rounds it took until each was said first."""
    detector, store, now, taken = signatures(), BlankStore(), [0], [0]
    first: dict[str, int] = {}

    def committed(_arrived: int, _done: int, findings) -> None:
        for finding in findings:
            first.setdefault(finding.title, taken[0])

    judge = Judge(
        site=Site(), inventory=Inventory(), runner=Runner([detector]), store=store, clock=lambda: now[0],
        committed=committed, live=live, now_s=lambda: now[0] / 1e9,
    )  # fmt: skip
    for rows in batches_of(signatures()):
        now[0] += 50_000_000
        taken[0] += 1
        note = note_octets(WorkerNote(worker=0, arrived=now[0], wall=now[0]))
        judge.take([Step(now=now[0], batches={"payloads": rows}, note=note)])
        judge.take_rest()
        if not taken[0] % 40:
            judge.go_on()
    judge.finish()
    return {one.title: one.count for one in store.known.values()}, first


def test_nothing_is_lost_where_rows_wait_and_others_do_not_wait_for_them() -> None:
    plain, _ = judged(live=False)
    counts, first = judged(live=True)
    assert counts == plain
    assert sum(count for title, count in counts.items() if title.startswith("loud")) > 300, (
        "or none of them waits"
    )
    _, plainly = judged(live=False)
    marking = [title for title in first if title.startswith("marking")]
    assert marking
    assert all(first[title] == plainly[title] for title in marking), "what sets marks is said as it comes"
