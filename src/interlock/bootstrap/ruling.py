"""Rules, wired: the pack that ships, and the folders that people keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.written import read_written
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interlock.detect.rules.detector import Rules
    from interlock.detect.rules.model import Problem, Rule
    from interlock.detect.rules.reading import Reading
    from interlock.detect.rules.trial import Trial
    from interlock.pipeline.rule_run import RuleRun
    from interlock.records.finding import Finding
    from interlock.records.site import Site

__all__ = [
    "PACK",
    "RuleBook",
    "build_rule_run",
    "build_rules",
    "compile_pack",
    "fired_over",
    "in_words",
    "pack_rules",
    "pack_trials",
    "read_book",
    "read_folder",
    "read_trials",
]

PACK: Final = "pack"
_MOST_FILES: Final = 10_000
_SUFFIXES: Final = (".yml", ".yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """rules: in force, the pack's and people's. problems: of what people wrote; errors kept a rule out."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()


@cache
def pack_rules() -> tuple[Rule, ...]:
    """The rules that ship, as they were compiled when the package was made."""
    from interlock.detect.rules.plan import read_plan  # noqa: PLC0415 (builders import only the rooms they need)

    file = resources.files("interlock.detect.rules") / "pack.json"
    return read_plan(file.read_text("utf-8"), file="pack.json")


def _pack_texts(*, trials: bool) -> Iterator[tuple[str, str]]:
    folder = resources.files("interlock.detect.rules") / PACK
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yml") and file.name.endswith(".test.yml") == trials:
            yield f"{PACK}/{file.name}", file.read_text("utf-8")


def compile_pack() -> Reading:
    """The rules that ship, from their texts."""
    from interlock.detect.rules.reading import read_rules  # noqa: PLC0415 (Sigma's parser takes long to load)

    return read_rules(_pack_texts(trials=False), origin=PACK)


def pack_trials() -> tuple[list[Trial], list[Problem]]:
    """The trials of the rules that ship."""
    return _read_trials(_pack_texts(trials=True))


def read_book(folders: Sequence[str]) -> RuleBook:
    """The pack and the rules of these folders; one of theirs takes the place of ours with its id.

    Raises ConfigError where a folder cannot be read at all.
    """
    rules = {rule.id: rule for rule in pack_rules()}
    problems: list[Problem] = []
    for folder in folders:
        reading = read_folder(folder, tuple(rules.values()))
        problems += reading.problems
        for identifier in reading.off:
            rules.pop(identifier, None)
        rules.update((rule.id, rule) for rule in reading.rules)
    return RuleBook(rules=tuple(rules.values()), problems=tuple(problems))


def read_folder(folder: str, known: Iterable[Rule] = ()) -> Reading:
    """The rules of a folder. known: those that its correlations may count too. Raises ConfigError."""
    from interlock.detect.rules.reading import read_rules  # noqa: PLC0415 (Sigma's parser takes long to load)

    unread: list[Problem] = []
    reading = read_rules(_texts(folder, unread, trials=False), origin=folder, known=known)
    return replace(reading, problems=(*unread, *reading.problems))


def read_trials(folder: str) -> tuple[list[Trial], list[Problem]]:
    """The trials of a folder's rules. Raises ConfigError."""
    unread: list[Problem] = []
    trials, problems = _read_trials(_texts(folder, unread, trials=True))
    return trials, unread + problems


def _read_trials(texts: Iterable[tuple[str, str]]) -> tuple[list[Trial], list[Problem]]:
    from interlock.detect.rules.trial import read_trial  # noqa: PLC0415 (only whoever tries rules needs it)

    trials: list[Trial] = []
    problems: list[Problem] = []
    for file, text in texts:
        trial, wrong = read_trial(text, file=file)
        problems += wrong
        if trial is not None:
            trials.append(trial)
    return trials, problems


def _texts(folder: str, unread: list[Problem], *, trials: bool) -> Iterator[tuple[str, str]]:
    """Files of a folder and of those in it that hold rules, or their trials, in the order of their names.

    unread: gets what is wrong with those that cannot be read or are no text; the others come all the same.
    """
    for path in _files(folder):
        if path.suffix in _SUFFIXES and (".test" in path.suffixes) == trials:
            text = _text(path)
            if isinstance(text, str):
                yield str(path), text
            else:
                unread.append(text)


def _text(path: Path) -> str | Problem:
    from interlock.detect.rules.model import Place, Problem  # noqa: PLC0415
    from interlock.records.toml_places import NoTextError, decode_text  # noqa: PLC0415

    try:
        return decode_text(read_written(path), file=str(path))
    except NoTextError as error:
        place, wrong = Place(file=str(path), line=error.line, column=error.column), error.reason
    except ConfigError as error:
        place, wrong = Place(file=str(path), line=1, column=1), str(error).removeprefix(f"{path}: ")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        place, wrong = Place(file=str(path), line=1, column=1), f"cannot be read ({reason}); expected a rule"
    return Problem(place=place, text=wrong)


def _files(folder: str) -> list[Path]:
    root = Path(folder)
    if root.is_file() and root.suffix in _SUFFIXES:
        return [root]
    if root.is_file():
        raise ConfigError(f"{folder}: is neither a folder nor a rule; name a folder that holds rules (*.yml)")
    if not root.is_dir():
        raise ConfigError(f"{folder}: is no folder; name one that holds rules (*.yml)")
    files = []
    for path in root.rglob("*"):
        if path.is_file() or path.is_symlink():
            files.append(path)
            if len(files) > _MOST_FILES:
                raise ConfigError(
                    f"{folder}: holds more than {_MOST_FILES} files; name a folder of rules alone"
                )
    return sorted(files)


def in_words(problem: Problem) -> str:
    """A problem as a sensor's or a run's own note: the others go on."""
    return f"{problem}; the other rules stay in force" if problem.error else str(problem)


def build_rules(folders: Sequence[str]) -> tuple[Rules, tuple[Problem, ...]]:
    """The detector of all rules in force, and what is wrong with those of people that are not. Raises ConfigError."""
    from interlock.detect.rules.detector import Rules  # noqa: PLC0415

    book = read_book(folders)
    broken = [in_words(problem) for problem in book.problems if problem.error]
    return Rules(book.rules, broken), book.problems


def build_rule_run(folders: Sequence[str], site: Site, *, only: bool) -> tuple[RuleRun, tuple[Problem, ...]]:
    """Rules over recorded traffic. only: those of the folders, not ours. Raises ConfigError."""
    from interlock.detect.rules.detector import Rules  # noqa: PLC0415
    from interlock.inventory.inventory import Inventory  # noqa: PLC0415
    from interlock.inventory.registry_files import load_registries, load_rules  # noqa: PLC0415
    from interlock.pipeline.rule_run import RuleRun  # noqa: PLC0415

    book = read_book(folders)
    rules = [rule for rule in book.rules if not only or rule.origin != PACK]
    inventory = Inventory(site=site.name or "default", registries=load_registries(), rules=load_rules())
    return RuleRun(Rules(rules), inventory, site), book.problems


def fired_over(folder: str, capture: str) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """What the rules of a folder say of a capture, and what is wrong with them. Raises ConfigError, SourceError."""
    from io import BytesIO  # noqa: PLC0415

    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415
    from interlock.records.site import Site  # noqa: PLC0415

    rule_run, problems = build_rule_run((folder,), Site(), only=True)
    with open_sources(specify((capture,), ()), stdin=BytesIO()) as run:
        engine = build_engine(run.sources, wanted=rule_run.wanted)
        for batches in decoded(run, engine, progress=lambda _read, _total: None, stop=lambda: False):
            rule_run.feed(batches, engine.dissector.now)
        fired, _ = rule_run.fired(run)
    return tuple(finding for one in fired for finding in one.findings), problems
