"""What columns.toml says: names of protocols, ports for tshark, columns to compare with Zeek's logs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.baseline import Rule
from conformance.checks import Check, read_checks

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Settings", "read_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """names: our protocol name to the harness's. decode_as: capture name to tshark's `-d` rules.

    by_name: protocols without numeric functions. unlogged: protocol to functions of which its logs have no messages.
    zeek: one table per kind of log, as columns.toml has it. baselines: logs compared cell by cell with views.
    """

    names: dict[str, str]
    by_name: frozenset[str]
    decode_as: dict[str, tuple[str, ...]]
    unlogged: dict[str, frozenset[str]]
    zeek: tuple[dict[str, Any], ...]
    checks: tuple[Check, ...]
    baselines: tuple[Rule, ...]


def read_settings(path: Path) -> Settings:
    read = tomllib.loads(path.read_text("utf-8"))
    rules = {name: tuple(rules) for name, rules in read.get("decode_as", {}).items()}
    return Settings(
        names=read.get("names", {}),
        by_name=frozenset(read.get("function_by_name", [])),
        decode_as=rules,
        unlogged={name: frozenset(map(str, said)) for name, said in read.get("unlogged", {}).items()},
        zeek=tuple(read.get("zeek", [])),
        checks=read_checks(read.get("checks", [])),
        baselines=tuple(map(Rule.read, read.get("baselines", []))),
    )
