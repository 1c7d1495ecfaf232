"""Digests of every table over the seeds and some mutants: compiled and uncompiled must agree on each.

`python -m decode.contract.digests` prints them as JSON: protocol → [digest of each conversation's rows].
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

from decode.contract.playing import play
from decode.contract.subjects import DEEP, SUBJECTS, Subject, randomness
from decode.contract.takes import cut, mutated, whole

MUTANTS = 1


def _digests(subject: Subject) -> list[str]:
    takes = []
    for seed in subject.seeds:
        rng = randomness(subject.name, seed.name, "compiled")
        takes += [whole(seed), cut(seed, rng)]
        takes += [whole(mutated(seed, rng)) for _ in range(MUTANTS * DEEP)]
    return [hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:16] for rows in play(takes)]


def all_digests() -> dict[str, list[str]]:
    """Of every registered protocol."""
    return {subject.name: _digests(subject) for subject in SUBJECTS}


def test_compiled_and_uncompiled_give_the_same_tables() -> None:
    tests = Path(__file__).parents[2]
    path = os.pathsep.join((str(tests), *filter(None, sys.path)))
    environment = dict(os.environ, INTERLOCK_UNCOMPILED="1", PYTHONPATH=path, PYTHONHASHSEED="0")
    ran = subprocess.run(
        [sys.executable, "-m", "decode.contract.digests"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    uncompiled, compiled = json.loads(ran.stdout), all_digests()
    differ = {
        name: [k for k, (a, b) in enumerate(zip_longest(compiled[name], uncompiled[name])) if a != b]
        for name in compiled
        if compiled[name] != uncompiled[name]
    }
    assert compiled.keys() == uncompiled.keys()
    assert differ == {}, "conversations whose rows differ, by protocol"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(all_digests()))
