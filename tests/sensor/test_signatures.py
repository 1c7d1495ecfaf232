"""Rules of Suricata that are changed while a real sensor watches: nothing goes unjudged, and nothing is forgotten."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

from soaking.running import until
from tests.cli.terminal import run

from sensor.conftest import MINUTES

if TYPE_CHECKING:
    from pathlib import Path

_SHORTEST_S, _LONGEST_S, _PATIENCE_S = 24.0, 180.0, 90.0
"""How long traffic is sent, by how long rules take to change; how long a change is waited for."""
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
    options = ("--signatures", rules, "--midstream", "own")  # as a sensor
    assert run("analyze", ground.capture, *options, "--out", out).code == 0
    found = json.loads((out / "findings.json").read_text())["findings"]
    return counts(SimpleNamespace(**one) for one in found)


def says(sensor, event: str) -> list[str]:
    return [entry.says for entry in sensor.diary() if entry.event == event]


def swapped(sensor, times: int) -> bool:
    return sum("signatures are in force" in said for said in says(sensor, "reloaded")) == times


def swap(sensor, times: int) -> float:
    """Let it read its rules anew, for that many times in all; seconds until they are in force."""
    begun = time.monotonic()
    sensor.process.send_signal(signal.SIGHUP)
    assert until(partial(swapped, sensor, times), timeout_s=_PATIENCE_S), sensor.errors()[-2000:]
    return time.monotonic() - begun


def paced(took: float) -> float:
    """How fast to send, so that there is traffic for three swaps as long as that, and twice as long again."""
    return MINUTES * 60 / min(max(_SHORTEST_S, 9 * took), _LONGEST_S)


def test_rules_change_without_a_gap(ground, monkeypatch) -> None:
    monkeypatch.setenv("INTERLOCK_STATE", str(ground.folder / "state"))
    rules = ground.folder / "rules"
    rules.mkdir()
    (rules / "a.rules").write_text(RULES)
    asked = expected(ground, rules)
    assert asked["each request"] > 500
    env = {"INTERLOCK_STATE": str(ground.folder / "state")}
    sensor = ground.sensor("--signatures", rules, env=env)
    (rules / "a.rules").write_text(RULES + MORE.replace("never", "once"))
    took = swap(sensor, 1)  # of this machine, with what else it does now
    with ground.sending(paced(took)) as sender:
        for number, change in enumerate((RULES + MORE, RULES, RULES + MORE.replace("never", "ever")), 2):
            (rules / "a.rules").write_text(change)
            swap(sensor, number)
        assert sender.poll() is None, "all of it happened while traffic was there"
        shutil.move(rules, ground.folder / "gone")
        sensor.process.send_signal(signal.SIGHUP)
        assert until(
            lambda: any("signatures of before stay in force" in said for said in says(sensor, "refused")),
            timeout_s=_PATIENCE_S,
        )
        ground.sent(sender, timeout_s=2 * _LONGEST_S)
    assert sensor.drops() == 0, "what the kernel lost nobody can judge"
    assert sensor.stop(signal.SIGTERM) == 0
    assert counts(sensor.findings().values()) == asked


NEW = """alert tcp any any -> any 502 (msg:"never said"; flow:to_server; content:"|00 00|"; offset:2; depth:2; sid:10;)
alert modbus any any -> any any (msg:"never said of requests"; modbus:access read; sid:11;)
"""


def test_rules_on_trial_are_counted_and_say_nothing(ground, monkeypatch) -> None:
    state = ground.folder / "trial"
    monkeypatch.setenv("INTERLOCK_STATE", str(state))
    folder = ground.folder / "versions"
    folder.mkdir()
    for text, more in ((RULES, ("--enforce",)), (RULES + NEW, ())):
        (folder / "a.rules").write_text(text)
        assert run("signature", "import", folder, *more).code == 0
    asked = json.loads(run("signature", "try", 2, "--against", ground.capture, "--json").out)["would_speak"]
    assert {one["message"] for one in asked} == {"never said", "never said of requests"}
    # What workers hand over is settled when the sensor begins: the trial begins with it.
    assert run("signature", "stage", 2).code == 0
    sensor = ground.sensor("--signatures", state / "signatures", env={"INTERLOCK_STATE": str(state)})
    with ground.sending() as sender:
        ground.sent(sender)
    sensor.process.send_signal(signal.SIGHUP)  # the same version again: it goes on counting
    assert until(partial(swapped, sensor, 1))
    assert any("2 signatures of version 2 are on trial" in said for said in says(sensor, "reloaded"))
    assert run("signature", "enforce", 2).code == 0
    assert until((sensor.store / "signatures.json").is_file)
    document = json.loads(run("signature", "top", sensor.store, "--json").out)
    assert document["in_force"] == 3
    assert sensor.stop(signal.SIGTERM) == 0
    told = counts(sensor.findings().values())
    assert set(told) == {"each request", "each sender once", "each conversation once"}
    document = json.loads(run("signature", "top", sensor.store, "--json").out)
    found = {one["message"]: one["count"] for one in document["trial"]["would_speak"]}
    assert found == {one["message"]: one["count"] for one in asked}
    costs = {one["message"]: one for one in document["rules"]}
    assert costs["each request"]["hits"] == told["each request"]
    assert costs["each request"]["looked"] >= costs["each request"]["hits"] + costs["each request"]["near"]
    assert all(one["cpu_ns"] > 0 for one in costs.values())
