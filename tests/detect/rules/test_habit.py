"""What rules told while a plant was learned is its habit: told mildly, of those who did it, in that wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlock.detect.batch import Batch
from interlock.detect.interface import Context, Learning
from interlock.detect.rules.detector import Rules
from interlock.detect.rules.reading import read_rules
from interlock.errors import SourceError

from ..rows import START, batch  # noqa: TID252 - the room's own rows

if TYPE_CHECKING:
    from interlock.records.finding import Finding

TEXT = """\
title: A write
name: written
logsource: {{category: ot_operation}}
detection:
  written: {{verb: write}}
  condition: written
level: informational
---
title: Many writes
name: many
correlation:
  type: event_count
  rules: [written]
  group-by: [client, server]
  timespan: 1m
  condition: {{gte: {least}}}
level: high
---
title: A stop
name: stopped
logsource: {{category: ot_operation}}
detection:
  stopped: {{verb: stop}}
  condition: stopped
level: critical
"""
CONTEXT = Context(now=START)


def rules(least: int = 5) -> Rules:
    reading = read_rules([("rules.yml", TEXT.format(least=least))], origin="test")
    assert not reading.problems
    return Rules(reading.rules)


def rows(client: str = "10.0.0.9", n: int = 10) -> Batch:
    told = [{"verb": verb, "client": client, "at": k} for k in range(n) for verb in ("write", "stop")]
    return Batch("operations", batch("operations", told))


def taught(least: int = 5) -> Rules:
    fresh, teacher = rules(least), rules()
    teacher.learn(rows(), CONTEXT)
    assert not list(teacher.conclude(CONTEXT))
    fresh.know(teacher.learned())
    return fresh


def told(detector: Rules, client: str = "10.0.0.9") -> dict[str, tuple[str, str]]:
    """Title's first word of each final finding → its kind and severity."""
    list(detector.feed(rows(client), CONTEXT))
    found: list[Finding] = list(detector.conclude(CONTEXT))
    return {f.title.split(":")[0]: (f.kind, f.severity) for f in found if client in f.machines}


def test_rules_learn() -> None:
    assert isinstance(rules(), Learning)


def test_what_was_told_while_the_plant_was_learned_is_told_as_its_habit() -> None:
    assert told(rules())["Many writes"] == ("alert", "high")
    assert told(taught())["Many writes"] == ("change", "info")


def test_who_never_did_it_is_news_and_what_is_critical_stays_so() -> None:
    assert told(taught(), "10.0.0.66")["Many writes"] == ("alert", "high")
    assert told(taught())["A stop"] == ("alert", "critical")


def test_another_wording_of_a_rule_has_no_habit() -> None:
    assert told(taught(least=4))["Many writes"] == ("alert", "high")


def test_the_habit_of_rules_that_are_not_here_is_carried_on() -> None:
    without = Rules(())
    without.know(taught().learned())
    again = rules()
    again.know(without.learned())
    assert told(again)["Many writes"] == ("change", "info")
    changed = rules(4)
    changed.know(without.learned())
    again.know(changed.learned())
    assert told(again)["Many writes"] == ("alert", "high")


def test_a_habit_survives_a_restart() -> None:
    again = rules()
    again.load(taught().dump())
    assert told(again)["Many writes"] == ("change", "info")


@pytest.mark.parametrize(
    "octets", [b"", b"[]", b'{"habit": 2, "causes": []}', b'{"habit": 1, "causes": [1]}']
)
def test_octets_that_are_no_habit_are_refused_and_change_nothing(octets: bytes) -> None:
    detector = taught()
    with pytest.raises(SourceError, match="what rules learned"):
        detector.know(octets)
    assert told(detector)["Many writes"] == ("change", "info")
