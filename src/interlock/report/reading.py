"""Reading a run's JSON files back: checked against their schema first, then made into records again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import SourceError
from interlock.records.asset import Asset, Conflict, Proof, Risk
from interlock.records.finding import Action, Evidence, Finding
from interlock.report.quantities import parse_time
from interlock.report.record import Health, Withheld
from interlock.report.relations import Relation
from interlock.report.schema import SchemaError, check
from interlock.report.traffic import Conversation

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_FILE_OCTETS", "Folder", "read_folder"]

MAX_FILE_OCTETS: Final = 1 << 30
"""A file beyond this is no report of ours; reading it would eat the machine's memory."""

_MEANT: Final = "name a folder that `interlock analyze --out` wrote"
_TIMES: Final = ("first", "last", "first_seen", "last_seen", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What one output folder says: the part of a report that a comparison needs."""

    path: str
    assets: tuple[Asset, ...] = ()
    findings: tuple[Finding, ...] = ()
    relations: tuple[Relation, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    health: tuple[Health, ...] = ()
    first: int | None = None
    last: int | None = None


def read_folder(folder: Path) -> Folder:
    """Read `assets.json`, `findings.json` and `summary.json` of an output folder.

    Raises SourceError with one sentence where a file is missing, is no JSON, or breaks its schema.
    """
    assets, findings, summary = (_read(folder, name) for name in ("assets", "findings", "summary"))
    try:
        run = _timed(summary["run"])
        return Folder(
            path=str(folder),
            assets=tuple(_asset(item) for item in assets["assets"]),
            findings=tuple(_finding(item) for item in findings["findings"]),
            relations=tuple(Relation(**_seen({"frame": None, **item})) for item in summary["relations"]),
            conversations=tuple(
                Conversation(**_seen({"protocol": None, **item})) for item in summary["conversations"]
            ),
            withheld=tuple(Withheld(**item) for item in summary["withheld"]),
            health=tuple(Health(**item) for item in summary["health"]),
            first=run.get("first"),
            last=run.get("last"),
        )
    except ValueError as error:
        raise SourceError(
            f"{folder}: holds a file that is no report of this program ({error}); {_MEANT}"
        ) from error


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.json"
    try:
        if path.stat().st_size > MAX_FILE_OCTETS:
            raise SourceError(f"{path}: is larger than any report ({MAX_FILE_OCTETS:,} octets); {_MEANT}")
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        check(document, name)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise SourceError(f"{path}: cannot be read ({reason}); {_MEANT}") from error
    except SchemaError as error:
        raise SourceError(
            f"{path}: is no {name} file of this version ({error}); analyze the captures anew"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: is not JSON that this program writes; {_MEANT}") from error
    return document


def _timed(item: dict[str, Any]) -> dict[str, Any]:
    times: dict[str, Any] = {name: parse_time(item[name]) for name in _TIMES if name in item}
    return {**{k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}, **times}


def _seen(item: dict[str, Any]) -> dict[str, Any]:
    """Give times that were not known, and so are absent from the file, the 0 that records use."""
    return {"first": 0, "last": 0, **_timed(item)}


def _proofs(items: list[dict[str, Any]]) -> tuple[Proof, ...]:
    return tuple(Proof(**_seen(item)) for item in items)


def _asset(item: dict[str, Any]) -> Asset:
    risk = item["risk"]
    return Asset(
        **{
            **_timed(item),
            "risk": Risk(score=risk["score"], reasons=tuple(risk["reasons"])),
            "provenance": tuple((name, _proofs(proofs)) for name, proofs in item["provenance"].items()),
            "conflicts": tuple(
                Conflict(field=conflict["field"], proofs=_proofs(conflict["proofs"]))
                for conflict in item["conflicts"]
            ),
        }
    )


def _finding(item: dict[str, Any]) -> Finding:
    evidence = tuple(Evidence(**{**one, "frames": tuple(one["frames"])}) for one in item["evidence"])
    return Finding(
        **{
            "time": 0,
            "last": 0,
            **_timed(item),
            "evidence": evidence,
            "actions": tuple(Action(**action) for action in item["actions"]),
            "data": tuple(item["data"].items()),
        }
    )
