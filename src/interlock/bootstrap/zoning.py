"""Policies read from site files, and the traffic that they are held against: captures, folders of records, stores."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap.written import written_text
from interlock.pipeline.zone_run import Observed, ZoneRun

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import date

    from interlock.capture.run import CaptureRun
    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.model.policy import Policy
    from interlock.segment.propose.proposal import Proposal

__all__ = [
    "PolicyText",
    "Proposed",
    "asking_words",
    "build_policy",
    "build_zone_run",
    "from_folder",
    "from_store",
    "known_ports",
    "propose",
    "read_policy",
    "run_captures",
    "spoken_at",
    "verbs_of_protocols",
]

_DAY_NS: Final = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A site file as a policy. text: the file's. problems: sentences with file, line and column, or none."""

    file: str
    text: str
    site: Site
    problems: tuple[str, ...] = ()

    def against(self, today: date, assets: Collection[str] | None) -> PolicyText:
        """The same, its problems looked for anew. assets: ids of the machines that are known."""
        from interlock.records.toml_places import locate  # noqa: PLC0415
        from interlock.segment.model.problems import problems_of  # noqa: PLC0415

        told = []
        for problem in problems_of(self.site, today, protocols=words(), assets=assets):
            line, column = locate(self.text, problem.path)
            told.append(f"{self.file}, line {line}, column {column}: {problem}")
        return dataclasses.replace(self, problems=tuple(told))


def read_policy(path: str, today: date) -> PolicyText:
    """Read a site file as a policy, its problems listed. Raises ConfigError where it is no site file."""
    from interlock.records.site_text import load_site  # noqa: PLC0415 (its parser takes long to load)

    text = _text(path)
    return PolicyText(path, text, load_site(text, file=path)).against(today, None)


def _text(path: str) -> str:
    return written_text(Path(path), "name a file that is there")


def known_ports(extra: Iterable[tuple[str, str]] = ()) -> dict[str, tuple[str, ...]]:
    """Protocol → where it is usually spoken, for replay and firewalls alike. extra: (protocol, port range) besides."""
    from interlock.decode.registry import waiting_specs  # noqa: PLC0415
    from interlock.segment.export.services import known_services  # noqa: PLC0415

    specs = [(spec.names, spec.tcp, spec.udp, spec.ethertypes) for spec in waiting_specs()]
    return known_services(specs, extra)


@cache
def spoken_at() -> dict[tuple[str, int], frozenset[str]]:
    """Transport and port → the protocols that are at home there."""
    from interlock.segment.export.services import at_home  # noqa: PLC0415

    return at_home(known_ports())


def build_policy(site: Site, today: date, find: Callable[[str, str], Asset | None]) -> Policy:
    """What judges requests. find: (realm, address) → the asset known there."""
    from interlock.segment.model.policy import Policy  # noqa: PLC0415

    return Policy(site, today, find, spoken_at())


def build_zone_run(site: Site) -> ZoneRun:
    """What captures are fed to."""
    from interlock.inventory.inventory import Inventory  # noqa: PLC0415
    from interlock.inventory.registry_files import load_registries, load_rules  # noqa: PLC0415

    return ZoneRun(Inventory(site=site.name or "default", registries=load_registries(), rules=load_rules()))


def run_captures(
    run: CaptureRun,
    zone_run: ZoneRun,
    *,
    gsdml: Sequence[str],
    watch: dict[str, Any],
    progress: Callable[[int, int | None], None],
    stop: Callable[[], bool],
) -> bool:
    """Feed a run's captures; whether it was stopped before its end."""
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    engine = build_engine(run.sources, wanted=zone_run.wanted, gsdml=gsdml, **watch)
    for batches in decoded(run, engine, progress=progress, stop=stop):
        zone_run.feed(batches, engine.dissector.now)
    return stop() and any(run.unfinished)


def from_folder(folder: str) -> Observed:
    """Read what `interlock analyze` wrote. Raises SourceError."""
    from interlock.report.reading import read_folder  # noqa: PLC0415
    from interlock.segment.check.traffic import READ, Traffic  # noqa: PLC0415
    from interlock.store.records_folder import read_tables  # noqa: PLC0415

    traffic = Traffic()
    for table, batch in read_tables(Path(folder), READ):
        traffic.feed(table, batch)
    told = read_folder(Path(folder))
    return Observed(traffic, told.assets, told.findings)


def from_store(folder: str, *, days: float | None, now: int) -> Observed:
    """Read a sensor's store. days: how long ago the reading begins, None for all of it. Raises SourceError."""
    from interlock.segment.check.traffic import READ, Traffic  # noqa: PLC0415
    from interlock.store.plain.reader import PlainReader  # noqa: PLC0415

    reader, traffic = PlainReader(Path(folder)), Traffic()
    since = None if days is None else now - int(days * _DAY_NS)
    there = reader.tables()
    for table, kept in (("operations", "operations_folded"), ("flows", "flows")):
        if kept in there:
            for batch in reader.rows(kept, since=since, columns=READ[table]):
                traffic.feed(table, batch)
    return Observed(traffic, reader.assets(), (finding for _, finding in reader.findings()))


def words() -> frozenset[str]:
    """Every protocol's name that decoders use."""
    from interlock.decode.registry import waiting_specs  # noqa: PLC0415

    return frozenset(
        {name for spec in waiting_specs() for name in (spec.name, *spec.names)} | {"icmp", "icmp6"}
    )


def asking_words() -> frozenset[str]:
    """Those of protocols in which all that is done is asked for: none of cyclic data."""
    from interlock.decode.registry import load_verbs  # noqa: PLC0415
    from interlock.segment.replay.loops import CYCLIC  # noqa: PLC0415

    return frozenset(name for name, rows in load_verbs().items() if rows) & words() - CYCLIC


def control_words() -> frozenset[str]:
    """Those of protocols that move a process."""
    from interlock.decode.registry import waiting_specs  # noqa: PLC0415

    return frozenset(name for spec in waiting_specs() if spec.control for name in spec.names)


def verbs_of_protocols() -> dict[str, frozenset[str]]:
    """Protocol → the verbs that its functions have: of its own tables, or, where it has none, of its family's."""
    from interlock.decode.registry import protocol_packages, waiting_specs  # noqa: PLC0415
    from interlock.decode.verbs import VerbText, read_toml  # noqa: PLC0415

    text, found = VerbText(), {}
    for package, spec in zip(protocol_packages(), waiting_specs(), strict=False):  # outside ones stand behind
        tables = text.all_of(package) if text.has(package) else read_toml(package)
        own: dict[str, set[str]] = {}
        for table, rows in tables.items():
            whose = max(
                (name for name in spec.names if f"{table}-".startswith(f"{name}-")), key=len, default=""
            )
            own.setdefault(whose, set()).update(verb for _, verb in rows.values())
        family = frozenset().union(*own.values())
        found.update({name: frozenset(own.get(name, family)) for name in spec.names})
    return found


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal and its texts: the site file's, the questions, answers to begin with, all that was ever proposed."""

    proposal: Proposal
    site_text: str
    questions: str
    answers: str
    proposed: str


def propose(
    policy: PolicyText, seen: Observed, answers: str | None, today: date, before: str | None = None
) -> Proposed:
    """Propose what the policy lacks for what was seen. answers: a file, or None. before: one of earlier proposals.

    Raises ConfigError naming file, line and column of what is wrong.
    """
    from interlock.segment.propose.answers import load_answers  # noqa: PLC0415
    from interlock.segment.propose.proposal import draft_of, proposal_of  # noqa: PLC0415
    from interlock.segment.propose.removals import load_proposed, proposed_text  # noqa: PLC0415
    from interlock.segment.propose.writing import answers_text, questions_text, with_proposal  # noqa: PLC0415

    def build(site: Site) -> Policy:
        return build_policy(site, today, seen.find)

    draft = draft_of(policy.site, seen.traffic, seen.find, build, control_words(), today)
    given = () if answers is None else load_answers(_text(answers), draft.questions, words(), file=answers)
    known = () if before is None else load_proposed(_text(before), file=before)
    made = proposal_of(draft, given, seen.traffic, build, verbs_of_protocols(), known)
    text = with_proposal(policy.text, made.zones, made.conduits, made.decisions, file=policy.file)
    proposed = proposed_text(known, made.conduits)
    return Proposed(made, text, questions_text(made.questions), answers_text(made.questions), proposed)
