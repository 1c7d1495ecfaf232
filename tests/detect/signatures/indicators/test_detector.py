"""Indicators looked for in rows: found where they stand, in their time, and told whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from tests.detect.rows import START, batch

from interlock.detect.interface import Context
from interlock.detect.runner import Runner
from interlock.detect.signatures.indicators.book import built
from interlock.detect.signatures.indicators.detector import Indicators
from interlock.detect.signatures.indicators.model import Indicator

SECOND = 10**9
NOW = START // SECOND


def found(indicators: list[Indicator], table: str, *rows: dict[str, Any]) -> tuple[Any, ...]:
    runner = Runner([Indicators(built(indicators))])
    if table in runner.needs:
        runner.feed(table, batch(table, list(rows)), Context(now=START))
    conclusion = runner.conclude(Context(now=START))
    assert conclusion.diagnostics == ()
    return conclusion.findings


def flow(client: str = "10.0.0.5", server: str = "192.0.2.7", **more: Any) -> dict[str, Any]:
    return {
        "client": client,
        "server": server,
        "first": START,
        "last": START,
        "first_frame": 9,
        "server_packets": 4,
        **more,
    }


def test_who_has_no_indicators_asks_for_nothing() -> None:
    assert Runner([Indicators()]).needs == {}
    assert Runner([Indicators()]).buffers == frozenset()


def test_only_what_the_kinds_need_is_asked_for() -> None:
    runner = Runner([Indicators(built([Indicator("address", "192.0.2.7", "feed")]))])
    assert set(runner.needs) == {"flows"}
    runner = Runner([Indicators(built([Indicator("md5", "0" * 32, "feed")]))])
    assert set(runner.needs) == {"payloads"}
    assert runner.buffers == {"file.md5"}


@pytest.mark.parametrize(
    ("kind", "value"), [("address", "192.0.2.7"), ("network", "192.0.2.0/24"), ("network", "0.0.0.0/0")]
)
def test_a_conversation_with_an_address(kind: str, value: str) -> None:
    (one, *_) = found(
        [Indicator(kind, value, "feed", id="X-1", confidence=90, told="botnet")], "flows", flow()
    )
    assert one.machines[0] in ("10.0.0.5", "192.0.2.7")
    data = dict(one.data)
    assert (data["id"], data["source"], data["confidence"]) == ("X-1", "feed", "90")
    assert one.evidence[0].frames == (9,)
    assert "feed" in one.title
    assert "botnet" in one.explanation


def test_who_is_called_by_an_address() -> None:
    (one,) = found([Indicator("address", "10.0.0.5", "feed")], "flows", flow())
    assert one.machines[0] == "192.0.2.7"
    assert "was called by" in one.title


def test_other_addresses_are_nobodys() -> None:
    indicators = [Indicator("address", "192.0.2.8", "feed"), Indicator("network", "192.0.3.0/24", "feed")]
    assert found(indicators, "flows", flow()) == ()


@pytest.mark.parametrize(
    ("begins", "ends", "seen"),
    [(0, 0, True), (NOW - 9, NOW + 9, True), (NOW + 9, 0, False), (0, NOW - 9, False), (NOW - 9, NOW, False)],
)
def test_an_indicator_holds_only_in_its_time(begins: int, ends: int, seen: bool) -> None:
    one = Indicator("address", "192.0.2.7", "feed", begins=begins, ends=ends)
    assert bool(found([one], "flows", flow())) is seen


@pytest.mark.parametrize(
    ("protocol", "name", "seen"),
    [
        ("dns", "evil.example", True),
        ("dns", "WWW.Evil.Example.", True),
        ("http", "cdn.evil.example:8080/x", True),
        ("tls", "evil.example", True),
        ("dns", "notevil.example", False),
        ("dns", "evil.example.org", False),
        ("modbus", "evil.example", False),
    ],
)
def test_names_that_are_asked_for(protocol: str, name: str, seen: bool) -> None:
    row = {
        "protocol": protocol,
        "object": name,
        "client": "10.0.0.5",
        "server": "10.0.0.1",
        "outcome": "ok",
        "time": START,
    }
    assert bool(found([Indicator("domain", "evil.example", "feed")], "operations", row)) is seen


def test_fingerprints_are_weaker_than_addresses() -> None:
    one = Indicator("ja3", "a" * 32, "feed", confidence=90)
    row = {"ja3": "a" * 32, "client": "10.0.0.5", "server": "192.0.2.7", "time": START}
    (finding,) = found([one], "tls", row)
    assert finding.severity == "medium"
    assert finding.confidence < 0.6


def test_a_file_by_its_hash() -> None:
    row = {"sha256": "b" * 64, "client": "10.0.0.5", "server": "10.0.0.6", "time": START}
    (finding,) = found([Indicator("sha256", "b" * 64, "feed")], "artifacts", row)
    assert finding.techniques == ("T0867", "T0863")


@pytest.mark.parametrize(
    ("kind", "value", "buffer", "octets"),
    [
        ("md5", "c" * 32, "file.md5", b"c" * 32),
        ("url", "h.example/a?b=1", "http.url", b"H.example:80/a?b=1"),
        ("ja3s", "d" * 32, "ja3s.hash", b"d" * 32),
        ("certificate", "a9993e364706816aba3e25717850c26c9cd0d89d", "tls.certs", b"abc"),
    ],
)
def test_what_only_buffers_show(kind: str, value: str, buffer: str, octets: bytes) -> None:
    row = {"buffer": buffer, "octets": octets, "client": "10.0.0.5", "server": "192.0.2.7", "time": START}
    (finding,) = found([Indicator(kind, value, "feed")], "payloads", {**row, "octets": b"other"}, row)
    assert dict(finding.data)["indicator"] == value


def test_it_goes_on_from_what_it_remembers() -> None:
    book = built([Indicator("address", "192.0.2.7", "feed")])
    rows = batch("flows", [flow()])
    first, second = Runner([Indicators(book)]), Runner([Indicators(book)])
    first.feed("flows", rows, Context(now=START))
    second.load(first.dump())
    second.feed("flows", rows, Context(now=START))
    assert second.conclude(Context(now=START)).findings[0].count == 2
