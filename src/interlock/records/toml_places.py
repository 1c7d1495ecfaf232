"""Reading TOML that people write: what is wrong is said with line and column, and what was expected."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import ConfigError
from interlock.records.toml_walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import tomlkit

__all__ = [
    "MAX_CHARACTERS",
    "TomlPath",
    "WrongError",
    "decode_text",
    "kind_of",
    "locate",
    "parse_document",
    "parse_toml",
    "read_integer",
    "read_items",
    "read_number",
    "read_table",
    "read_text",
    "read_texts",
    "refusal",
    "unlisted",
]

MAX_CHARACTERS: Final = 16 * 1024 * 1024
TomlPath = tuple[str | int, ...]
"""Keys and numbers that lead to a place in a document."""
_NOTICED: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)


class WrongError(Exception):
    """Something at `path` is not what was expected."""

    def __init__(self, path: TomlPath, text: str, *, key: bool = False, within: int | None = None) -> None:
        """key: what is wrong is the key itself. within: characters into the text that is the value."""
        super().__init__(text)
        self.path, self.key, self.within = path, key, within


class NoTextError(ConfigError):
    """A file is no UTF-8 from line and column (from 1) on. reason: what was expected and found."""

    def __init__(self, file: str, line: int, column: int, found: str) -> None:
        self.line, self.column = line, column
        self.reason = f"expected UTF-8; {found}; save the file as UTF-8"
        super().__init__(f"{file}, line {line}, column {column}: {self.reason}")


def decode_text(octets: bytes, *, file: str) -> str:
    """The text of a file: UTF-8 with or without a byte order mark, lines ended in any way.

    Raises NoTextError with line and column of the first octet that is no UTF-8.
    """
    octets = octets.removeprefix(b"\xef\xbb\xbf")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        before = _lines(octets[: error.start].decode("utf-8"))
        line, column = _place(before, len(before))
        found = f"found the octet 0x{octets[error.start]:02X}"
        raise NoTextError(file, line, column, found) from error
    return _lines(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_toml(text: str, *, file: str) -> dict[str, Any]:
    """What a text says. Raises ConfigError where it is no TOML, naming where what is wrong begins."""
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{file}, line 1, column 1: expected at most {MAX_CHARACTERS} characters")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        offset, what = _first_mistake(text, str(error))
        line, column = _place(text, offset)
        raise ConfigError(f"{file}, line {line}, column {column}: expected TOML; {what}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{file}, line 1, column 1: expected TOML; {error}") from error


def _first_mistake(text: str, said: str) -> tuple[int, str]:
    """Where it begins and what it is: the parser says where it noticed, which may be much later."""
    text = text.replace("\r\n", "\n")
    found = _NOTICED.fullmatch(said)
    noticed, what = len(text), said
    if found is not None:
        what = found["what"]
        if found["line"]:
            lines = text.split("\n")
            noticed = (
                sum(len(line) + 1 for line in lines[: int(found["line"]) - 1]) + int(found["column"]) - 1
            )
    places = walk(text)
    if places.twice is not None and places.twice[0] <= noticed:
        again, first = places.twice
        return again, f"this stands a second time, first on line {_place(text, first)[0]}"
    if (unclosed := places.unclosed) is not None and unclosed.at <= noticed:
        return unclosed.at, f"the {unclosed.what} that begins here has no closing {unclosed.closing}"
    if what.startswith("Unescaped"):  # noticed behind what follows the backslash
        return noticed - 2, "this backslash begins no escape; write paths between single quotes"
    return noticed, what[:1].lower() + what[1:]


def parse_document(text: str, *, file: str) -> tomlkit.TOMLDocument:
    """Parse TOML to be changed, comments and order kept. Raises ConfigError where the text is no TOML."""
    import tomlkit  # noqa: PLC0415 (it takes long to load, and only who changes a file needs it)
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    parse_toml(text, file=file)
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file}, line 1, column 1: expected TOML; {error}") from error


def unlisted(found: str, names: Iterable[str]) -> str:
    """What is expected in place of a word that is none of these, and which of them may have been meant."""
    known = tuple(names)
    near = difflib.get_close_matches(found, known, 1, 0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"expected one of {', '.join(known)}; found {found!r}{hint}"


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


def locate(text: str, path: TomlPath, *, key: bool = False) -> tuple[int, int]:
    """Line and column (characters), from 1, of the value at a path, or of its key.

    A table stands where its header begins. What is not there stands where the table does that lacks it.
    """
    places = walk(text)
    if key and path in places.keys:
        return _place(text, places.keys[path])
    while path and path not in places.values:
        path = path[:-1]
    return _place(text, places.values.get(path, 0))


def refusal(text: str, wrong: WrongError, *, file: str) -> ConfigError:
    """The sentence for something wrong in a file's text, with its line and column."""
    line, column = locate(text, wrong.path, key=wrong.key)
    if wrong.within is not None:
        column += _into(text, walk(text).values.get(wrong.path, 0), wrong.within)
    return ConfigError(f"{file}, line {line}, column {column}: {wrong}")


def _into(text: str, begin: int, within: int) -> int:
    """Columns from a text's opening quote to so many characters into it; 0 where it has escapes or several lines."""
    quote = text[begin : begin + 1]
    inside = text[begin + 1 : begin + 1 + within]
    plain = (
        quote in {'"', "'"} and text[begin : begin + 3] != quote * 3 and not set(inside) & {"\\", "\n", quote}
    )
    return within + 1 if plain else 0


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
