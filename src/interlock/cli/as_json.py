"""`--json`, the same word for the same thing in every command that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["json_option", "json_option_of"]


def json_option_of(says: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--json, as `as_json`, where it is not one object in place of what people read. says: what it prints."""
    return click.option("--json", "as_json", is_flag=True, help=says)


json_option = json_option_of("Print one JSON object instead of text.")
