"""What is played when: `NAME@MINUTE`, of attacks and of rare events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_attacks", "read_events"]

_Value = tuple[str, float]


def read_attacks(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[_Value, ...]:
    """Callback of --attack."""
    from interlock.plant.attacks.table import NAMES  # noqa: PLC0415 (--help stays quick)

    return _read(values, NAMES, "attack")


def read_events(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[_Value, ...]:
    """Callback of --event."""
    from interlock.plant.events.table import NAMES  # noqa: PLC0415 (--help stays quick)

    return _read(values, NAMES, "event")


def _read(values: Sequence[str], names: Sequence[str], what: str) -> tuple[_Value, ...]:
    found = []
    for value in values:
        name, _, minute = value.partition("@")
        if name not in names:
            raise click.BadParameter(f"there is no {what} {name!r}; `interlock plant {what}s` lists them")
        try:
            found.append((name, float(minute)))
        except ValueError as error:
            raise click.BadParameter(f"{value}: say when, in minutes, as in {name}@15") from error
    return tuple(found)
