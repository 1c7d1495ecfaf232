"""Trials: rows for which a rule must fire, and rows for which it must keep silent, as text beside the rule.

    rule: stop-outside-window            # its name; without this line the file's name
    site: |                              # a site file's text, for all cases
      [[engineering_stations]]
      address = "10.0.0.5"
    roles: {10.0.0.9: hmi}               # what an inventory would know
    fires:
      - because: a machine that nobody named stops a controller
        rows:
          - {verb: stop, protocol: s7comm}
    silent:
      - because: the named station does
        site: …                          # of this case alone
        rows:
          - {client: 10.0.0.5, verb: stop, protocol: s7comm}

A row gives columns; what it leaves out is filled (10.0.0.9 reads 10.0.0.2 by Modbus). `at` is its time in seconds;
`repeat: 30` with `every: 0.5` makes thirty of it, and `{n}` in its text counts them from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.rules.detector import Rules
from interlock.detect.rules.places import read_documents
from interlock.errors import ConfigError
from interlock.records.asset import Asset
from interlock.records.site_text import load_site
from interlock.records.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.rules.model import Problem, Rule
    from interlock.detect.rules.places import Document

__all__ = ["Case", "Outcome", "Trial", "read_trial", "run_trial"]

_SECOND_NS: Final = 10**9
_BEGIN: Final = int(datetime(2026, 1, 5, 8, 0, tzinfo=UTC).timestamp()) * _SECOND_NS
_MOST_ROWS: Final = 100_000
_KEYS: Final = frozenset({"rule", "site", "roles", "fires", "silent"})
_CASE_KEYS: Final = frozenset({"because", "site", "roles", "rows"})
_ROW_KEYS: Final = frozenset({"at", "every", "repeat"})
_PLAIN: Final[dict[str, dict[str, Any]]] = {
    "operations": {"protocol": "modbus", "verb": "read", "outcome": "ok", "item": 0, "items": 1, "flow": 1},
    "flows": {
        "protocol": "modbus", "transport": "tcp", "state": "closed", "basis": "parsed", "confidence": 1.0, "flow": 1,
        "client_packets": 20, "server_packets": 20, "client_octets": 2_000, "server_octets": 2_000,
        "retransmissions": 0, "gaps": 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0,
    },
    "oddities": {"protocol": "modbus", "oddity": "unknown", "offset": 0, "octets": b"", "flow": 1},
    "values": {"protocol": "modbus", "direction": "read", "object": "holding:0", "flow": 1},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One set of rows. fires: whether the rule must. place: for who wrote it."""

    because: str
    fires: bool
    place: str
    rows: tuple[dict[str, Any], ...]
    site: str = ""
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All cases of one rule, by the rule's name."""

    rule: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a case went. said: titles of the rule's findings. wrong: why it failed; empty where it did not."""

    rule: str
    case: Case
    said: tuple[str, ...]
    wrong: str = ""


def read_trial(text: str, *, file: str) -> tuple[Trial | None, list[Problem]]:
    """Read one trial file; what is wrong with it, each with its place."""
    documents, problems = read_documents(text, file=file)
    if problems or not documents:
        return None, problems
    document = documents[0]
    if not isinstance(document.value, dict) or not document.value.keys() & {"fires", "silent"}:
        return None, [document.problem("is no trial; expected `fires` and `silent`, each a list of cases")]
    problems += [
        document.problem(f"{k!r} is no key of a trial", str(k)) for k in document.value if k not in _KEYS
    ]
    cases = [case for fires in (True, False) for case in _cases(document, fires, problems)]
    stem = file.rsplit("/", 1)[-1].removesuffix(".yml").removesuffix(".yaml").removesuffix(".test")
    return Trial(rule=str(document.value.get("rule", stem)), cases=tuple(cases)), problems


def _cases(document: Document, fires: bool, problems: list[Problem]) -> Iterator[Case]:
    key, whole = "fires" if fires else "silent", document.value
    given = whole.get(key) or []
    if not isinstance(given, list):
        problems.append(document.problem("expected a list of cases", key))
        return
    for number, case in enumerate(given):
        if not isinstance(case, dict) or not isinstance(case.get("rows"), list) or case.keys() - _CASE_KEYS:
            problems.append(document.problem("expected `because` and `rows` (a list)", key, number))
            continue
        if not all(isinstance(row, dict) for row in case["rows"]):
            problems.append(document.problem("expected every row as {column: value}", key, number, "rows"))
            continue
        roles = {**(whole.get("roles") or {}), **(case.get("roles") or {})}
        yield Case(
            because=str(case.get("because", "")),
            fires=fires,
            place=str(document.place(key, number)),
            rows=tuple(case["rows"]),
            site=str(case.get("site", whole.get("site", ""))),
            roles=tuple((str(address), str(role)) for address, role in roles.items()),
        )


def run_trial(trial: Trial, rules: Sequence[Rule]) -> list[Outcome]:
    """Run every case of a trial. rules: all that are in force, the trial's among them."""
    rule = next((rule for rule in rules if rule.name == trial.rule), None)
    if rule is None:
        wrong = f"there is no rule {trial.rule!r} in force"
        return [Outcome(rule=trial.rule, case=case, said=(), wrong=wrong) for case in trial.cases]
    counted = rule.correlation.rules if rule.correlation else ()
    mine = [other for other in rules if other is rule or other.id in counted]
    return [_run(rule, mine, case) for case in trial.cases]


def _run(rule: Rule, mine: Sequence[Rule], case: Case) -> Outcome:
    detector = Rules(mine)
    try:
        context = _context(case)
        detector.feed(Batch(rule.table, _batch(rule.table, case)), context)
    except (ConfigError, ValueError, TypeError, pa.ArrowException) as error:
        return Outcome(rule=rule.name, case=case, said=(), wrong=f"the case cannot be run: {error}")
    said = tuple(f.title for f in detector.conclude(context) if ("rule_id", rule.id) in f.data)
    broken = [held.reason for held in detector.withheld(context)]
    wrong = broken[0] if broken else ""
    if not wrong and bool(said) != case.fires:
        wrong = (
            "expected the rule to fire, and it kept silent"
            if case.fires
            else f"expected silence; it said: {said[0]}"
        )
    return Outcome(rule=rule.name, case=case, said=said, wrong=wrong)


def _context(case: Case) -> Context:
    roles = {
        address: Asset(id=address, realm="default", role=role, ips=(address,)) for address, role in case.roles
    }
    site = load_site(case.site, file=case.place)
    return Context(site=site, asset=lambda _realm, address: roles.get(address), now=_BEGIN)


def _batch(table: str, case: Case) -> pa.RecordBatch:
    rows = sorted(_rows(table, case), key=lambda row: row["time"])
    for number, row in enumerate(rows, 1):
        row.update(
            {"frame": number, "first_frame": number, "last_frame": number, "operation": number, **row["own"]}
        )
    schema = TABLES[table].schema
    columns = [_column([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _rows(table: str, case: Case) -> Iterator[dict[str, Any]]:
    known, made = {*TABLES[table].names, *_ROW_KEYS}, 0
    for given in case.rows:
        for key in given:
            if key not in known:
                raise ValueError(f"{key!r} is no column of {table}")
        begin, every = float(given.get("at", made)), float(given.get("every", 1))
        own = {key: value for key, value in given.items() if key not in _ROW_KEYS}
        for number in range(1, int(given.get("repeat", 1)) + 1):
            made += 1
            if made > _MOST_ROWS:
                raise ValueError(f"the case has more than {_MOST_ROWS} rows")
            time = _BEGIN + int((begin + (number - 1) * every) * _SECOND_NS)
            base = {
                "source": "trial",
                "realm": "default",
                "time": time,
                "first": time,
                "last": time + _SECOND_NS,
            }
            ends = {"client": "10.0.0.9", "server": "10.0.0.2"}
            counted = {k: v.replace("{n}", str(number)) if isinstance(v, str) else v for k, v in own.items()}
            yield {**base, **ends, **_PLAIN[table], **counted, "own": counted}


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind) or kind == pa.utf8():
        texts = [None if value is None else str(value) for value in values]
        made = pa.array(texts, pa.utf8())
        return made if kind == pa.utf8() else made.dictionary_encode().cast(kind)
    if pa.types.is_integer(kind):
        values = [int(value) if isinstance(value, str) else value for value in values]
    return pa.array(values, kind)
