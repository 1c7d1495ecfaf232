"""Finds secrets that stand in a source file: constants bound to the name of a secret, or handed to who takes one."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = re.compile(
    r"passw|passphrase|passcode|passwd|secret|credential|communit|nt_?hash|lm_?hash|^_?pin$|_pin$|psk|private_?key"
    r"|users$|accounts?$|log(in|on)s?$|operator$|engineer$",
    re.IGNORECASE,
)
TAKES = {
    "Login": 2, "Account": 2, "Named": 1, "FtpServer": 1, "RdpServer": 0, "SnmpAgent": 0, "snmp_get": 0,
    "ask_switch": 0, "switch_agent": 1, "activate_session": 1, "OpcUaServer": 5, "SmbServer": 2, "fetch_settings": 1,
}  # fmt: skip
"""What takes a secret, and as which of its arguments."""

SAYS = re.compile(rb"(^|\s)PASS \S")
"""A command that says one (RFC 959); a format has nothing behind the word."""

APART = frozenset({"word", "octets", "encode", "decode", "Logon"})
"""What is handed to these is a purpose, the name of a coding, or what an attack declares as its own guess."""


def secrets_in(source: str) -> list[tuple[int, str]]:
    """Line and text of each."""
    tree = ast.parse(source)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    apart = {id(inner) for call in calls for each in _apart(call) for inner in ast.walk(each)}
    return sorted(
        {
            (each.lineno, str(each.value))
            for node in ast.walk(tree)
            for value in _bound(node)
            for each in ast.walk(value)
            if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes)) and each.value
            if id(each) not in apart
        }
    )


def _bound(node: ast.AST) -> Iterator[ast.AST]:
    """Values that a node binds to the name of a secret, compares with one, or hands to who takes one."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from [node.value] if node.value and any(map(_secret, targets)) else []
    elif isinstance(node, ast.keyword):
        yield from [node.value] if SECRET.search(node.arg or "") else []
    elif isinstance(node, ast.Dict):
        yield from (v for k, v in zip(node.keys, node.values, strict=True) if k and _secret(k))
    elif isinstance(node, ast.arguments):
        yield from (v for a, v in _defaults(node) if v and SECRET.search(a.arg))
    elif isinstance(node, ast.Compare) and any(map(_secret, (node.left, *node.comparators))):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Call):
        place = TAKES.get(_name(node.func), len(node.args))
        yield from node.args[place : place + 1]
    elif isinstance(node, ast.Constant) and SAYS.search(_octets(node.value)):
        yield node


def _apart(call: ast.Call) -> Iterator[ast.AST]:
    """Arguments that are no secret, whatever their call is bound to."""
    name = _name(call.func)
    if name in APART:
        yield from (*call.args, *(k.value for k in call.keywords))
    elif name in TAKES:
        yield from (each for k, each in enumerate(call.args) if k != TAKES[name])


def _defaults(node: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    placed = [*node.posonlyargs, *node.args]
    yield from zip(placed[len(placed) - len(node.defaults) :], node.defaults, strict=True)
    yield from zip(node.kwonlyargs, node.kw_defaults, strict=True)


def _secret(node: ast.AST) -> bool:
    """Whether a target, a key or a value is a secret by its name."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return any(map(_secret, node.elts))
    name = node.value if isinstance(node, ast.Constant) else _name(node)
    return isinstance(name, str) and bool(SECRET.search(name))


def _name(node: ast.AST) -> str:
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""


def _octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8") if isinstance(value, str) else b""
