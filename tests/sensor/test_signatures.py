"""Rules of Suricata that are changed while a real sensor watches: nothing goes unjudged, and nothing is forgotten."""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

from soaking.running import until
from tests.cli.terminal import run

if TYPE_CHECKING:
    from pathlib import Path

RULES = """alert tcp any any -> any 502 (msg:"each request"; flow:to_server; content:"|00 00|"; offset:2; depth:2; \
sid:1;)
alert tcp any any -> any 502 (msg:"each sender once"; flow:to_server; content:"|00 00|"; offset:2; depth:2; \
threshold:type limit,track by_src,count 1,seconds 360000; sid:2;)
alert tcp any any -> any 502 (flow:to_server; content:"|00 00|"; offset:2; depth:2; flowbits:isnotset,first; \
flowbits:set,first; msg:"each conversation once"; sid:3;)
"""
MORE = "".join(f'alert tcp any any -> any 502 (content:"never{k}"; sid:{k};)\n' for k in range(1000, 1400))


def counts(findings) -> Counter[str]:
    """What was said how often, by each rule's message."""
    found: Counter[str] = Counter()
    for one in findings:
        if one.detector == "signature":
            found[one.title.partition(":")[0]] += one.count
    return found


def expected(ground, rules: Path) -> Counter[str]:
    out = ground.folder / "analyzed"
    assert run("analyze", ground.capture, "--signatures", rules, "--out", out).code == 0
    found = json.loads((out / "findings.json").read_text())["findings"]
    return counts(SimpleNamespace(**one) for one in found)


def says(sensor, event: str) -> list[str]:
    return [entry.says for entry in sensor.diary() if entry.event == event]


def swapped(sensor, times: int) -> bool:
    return sum("signatures are in force" in said for said in says(sensor, "reloaded")) == times


def test_rules_change_without_a_gap(ground, monkeypatch) -> None:
    monkeypatch.setenv("INTERLOCK_STATE", str(ground.folder / "state"))
    rules = ground.folder / "rules"
    rules.mkdir()
    (rules / "a.rules").write_text(RULES)
    asked = expected(ground, rules)
    assert asked["each request"] > 500
    env = {"INTERLOCK_STATE": str(ground.folder / "state")}
    sensor = ground.sensor("--signatures", rules, env=env)
    with ground.sending(10) as sender:
        for number, change in enumerate((RULES + MORE, RULES, RULES + MORE.replace("never", "ever")), 1):
            (rules / "a.rules").write_text(change)
            sensor.process.send_signal(signal.SIGHUP)
            assert until(partial(swapped, sensor, number))
        assert sender.poll() is None, "all of it happened while traffic was there"
        shutil.move(rules, ground.folder / "gone")
        sensor.process.send_signal(signal.SIGHUP)
        assert until(
            lambda: any("signatures of before stay in force" in said for said in says(sensor, "refused"))
        )
        ground.sent(sender)
    assert sensor.stop(signal.SIGTERM) == 0
    assert counts(sensor.findings().values()) == asked
