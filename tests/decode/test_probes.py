"""Probes see octets of anybody, however few: each answers, and one that breaks disturbs no other."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode import feed
from decode.contract.subjects import SUBJECTS
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs
from interlock.decode.spec import NEED_MORE, Hint
from interlock.records.frames import Source


def _hints(spec):
    """From and to each registered port, who opened it known and not."""
    ends = [("tcp", port) for port in sorted(spec.tcp)[:3]] + [("udp", port) for port in sorted(spec.udp)[:3]]
    for kind, port in ends:
        for source, target in ((50000, port), (port, 50000), (port, port)):
            for opened in (True, False, None):
                yield Hint(kind, source, target, 0, opened, 0)
    for ethertype in spec.ethertypes:
        yield Hint("eth", 0, 0, ethertype, None, 0x0180C2000000)


def _answers(spec, octets) -> None:
    for hint in _hints(spec):
        found = spec.probe(octets, hint)
        assert found == NEED_MORE or 0 <= found <= 100, (octets.hex(), hint)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_the_beginning_of_every_message_is_answered(subject) -> None:
    """However short, from none on, with any octet put in its place."""
    for seed in subject.seeds:
        for _, octets in seed.messages[:4]:
            for end in range(min(len(octets), 40) + 1):
                _answers(subject.spec, octets[:end])
                _answers(subject.spec, octets[:end][:-1] + b"\xff")


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
@given(octets=st.binary(max_size=40))
def test_any_octets_are_answered(subject, octets) -> None:
    _answers(subject.spec, octets)


def test_a_probe_that_breaks_is_told_and_the_others_are_asked() -> None:
    def broken(_octets, _hint):
        raise IndexError

    own = load_specs(("modbus",), outside=False)
    (bad,) = load_specs(("fins",), outside=False)
    bad = dataclasses.replace(bad, probe=broken, tcp=frozenset({502}))
    engine = Engine((Source(name="test"),), (bad, *own), feed._verbs())
    talk = feed.Tcp(502)
    talk.open()
    talk.segment(feed.CLIENT, b"\0\1\0\0\0\6\1\3\0\x0a\0\1")
    rows: feed.Rows = defaultdict(list)
    feed._collect(rows, engine.feed(feed._batch(talk.frames, 0)))
    for batches in engine.finish():
        feed._collect(rows, batches)
    assert [row["object"] for row in rows["operations"]] == ["holding:10"]
    assert [(row["protocol"], row["oddity"]) for row in rows["oddities"]] == [
        ("fins", "decoder-error:IndexError")
    ]
