"""Logins that a form, a JSON object or a query carries: an account and a secret by the names of their fields.

    user=admin&password=…     {"username": "admin", "password": "…"}     {"params": {"user": "…", "password": "…"}}

Names of fields are compared without case and signs; which of them hold a secret is a closed list, and a form that has
none of them, two, or a new one beside the old (whoever changes a password does not log in) is no login.
Source: HTML 5 (application/x-www-form-urlencoded), RFC 8259 (JSON); the names are those of common web interfaces.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.http.extent import CHUNKED, LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["KEPT", "form_login", "form_octets", "outcome_of", "query_login"]

KEPT: Final = 4096
"""Octets that a body may have to be looked at as a login."""
_MAX_FIELDS: Final = 64
_MAX_DEPTH: Final = 4
_TYPE: Final = re.compile(
    rb"\ncontent-type[ \t]*:[ \t]*(application/x-www-form-urlencoded|application/(?:[\w.+-]*\+)?json)",
    re.IGNORECASE,
)
_FIELDS: Final = """
password passwd pass pwd pw psw pword passcode passwort kennwort contrasena motdepasse userpassword userpasswd
userpass userpwd loginpassword loginpasswd loginpass loginpwd jpassword adminpassword accountpassword
txtpassword txtpwd inputpassword webpassword authpassword httppassword fpassword lpassword
"""
_NAMES: Final = """
user username usr uname login loginname loginuser loginusername userid uid account accountname email mail
benutzer benutzername anmeldename utilisateur usuario juser jusername name adminuser adminname txtuser txtusername
inputuser inputusername webuser authuser httpuser fusername operator log
"""
_SECRETS: Final = frozenset(_FIELDS.split())
_ACCOUNTS: Final = frozenset(_NAMES.split())
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_CHANGES: Final = ("new", "confirm", "repeat", "retype", "again", "verify", "old", "current")
_FAILED: Final = re.compile(r"err|fail|denied|invalid|wrong|login|logon|signin", re.IGNORECASE)

Pair = tuple[str | None, bytes]
"""Account, where it is named, and secret."""


def form_octets(method: bytes, head: bytes) -> int:
    """Octets of a request's body that belong to its head, since it may be a login; 0 for none."""
    if method != b"POST" or CHUNKED.search(head) is not None or _TYPE.search(head) is None:
        return 0
    length = LENGTH.search(head)
    size = int(length[1]) if length is not None else 0
    return size if size <= KEPT else 0


def form_login(head: bytes, body: bytes) -> Pair | None:
    """The login that a body carries; None where it is none, or cannot be read."""
    kind = _TYPE.search(head)
    if kind is None or not body:
        return None
    if not kind[1].lower().endswith(b"json"):
        return _pair(_fields(body))
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return next((pair for fields in _objects(document) if (pair := _pair(fields))), None)


def query_login(target: bytes) -> Pair | None:
    """The login that a request's query carries."""
    _, question, query = target.partition(b"?")
    return _pair(_fields(query.partition(b"#")[0])) if question and len(query) <= KEPT else None


def outcome_of(code: int, fields: dict[str, str]) -> str:
    """How the answer says that a form's login ended: `ok` where it hands out a session and sends nobody back."""
    if code in (401, 403):
        return "refused"
    cookie = fields.get("set-cookie", "").partition(";")[0].partition("=")[2].strip('" ')
    taken = 200 <= code < 400 and cookie and cookie.casefold() not in ("deleted", "null", "0")
    return "ok" if taken and not _FAILED.search(fields.get("location", "")) else "unknown"


def _fields(octets: bytes) -> list[tuple[str, bytes]]:
    parts = octets.split(b"&", _MAX_FIELDS)[:_MAX_FIELDS]
    pairs = [part.partition(b"=") for part in parts if b"=" in part]
    return [(_plain(name).decode("utf-8", "replace"), _plain(value)) for name, _, value in pairs]


def _plain(octets: bytes) -> bytes:
    """Octets without their escapes (URL Standard, application/x-www-form-urlencoded parsing)."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), octets.replace(b"+", b" "))


def _objects(value: Any, depth: int = 0) -> Iterator[list[tuple[str, bytes]]]:
    """Objects of a JSON document, outer ones first, as their names and texts."""
    if depth > _MAX_DEPTH:
        return
    inner = value[:_MAX_FIELDS] if isinstance(value, list) else []
    if isinstance(value, dict):
        texts = [(name, text) for name, text in value.items() if isinstance(text, str)]
        yield [(name, text.encode("utf-8", "surrogatepass")) for name, text in texts]
        inner = list(value.values())[:_MAX_FIELDS]
    for part in inner:
        yield from _objects(part, depth + 1)


def _pair(fields: Iterable[tuple[str, bytes]]) -> Pair | None:
    plain = [("".join(filter(str.isalnum, name)).casefold(), value) for name, value in fields]
    secrets = [value for name, value in plain if name in _SECRETS]
    if len(secrets) != 1 or any(
        "pass" in n and n not in _SECRETS and n.startswith(_CHANGES) for n, _ in plain
    ):
        return None
    users = [value for name, value in plain if name in _ACCOUNTS and value]
    return (users[0].decode("utf-8", "backslashreplace")[:128] if users else None), secrets[0]
