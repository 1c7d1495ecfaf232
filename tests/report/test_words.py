from __future__ import annotations

from interlock.records.vocabulary import KINDS, ROLES, SEVERITIES, VERBS
from interlock.report.words import (
    CONTROLLER_ROLES,
    KIND_LABELS,
    ROLE_LABELS,
    SEVERITY_RANK,
    effect_of,
    gravity_of,
    level_label,
    role_label,
)


def test_every_verb_has_its_own_rank_and_only_unknown_is_unknown() -> None:
    assert len({gravity_of(verb) for verb in VERBS}) == len(VERBS)
    assert [verb for verb in VERBS if effect_of(verb) == "unknown"] == ["unknown"]


def test_a_word_outside_the_closed_set_is_never_harmless() -> None:
    assert effect_of("made-up") == "unknown"
    assert gravity_of("made-up") < gravity_of("read")


def test_what_changes_a_machine_ranks_before_what_reads_it() -> None:
    assert (
        gravity_of("program-write")
        < gravity_of("stop")
        < gravity_of("write")
        < gravity_of("unknown")
        < gravity_of("read")
    )


def test_every_role_severity_and_kind_has_words() -> None:
    assert set(ROLE_LABELS) == set(ROLES)
    assert set(ROLES) >= CONTROLLER_ROLES
    assert list(SEVERITY_RANK) == list(reversed(SEVERITIES))
    assert set(KIND_LABELS) == set(KINDS)


def test_unknown_is_said() -> None:
    assert role_label(None) == "Unknown role"
    assert level_label(None) == "Level unknown"
    assert level_label("3.5") == "Level 3.5 · DMZ"
