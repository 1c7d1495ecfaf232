"""Numbers that documents name of what the project holds are those that it holds."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from documents.command_lines import REPOSITORY
from interlock.bootstrap.drill_wire import ONE_STEP
from interlock.plant.blind.table import FAMILIES
from interlock.plant.exercises.table import FILES as EXERCISES
from interlock.records.attack_ics import TECHNIQUES

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = {"nine": 9, "ten": 10}


def strangers() -> int:
    return len(
        tomllib.loads((REPOSITORY / "scripts" / "proving" / "strangers.toml").read_text("utf-8"))["attack"]
    )


@pytest.mark.parametrize(
    ("document", "said", "counted"),
    [
        ("docs/drill.md", r"forty of (\w+) families", lambda: len(FAMILIES)),
        ("docs/drill.md", r"sends (\w+) attacks octet by octet", strangers),
        ("docs/drill.md", r"so (\w+) short attacks", lambda: len(ONE_STEP)),
        ("docs/detection.md", r"ATT&CK for ICS [\d.]+ has (\w+) techniques", lambda: len(TECHNIQUES)),
        ("docs/detection.md", r"marks (\w+) as `seen`", lambda: sum(t.seen for t in TECHNIQUES.values())),
        ("docs/exercises.md", r"^(\w+) tasks on the recorded", lambda: len(EXERCISES)),
        ("docs/usage.md", r"sets (\w+) tasks for newcomers", lambda: len(EXERCISES)),
        ("README.md", r"teaches a newcomer to OT security in (\w+) tasks", lambda: len(EXERCISES)),
    ],
)
def test_what_is_counted_in_a_sentence_is_as_many(
    document: str, said: str, counted: Callable[[], int]
) -> None:
    (word,) = re.findall(said, (REPOSITORY / document).read_text("utf-8"), re.MULTILINE)
    assert (int(word) if word.isdigit() else WORDS[word.lower()]) == counted()
