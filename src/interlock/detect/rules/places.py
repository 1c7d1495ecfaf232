"""YAML text as values with places: what stands where, so that whoever wrote it is told the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from interlock.detect.rules.model import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_NODES", "MAX_OCTETS", "Document", "Path", "read_documents"]

MAX_OCTETS: Final = 1 << 20
MAX_NODES: Final = 50_000
"""Bounds of one text: a rule has a few hundred nodes."""
_MAX_DEPTH: Final = 40

Path = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a text. value: as YAML reads it. places: path of keys and indices → where it stands."""

    file: str
    value: Any
    places: dict[Path, tuple[int, int]]

    def place(self, *path: str | int) -> Place:
        """Say where something stands; what is not there, where the nearest thing around it stands."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return Place(file=self.file, line=line, column=column)

    def problem(self, text: str, *path: str | int, error: bool = True) -> Problem:
        """Say what is wrong there."""
        return Problem(place=self.place(*path), text=text, error=error)


def read_documents(text: str, *, file: str) -> tuple[list[Document], list[Problem]]:
    """Give the documents of a YAML text and, where it is none, what is wrong with it."""
    if len(text) > MAX_OCTETS:
        place = Place(file=file, line=1, column=1)
        return [], [Problem(place=place, text=f"is longer than {MAX_OCTETS} characters; expected one rule")]
    loader, documents = _Loader(text), []
    try:
        while loader.check_node():
            documents.append(_document(loader, loader.get_node(), file))
    except yaml.YAMLError as error:
        return documents, [_of_yaml(error, file)]
    except _RefusedError as error:
        return documents, [
            Problem(place=Place(file=file, line=error.line, column=error.column), text=str(error))
        ]
    except (ValueError, RecursionError) as error:  # a date that is none; brackets without end
        place = Place(file=file, line=1, column=1)
        return documents, [
            Problem(place=place, text=f"cannot be read ({error}); expected YAML of a Sigma rule")
        ]
    finally:
        loader.dispose()
    return documents, []


class _RefusedError(Exception):
    """YAML that we do not take, and where."""

    def __init__(self, text: str, node: Any) -> None:
        super().__init__(text)
        self.line, self.column = node.start_mark.line + 1, node.start_mark.column + 1


def _document(loader: Any, node: Any, file: str) -> Document:
    places: dict[Path, tuple[int, int]] = {}
    seen: set[int] = set()
    for path, at, value in _walk((), node, node):
        places[path] = (at.start_mark.line + 1, at.start_mark.column + 1)
        if id(value) in seen:
            raise _RefusedError("is used twice by an alias; expected it to be written out", at)
        seen.add(id(value))
        if len(seen) > MAX_NODES or len(path) > _MAX_DEPTH:
            raise _RefusedError(
                "is larger or deeper than any rule; expected one Sigma rule for each document", at
            )
    return Document(file=file, value=loader.construct_document(node), places=places)


def _walk(path: Path, at: Any, node: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Paths with the nodes that show where (a key's for what it names) and what."""
    yield path, at, node
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(node, yaml.MappingNode):
        known = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in known:
                raise _RefusedError(
                    f"the key {name!r} stands here for the second time; expected it once", key
                )
            known.add(name)
            yield from _walk((*path, name), key, value)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk((*path, number), value, value)


def _of_yaml(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "is no YAML"
    text = f"is not YAML ({reason}); expected keys and values, indented by spaces"
    return Problem(place=Place(file=file, line=line, column=column), text=text)
