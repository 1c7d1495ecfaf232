"""New and changed rules of a version, held against traffic before they may speak."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.bootstrap.signature_files import BOOK, RuleFile, list_files, rule_files
from interlock.bootstrap.signature_packs import PackStore
from interlock.bootstrap.signature_sets import Sets
from interlock.bootstrap.signatures import made_once, rules_key, rules_of, settings_of
from interlock.detect.signatures.packs.lists import KINDS, SETTINGS
from interlock.detect.signatures.packs.marks import setters
from interlock.detect.signatures.packs.plan import Plan
from interlock.detect.signatures.packs.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.bootstrap.signature_cache import PlanCache
    from interlock.detect.signatures.packs.plan import Databases
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["build_trial", "trial_of", "trial_of_paths"]


@dataclass(frozen=True, slots=True)
class _Set:
    files: Sequence[RuleFile] = ()
    lists: Sequence[tuple[str, str, str]] = ()


def trial_of_paths(
    paths: Sequence[str],
    told: Callable[[str], None],
    given: Sequence[tuple[str, str]] = (),
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
) -> Trial | None:
    """The trial of the version that one of these folders has on trial; None where none has. Raises ConfigError.

    given: as of list_files. midstream, checksums: as of Engine.
    """
    for path in paths:
        if (Path(path) / BOOK).is_file():
            store = PackStore(Path(path))
            number = store.book().trying
            if number is not None:
                return trial_of(store, str(number), told, given, midstream, checksums)
    return None


def trial_of(
    store: PackStore,
    what: str,
    told: Callable[[str], None],
    given: Sequence[tuple[str, str]] = (),
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
) -> Trial:
    """The trial of a version by its number, or of a folder or file, against what is in force. Raises ConfigError.

    given: as of list_files. midstream, checksums: as of Engine.
    """
    book = store.book()
    before = _Set()
    if book.in_force is not None:
        before = _Set(tuple(store.in_force()), list_files([str(store.folder)], given))
    if not what.isdecimal():
        after = _Set(tuple(rule_files(what)), list_files([what], given))
        return build_trial(before, after, None, told, midstream=midstream, checksums=checksums)
    version = book.version(int(what))
    lists = [*list_files([str(store.path(version.number))]), *_own_lists(store), *list_files([], given)]
    after = _Set(tuple(store.files(version)), lists)
    return build_trial(before, after, version.number, told, midstream=midstream, checksums=checksums)


def _own_lists(store: PackStore) -> list[tuple[str, str, str]]:
    """Lists beside the book: they hold for every version."""
    kinds = ((kind, store.folder / f"{kind}.conf") for kind in (*KINDS, *SETTINGS))
    return list(list_files([], [(kind, str(path)) for kind, path in kinds if path.is_file()]))


def build_trial(
    before: _Set,
    after: _Set,
    number: int | None,
    told: Callable[[str], None],
    cache: PlanCache | None = None,
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
) -> Trial:
    """The rules of `after` that `before` has not word for word. Raises ConfigError."""
    key = rules_key(
        [*before.files, *after.files], [*before.lists, ("", "trial", str(len(before.files))), *after.lists]
    )

    def make(plan: Plan, databases: Databases) -> Trial:
        trial = Trial(plan.rules(time.thread_time_ns), plan.counted, number, databases, midstream, checksums)
        trial.engine.memory.limits = settings_of(after.lists)[1]
        trial.engine.memory.datasets.given = plan.given
        return trial

    return made_once(key, after.files, partial(_planned, before, after), make, told, cache)


def _planned(before: _Set, after: _Set) -> Plan:
    plan, sets = Plan(), Sets()
    known = {hash(signature) for signature, _, _ in rules_of(before.files, before.lists, [], Sets())}
    rules = list(rules_of(after.files, after.lists, plan.sentences, sets))
    fresh = [one for one in rules if hash(one[0]) not in known]
    for one in fresh:
        plan.counted.append(plan.add(*one).name)
    old = [one for one in rules if hash(one[0]) in known]
    needed = setters([one[0] for one in fresh], [one[0] for one in old])
    for at in needed:
        plan.add(*old[at])
    plan.costly = len(known) + len(rules)
    plan.sets, plan.given = tuple(sets.files), sets.given
    return plan
