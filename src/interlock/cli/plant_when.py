"""What is played when: `NAME@MINUTE`, of attacks and of rare events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_within", "read_attacks", "read_events"]

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
            found.append((name, _minute(minute)))
        except ValueError as error:
            raise click.BadParameter(f"{value}: say when, in minutes, as in {name}@15") from error
    return tuple(found)


def _minute(text: str) -> float:
    minute = float(text)
    if not 0 <= minute < float("inf"):
        raise ValueError(text)
    return minute


def check_within(minutes: float, *played: tuple[_Value, ...]) -> None:
    """Refuse what would begin after the recording's end: it would be missing without a word."""
    for name, minute in (one for many in played for one in many):
        if minute >= minutes:
            says = f"{name}@{minute:g} begins after the end, at minute {minutes:g}; say --minutes {minute + 10:g}"
            raise click.UsageError(f"{says}, or let it begin earlier")
