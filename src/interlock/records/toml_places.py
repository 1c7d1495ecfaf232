"""Reading TOML that people write: what is wrong is said with line and column, and what was expected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAX_CHARACTERS",
    "TomlPath",
    "WrongError",
    "kind_of",
    "locate",
    "parse_document",
    "read_integer",
    "read_items",
    "read_number",
    "read_table",
    "read_text",
    "read_texts",
]

MAX_CHARACTERS: Final = 16 * 1024 * 1024
TomlPath = tuple[str | int, ...]
"""Keys and numbers that lead to a place in a document."""


class WrongError(Exception):
    """Something at `path` is not what was expected."""

    def __init__(self, path: TomlPath, text: str) -> None:
        super().__init__(text)
        self.path = path


def parse_document(text: str, *, file: str) -> tomlkit.TOMLDocument:
    """Parse TOML, comments and order kept. Raises ConfigError where the text is no TOML."""
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{file}, line 1, column 1: expected at most {MAX_CHARACTERS} characters")
    try:
        document = tomlkit.parse(text)
        document.unwrap()
    except ParseError as error:
        what = str(error).rpartition(" at line ")[0] or str(error)
        raise ConfigError(
            f"{file}, line {error.line}, column {error.col + 1}: expected TOML; {what}"
        ) from error
    except (TOMLKitError, ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{file}, line 1, column 1: expected TOML; {error}") from error
    return document


def kind_of(value: Any) -> str:
    """Name what a TOML value is, as an error says it."""
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a text",
        list: "an array",
        dict: "a table",
    }
    return kinds.get(type(value), "a date or time")


def read_table(value: Any, path: TomlPath) -> Mapping[str, Any]:
    """A table."""
    if not isinstance(value, dict):
        raise WrongError(path, f"expected a table; found {kind_of(value)}")
    return value


def read_text(value: Any, path: TomlPath) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise WrongError(path, f"expected a text that is not empty; found {_found(value)}")
    return value


def _found(value: Any) -> str:
    return "an empty text" if isinstance(value, str) else kind_of(value)


def read_texts(value: Any, path: TomlPath) -> tuple[str, ...]:
    """An array of such texts."""
    return tuple(read_text(item, where) for item, where in read_items(value, path))


def read_items(value: Any, path: TomlPath) -> list[tuple[Any, TomlPath]]:
    """An array's items with their places."""
    if not isinstance(value, list):
        raise WrongError(path, f"expected an array of texts; found {kind_of(value)}")
    return [(item, (*path, number)) for number, item in enumerate(value)]


def read_number(value: Any, path: TomlPath) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongError(path, f"expected a finite number; found {kind_of(value)}")
    return float(value)


def read_integer(value: Any, path: TomlPath) -> int:
    """An integer; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongError(path, f"expected an integer; found {kind_of(value)}")
    return value


def locate(text: str, path: TomlPath) -> tuple[int, int]:
    """Line and column, from 1, of the value at a path (of the first value in it, where it is a table)."""
    document = tomlkit.parse(text)
    place: Any = document
    while path:
        value = _at(place, path[0])
        if not isinstance(value, dict | list) or value == []:
            return _differs(text, document, place, path[0])
        place, path = value, path[1:] or _first(value)
    return _differs(text, document, place, "_")


def _differs(text: str, document: tomlkit.TOMLDocument, place: Any, step: str | int) -> tuple[int, int]:
    """Where the text changes when the value at a step does: the document keeps every octet of the rest."""
    original = _at(place, step)
    place[step] = 0 if isinstance(original, str) else "\x00"
    changed = document.as_string()
    offset = next(
        (i for i, pair in enumerate(zip(text, changed, strict=False)) if pair[0] != pair[1]), len(text)
    )
    if original is None and offset:
        # The table is empty: what was put in it stands behind its header, which is what is meant.
        offset = text.rfind("[", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _first(value: Any) -> tuple[str | int, ...]:
    """Give the step to the first value in a table or array, if there is one."""
    if not value:
        return ()
    return (0,) if isinstance(value, list) else (str(next(iter(value))),)


def _at(place: Any, step: str | int) -> Any:
    try:
        return place[step]
    except (KeyError, IndexError):
        return None
