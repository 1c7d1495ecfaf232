"""Messages with the parameters that a protocol's own table has, one row per message or per like element."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.views.port import Row, Tables

__all__ = ["Said", "Sparse", "parameters", "said", "with_parameters"]

Said = dict[str, Any]
_TRUTH: Final = {"true": True, "false": False}


class Sparse(dict[str, Any]):
    """A row in which what was not said is None."""

    def __missing__(self, name: str) -> None:
        return None

    def __or__(self, other: Any) -> Sparse:
        return Sparse({**self, **other})


def said(value: str) -> Any:
    """A value of the table as the number, flag or text that it is."""
    if value in _TRUTH:
        return _TRUTH[value]
    if value.isdecimal() and (len(value) == 1 or value[0] != "0"):
        return int(value)
    return float(value) if value[:1] != "0" and _FLOATING.fullmatch(value) else value


_FLOATING: Final = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")


def parameters(tables: Tables, table: str) -> dict[tuple[int, bool], dict[int, Said]]:
    """Operation and side → element → name → value."""
    found: dict[tuple[int, bool], dict[int, Said]] = {}
    for row in tables(table):
        elements = found.setdefault((row["operation"], row["answer"]), {})
        elements.setdefault(row["element"], {})[row["name"]] = row["value"]
    return found


def with_parameters(
    tables: Tables,
    messages: Iterable[Row],
    table: str,
    *,
    headed: Callable[[Row], bool] = lambda _: False,
) -> Iterator[Row]:
    """One row per element of a message, or one where it has none.

    headed: messages of which what is said once makes a row of its own, before the elements; of the others each
    element's row has that, too.
    """
    found = parameters(tables, table)
    for message in messages:
        elements = found.get((message["operation"], message["kind"] != "request"), {})
        head = Sparse(message) | elements.get(0, {})
        own = headed(message)
        if own or not elements.keys() - {0}:
            yield _row(head)
        for element in sorted(elements.keys() - {0}):
            yield _row(Sparse(message if own else head) | elements[element] | {"element": element})


def _row(row: Row) -> Row:
    return Sparse(
        {
            name: said(cell) if isinstance(cell, str) and name not in _TEXTS else cell
            for name, cell in row.items()
        }
    )


_TEXTS: Final = frozenset({"transaction", "source", "destination", "client", "server", "object", "unit"})
