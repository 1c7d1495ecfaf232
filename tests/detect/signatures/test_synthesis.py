"""Every public content rule says yes to traffic that is made for it, and no to traffic that misses it by one thing."""

from __future__ import annotations

from collections import Counter

import pytest

from detect.signatures.sets import FOLDER, needs_sets
from detect.signatures.synthesis import UnsolvedError, hit, near_misses, surroundings
from interlock.bootstrap.signature_files import rule_files
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.detect.signatures.plain.memory import Memory

VARIABLES = Variables()


def judged(signature, seen):
    """What the plain way says wrongly of one rule."""
    ends = VARIABLES.ends(signature.header)
    try:
        unit, marks = surroundings(signature, ends, PROTOCOLS[signature.header.protocol])
        unit, looked = hit(signature, unit)
    except UnsolvedError as error:
        seen[f"unsolved: {error}"] += 1
        return
    one, memory = Matcher(signature, ends), Memory()
    for mark in marks:
        memory.mark(mark, unit)
    seen["hit"] += 1
    if not one.hits(unit, memory):
        if one.limited:
            seen["unsolved: an expression comes to PCRE2's limit"] += 1
            return
        yield signature.sid, "made for it, and not seen", dict(unit.buffers)
    for what, missed in near_misses(signature, unit, looked):
        seen["near miss"] += 1
        if one.hits(missed, memory):
            yield signature.sid, what, dict(missed.buffers)


def public(every):
    rules = (
        read.signature for file in rule_files(str(FOLDER)) for read in read_rules(file.text(), file.name)
    )
    return [rule for rule in rules if rule is not None][::every]


@needs_sets
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 25])
def test_made_for_it_and_made_to_miss_it(every):
    seen = Counter()
    wrong = [one for rule in public(every) for one in judged(rule, seen)]
    assert not wrong
    assert seen["hit"] * every > 27_000, seen
    assert seen["near miss"] * every > 100_000, seen
