"""What a configuration comes to: with every budget of memory that would be in force, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from interlock.bootstrap import check_config, config_text
from interlock.records.budget import PROCESS_MIB, UNITS, Budget
from interlock.records.config_text import load_config
from interlock.records.toml_places import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interlock.records.config import Config

__all__ = ["Declared", "budgets_in_force"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One budget. unit: what is counted. of: who may have so much. source: whether the file says so."""

    name: str
    value: int
    unit: str
    of: str
    source: Literal["file", "default"]


def budgets_in_force(file: Path) -> tuple[Config, tuple[Declared, ...]]:
    """The file's configuration, and the budgets that a sensor begun with it has.

    Raises ConfigError where file or a secret that it names is not right.
    """
    text = config_text(file)
    config = load_config(text, file=str(file))
    check_config(config)
    said = parse_toml(text, file=str(file)).get("sensor", {})
    return config, tuple(_declared(config, said))


def _declared(config: Config, said: dict[str, object]) -> Iterator[Declared]:
    memory = said.get("memory", {})
    assert isinstance(memory, dict)  # the model was read from it
    for field in fields(Budget):
        unit, of = UNITS[field.name]
        value = getattr(config.sensor.memory, field.name)
        source: Literal["file", "default"] = "file" if field.name in memory else "default"
        yield Declared(name=field.name, value=value, unit=unit, of=of, source=source)
    whole = config.sensor.memory_mib
    yield Declared(
        name="memory_mib",
        value=PROCESS_MIB if whole is None else whole,
        unit="MiB",
        of="each process, in all",
        source="default" if whole is None else "file",
    )
