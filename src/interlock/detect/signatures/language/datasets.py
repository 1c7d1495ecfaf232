"""dataset and datarep: whether a buffer's whole content stands in a set, or in a list with a value.

What a file of a set holds, a line each; in a list, and where people write one, a value from 0 to 65,535 behind a comma:

    string          Base64
    md5, sha256     hexadecimal
    ipv4            192.0.2.1
    ip              192.0.2.1, 2001:db8::1, ::ffff:192.0.2.1

Source: Suricata user guide, "Datasets", sections "Rule keywords" and "File formats".
"""

from __future__ import annotations

import binascii
import ipaddress
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Dataset, Reputation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS", "member_of", "read_members"]

_COMMANDS: Final = ("isset", "isnotset", "set", "unset")
_KINDS: Final = ("string", "md5", "sha256", "ipv4", "ip")
_OPERATORS: Final = (">", "<", "==")
_SIZES: Final = {"md5": (16,), "sha256": (32,), "ipv4": (4,), "ip": (4, 16)}
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"
"""How an address of IPv4 begins that is written as one of IPv6 (RFC 4291 clause 2.5.5.2)."""
_UNUSED: Final = ("memcap", "hashsize")
"""How much memory Suricata may take: ours is bounded by itself."""
_MOST_VALUE: Final = 65_535
_LONGEST: Final = 16_384
"""Characters of a line."""
_MOST_LINES: Final = 2_000_000
"""Of one file, empty ones too."""


def member_of(kind: str, octets: bytes) -> bytes | None:
    """A buffer's content as sets of a kind keep it; None where such a set can have no such member."""
    if kind == "string":
        return octets or None
    if len(octets) not in _SIZES[kind]:
        return None
    return octets[12:] if kind == "ip" and octets.startswith(_MAPPED) else octets


def read_members(lines: Iterable[bytes], kind: str, *, valued: bool) -> Iterator[tuple[int, bytes, int]]:
    """Number of the line, member and value of each line that is not empty. valued: every line must have a value.

    Raises ValueError with the line's number and what is wrong with it.
    """
    for number, line in enumerate(lines, 1):
        if number > _MOST_LINES:
            raise ValueError(number, f"has more than {_MOST_LINES} lines")
        said = line.rstrip(b"\r\n")
        if not said:
            continue
        if len(said) > _LONGEST:
            raise ValueError(number, f"has more than {_LONGEST} characters")
        text, comma, value = said.partition(b",")
        try:
            member = member_of(kind, _read(kind, text.decode("ascii").strip()))
        except (ValueError, binascii.Error):
            member = None
        if member is None:
            raise ValueError(number, f"{_shown(text)} is no {_WRITTEN[kind]}")
        if valued and not comma:
            raise ValueError(number, "has no comma and value behind it")
        if comma and not (value.isdigit() and len(value) < 6 and int(value) <= _MOST_VALUE):
            raise ValueError(number, f"{_shown(value)} is no value from 0 to {_MOST_VALUE}")
        yield number, member, int(value) if comma else 0


_WRITTEN: Final = {
    "string": "Base64",
    "md5": "MD5 in hexadecimal",
    "sha256": "SHA-256 in hexadecimal",
    "ipv4": "address of IPv4",
    "ip": "address",
}


def _read(kind: str, text: str) -> bytes:
    if kind == "string":
        return binascii.a2b_base64(text, strict_mode=True)
    if kind in {"md5", "sha256"}:
        return binascii.unhexlify(text)
    address = ipaddress.IPv4Address(text) if kind == "ipv4" else ipaddress.ip_address(text)
    return address.packed


def _shown(text: bytes) -> str:
    return repr(text[:40].decode("ascii", "backslashreplace"))


def _dataset(draft: Draft, value: str | None) -> None:
    command, *rest = comma_separated(value)
    name, said = _said("dataset", rest, ("type", "load", "state", "save"))
    kind = said.get("type", "")
    if command not in _COMMANDS or not name or kind not in _KINDS:
        raise RuleError("dataset", f"{value!r} is not a command, a name and type {'|'.join(_KINDS)}")
    if "state" in said and ("load" in said or "save" in said):
        raise RuleError("dataset", "state stands beside neither load nor save")
    _behind_a_buffer(draft, "dataset")
    kept = next(((how, said[how]) for how in ("state", "save") if how in said), None)
    draft.add(Dataset(command=command, name=name, kind=kind, load=said.get("load", ""), kept=kept))


def _reputation(draft: Draft, value: str | None) -> None:
    parts = comma_separated(value)
    name, said = _said("datarep", [*parts[:1], *parts[3:]], ("type", "load"))
    kind, load = said.get("type", ""), said.get("load", "")
    if len(parts) < 3 or parts[1] not in _OPERATORS or not name or kind not in _KINDS or not load:
        expected = f"a name, one of {' '.join(_OPERATORS)}, a value, load FILE and type {'|'.join(_KINDS)}"
        raise RuleError("datarep", f"{value!r} is not {expected}")
    _behind_a_buffer(draft, "datarep")
    number = read_natural(parts[2], "datarep", most=_MOST_VALUE)
    draft.add(Reputation(name=name, operator=parts[1], value=number, kind=kind, load=load))


def _said(keyword: str, parts: list[str], known: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The set's name, and what is said of it. Raises RuleError."""
    name, *options = parts or [""]
    said: dict[str, str] = {}
    for part in options:
        key, _, argument = part.partition(" ")
        if key in _UNUSED:
            continue
        if key not in known or key in said or not argument.strip():
            raise RuleError(keyword, f"{part!r} is not known here, has no value, or is said twice")
        said[key] = argument.strip()
    if " " in name:
        raise RuleError(keyword, f"{name!r} is no name: it has a blank")
    return name, said


def _behind_a_buffer(draft: Draft, keyword: str) -> None:
    if draft.buffer == "payload":
        raise RuleError(keyword, "stands behind a sticky buffer")


KEYWORDS: Final = (
    Keyword(
        name="dataset",
        clause="Datasets, dataset",
        says="the whole buffer stands in a set, or goes into one",
        read=_dataset,
    ),
    Keyword(
        name="datarep",
        clause="Datasets, datarep",
        says="the whole buffer stands in a list, with a value that is as asked",
        read=_reputation,
    ),
)
