"""Rules of Suricata and Snort, put in force: read from their files, or from what was kept of them."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache, partial
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, TypeVar

from interlock import __version__
from interlock.bootstrap.signature_files import SITE, RuleFile, licence_beside, list_files, rule_files
from interlock.collector import uncollected
from interlock.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.bootstrap.signature_cache import PlanCache
    from interlock.bootstrap.signature_sets import Sets
    from interlock.detect.signatures.detector import Signatures
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.problems import Refusal
    from interlock.detect.signatures.language.thresholds import Limits
    from interlock.detect.signatures.language.variables import Ends, Variables
    from interlock.detect.signatures.packs.plan import Databases, Plan
    from interlock.records.vocabulary import Checksums, Midstream
    from interlock.report.signatures import SignatureTally

__all__ = ["build_signatures", "check_signatures", "made_once", "rules_key", "rules_of", "settings_of"]

_T = TypeVar("_T")

_TOLD: Final = 5
"""Rules not in force that are named; of the others the number is told."""
_WORTH: Final = 256
"""Rules from which on they are kept: fewer are read as quickly."""


def check_signatures(
    path: str,
    progress: Callable[[int, int], None],
    clock: Callable[[], float],
    given: Sequence[tuple[str, str]] = (),
) -> SignatureTally:
    """Read every rule and count what became of it. clock: seconds. given: as of list_files. Raises ConfigError."""
    from interlock.bootstrap.signature_sets import Sets  # noqa: PLC0415
    from interlock.detect.signatures.engine.able import put_in_force  # noqa: PLC0415
    from interlock.detect.signatures.language.licences import comments_of, licence_by_sid  # noqa: PLC0415
    from interlock.detect.signatures.packs.choosing import chosen  # noqa: PLC0415
    from interlock.detect.signatures.packs.lists import read_lists  # noqa: PLC0415
    from interlock.report.signatures import SignatureTally  # noqa: PLC0415

    begun = clock()
    tally = SignatureTally(path)
    settings = list_files([path], given)
    variables, limits = settings_of(settings)
    lists, ids, sets = read_lists(settings), set(), Sets()
    held: dict[Signature, str] = {}
    for number, file in enumerate(rule_files(path, progress)):
        text = file.text()
        licence = licence_by_sid(comments_of(text), licence_beside(file))
        for line, read in chosen(file.name, text, lists, variables, tally.notes.append):
            tally.add(sets.take(put_in_force(read), file, number), licence)
            if (one := read.signature) is not None:
                ids.add((one.gid, one.sid))
                if one.enabled:
                    held.setdefault(one, line.text)
    tally.notes += [*sets.notes, *lists.without_effect()]
    named = ((place, rule) for place, rule in limits.places if rule[1] and rule not in ids)
    tally.notes += (
        f"{place}: no rule is {gid}:{sid}; the line changes nothing" for place, (gid, sid) in named
    )
    tally.notes += _not_taken(list(held.items()))
    tally.variables = tuple(variables.used())
    tally.seconds = clock() - begun
    if not tally.rules:
        raise ConfigError(f"{path}: holds no rules; expected Suricata's or Snort's, one a line")
    return tally


def build_signatures(
    paths: Sequence[str],
    told: Callable[[str], None],
    cache: PlanCache | None = None,
    given: Sequence[tuple[str, str]] = (),
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
) -> Signatures:
    """The detector of every rule of these files and folders that is switched on and can be in force.

    told: takes a sentence about what is not. cache: None for the installation's own. given: as of list_files.
    midstream, checksums: as of Engine; where all is to be as Suricata has it, rules that it does not load are out.
    Raises ConfigError where a file cannot be read, or none of the rules loads.
    """
    from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415

    files = [file for path in paths for file in rule_files(path)]
    lists = list_files(paths, given)
    _, limits = settings_of(lists)

    def make(plan: Plan, databases: Databases) -> Signatures:
        detector = Signatures(plan.rules(time.thread_time_ns), databases, midstream, checksums)
        detector.engine.memory.limits = limits
        detector.engine.memory.datasets.given = plan.given
        return detector

    suricata = midstream != "own"
    key = rules_key(files, [*lists, ("", "suricata", "")] if suricata else lists)
    return made_once(key, files, partial(_planned, files, lists, suricata=suricata), make, told, cache)


def made_once(
    key: str,
    files: Sequence[RuleFile],
    planned: Callable[[], Plan],
    make: Callable[[Plan, Databases], _T],
    told: Callable[[str], None],
    cache: PlanCache | None = None,
) -> _T:
    """Make a detector of a plan: of the one that is kept under that key, else of one that is kept from now on.

    files: of rules. A plan is of no use once a file of a set that they name holds something else.
    """
    from interlock.bootstrap.signature_cache import build_plan_cache  # noqa: PLC0415
    from interlock.detect.signatures.packs.plan import Databases, read_plan, write_plan  # noqa: PLC0415

    kept = cache or build_plan_cache(told)
    plan: Plan | None = None
    with uncollected():
        if (octets := kept.get(key)) is not None:
            try:
                plan = _with_sets(read_plan(octets), files)
            except SourceError as error:
                kept.forget(key, str(error))
        known, plan = plan is not None, plan or planned()
        databases = Databases(plan.databases)
        detector = make(plan, databases)
    if plan.costly >= _WORTH and (not known or databases.made != plan.databases):
        plan.databases = databases.made
        kept.put(key, write_plan(plan))
    _tell(plan.sentences, told)
    return detector


def _with_sets(plan: Plan, files: Sequence[RuleFile]) -> Plan | None:
    """The plan with what its sets hold now; None where that is not what they held."""
    from interlock.bootstrap.signature_sets import Sets  # noqa: PLC0415

    sets = Sets()
    if not sets.again(plan.sets, files):
        return None
    plan.given = sets.given
    return plan


def _planned(files: Sequence[RuleFile], given: Sequence[tuple[str, str, str]], *, suricata: bool) -> Plan:
    """Every rule of these files that can be in force, as the lists have it. suricata: as of rules_of."""
    from interlock.bootstrap.signature_sets import Sets  # noqa: PLC0415
    from interlock.detect.signatures.packs.plan import Plan  # noqa: PLC0415

    plan, sets = Plan(), Sets()
    for signature, text, ends in rules_of(files, given, plan.sentences, sets, suricata=suricata):
        plan.add(signature, text, ends)
    plan.costly = len(plan.texts)
    plan.sets, plan.given = tuple(sets.files), sets.given
    return plan


def rules_of(
    files: Sequence[RuleFile],
    given: Sequence[tuple[str, str, str]],
    sentences: list[str],
    sets: Sets,
    *,
    suricata: bool = False,
) -> Iterator[tuple[Signature, bytes, Ends]]:
    """Each rule that can be in force, once, with its text and its ends.

    sentences: gets what is to be said. sets: gets what rules name. suricata: without what Suricata does not load.

    Raises ConfigError where none loads, not even one that is switched off: nothing would be taken for protection.
    """
    from interlock.detect.signatures.engine.able import put_in_force  # noqa: PLC0415
    from interlock.detect.signatures.language.contents import read_octets  # noqa: PLC0415
    from interlock.detect.signatures.language.expressions import compiled  # noqa: PLC0415
    from interlock.detect.signatures.packs.choosing import chosen  # noqa: PLC0415
    from interlock.detect.signatures.packs.lists import read_lists  # noqa: PLC0415

    variables, known, loads = settings_of(given)[0], set(), False
    variables = variables.as_suricata() if suricata else variables
    lists = read_lists(given)
    held: list[tuple[Signature, str]] = []
    for number, file in enumerate(files):
        for line, read in chosen(file.name, file.text(), lists, variables, sentences.append):
            signature, refusal = sets.take(put_in_force(read), file, number)
            if refusal is not None and refusal.enabled:
                sentences.append(str(refusal))
            loads |= signature is not None
            if signature is None or not signature.enabled or (key := hash(signature)) in known:
                continue
            known.add(key)
            if suricata:
                held.append((signature, line.text))
            else:
                yield signature, _octets(line.text), variables.ends(signature.header)
    for signature, text in _taken(held, lambda one: sentences.append(str(one))):
        yield signature, _octets(text), variables.ends(signature.header)
    if files and not loads:
        named = ", ".join(str(file.path) for file in files[:3])
        raise ConfigError(f"{named}: none of its rules loads; `interlock signature check` says why of each")
    sentences[:0] = lists.without_effect()
    read_octets.cache_clear()
    compiled.cache_clear()


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _not_taken(rules: Sequence[tuple[Signature, str]]) -> Iterator[str]:
    """A sentence about those that Suricata does not load, where there are any."""
    refusals: list[Refusal] = []
    for _ in _taken(rules, refusals.append):
        pass
    if refusals:
        counts = Counter(one.sid for one in refusals)
        named = ", ".join(
            f"{sid} ({times} times)" if times > 1 else str(sid) for sid, times in counts.items()
        )
        yield (
            f"Suricata itself does not load {len(refusals)} of the rules in force, "
            f"which are out with midstream no or yes: {named}"
        )


def _taken(
    rules: Sequence[tuple[Signature, str]], told: Callable[[Refusal], object]
) -> Iterator[tuple[Signature, str]]:
    """Rules and their texts, without those that Suricata does not load, which are told."""
    from interlock.detect.signatures.language.problems import RuleError  # noqa: PLC0415
    from interlock.detect.signatures.language.reading import refused  # noqa: PLC0415
    from interlock.detect.signatures.language.taken import Ids, refuse_what_suricata_does  # noqa: PLC0415

    ids, left = Ids(), []
    for place, (signature, text) in enumerate(rules):
        try:
            refuse_what_suricata_does(text, signature)
        except RuleError as error:
            told(refused(signature, error))
        else:
            ids.add(place, signature)
            left.append((place, signature, text))
    for place, signature, text in left:
        try:
            ids.refuse_others(place, signature)
        except RuleError as error:
            told(refused(signature, error))
        else:
            yield signature, text


def settings_of(lists: Sequence[tuple[str, str, str]]) -> tuple[Variables, Limits]:
    """What variables mean, and how often rules speak, as people say beside them. Raises ConfigError."""
    from interlock.detect.signatures.language.thresholds import read_thresholds  # noqa: PLC0415
    from interlock.detect.signatures.language.variables import read_variables  # noqa: PLC0415

    made = [(file, text) for kind, file, text in lists if kind == SITE]
    variables = read_variables([(file, text) for kind, file, text in lists if kind == "variables"], made)
    return variables, read_thresholds(
        [(file, text) for kind, file, text in lists if kind == "threshold"], variables
    )


def _tell(sentences: Sequence[str], told: Callable[[str], None]) -> None:
    for sentence in sentences[:_TOLD]:
        told(sentence)
    if len(sentences) > _TOLD:
        told(
            f"{len(sentences) - _TOLD} more signatures are not in force; `interlock signature check` names them all"
        )


def rules_key(files: Sequence[RuleFile], lists: Sequence[tuple[str, str, str]]) -> str:
    """All that a plan depends on: files and lists, what reads them, and what makes databases."""
    said = sha256(f"{__version__} {version('hyperscan')} {_source()}\n".encode())
    for file in files:
        said.update(f"{file.name!r} {sha256(file.octets).hexdigest()}\n".encode("utf-8", "surrogateescape"))
    said.update(repr(lists).encode())
    return said.hexdigest()


@cache
def _source() -> str:
    """What the program that reads rules is: a version may be changed without a new number while it is written."""
    said = sha256()
    for room in ("language", "engine", "plain", "packs"):
        folder = resources.files("interlock.detect.signatures") / room
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                said.update(sha256(file.read_bytes()).digest())
    return said.hexdigest()
