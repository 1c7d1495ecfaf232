"""Modules past 400 lines and functions past 40 say why (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from documents.command_lines import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = tuple(sorted((REPOSITORY / "src").glob("**/*.py")))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without its signature and docstring."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def test_a_module_past_400_lines_says_why() -> None:
    silent = [
        path.name
        for path in SOURCES
        if (text := path.read_text("utf-8")).count("\n") > 400 and "Over 400 lines" not in text
    ]
    assert not silent


def test_a_function_past_40_lines_says_why() -> None:
    assert not [f"{path.name}: {name}" for path in SOURCES for name in _silent(path)]


def _silent(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    lines = text.splitlines()
    return [
        f"{node.name} ({lines_of(node)})"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and lines_of(node) > 40
        and "# Over 40 lines: " not in "\n".join(lines[node.lineno - 1 : node.end_lineno])
    ]
