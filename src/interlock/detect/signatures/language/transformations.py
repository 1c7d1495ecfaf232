"""Words that change a buffer before it is looked at.

Source: Suricata user guide, "Transformations", section by section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.expressions import compiled
from interlock.detect.signatures.language.keyword import Keyword, comma_separated, unquoted
from interlock.detect.signatures.language.model import Transformation
from interlock.detect.signatures.language.numbers import read_natural
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS", "MODES", "MOST_UNPACKED", "NAMES", "UNPACKED", "expression", "settings"]

MODES: Final = ("rfc4648", "rfc2045", "strict")
"""How from_base64 takes octets that are no digits of Base64: it ends there, leaves them out, or fails."""
MOST_UNPACKED: Final = 102_400
"""Octets that a rule may ask to be unpacked, as many as are kept of a body."""
UNPACKED: Final = 1_024
"""The same, where a rule does not say."""
_UNPACKING: Final = {
    "gunzip": "it is unpacked as gzip",
    "zlib_deflate": "it is unpacked as zlib",
}

NAMES: Final = {
    "to_lowercase": "letters become lower case",
    "to_uppercase": "letters become upper case",
    "dotprefix": "a dot is put before it",
    "strip_whitespace": "blanks are left out",
    "compress_whitespace": "a run of blanks becomes one",
    "url_decode": "%-escapes and + are decoded",
    "to_md5": "its MD5, as 16 octets",
    "to_sha1": "its SHA-1, as 20 octets",
    "to_sha256": "its SHA-256, as 32 octets",
    "header_lowercase": "headers' names become lower case",
    "strip_pseudo_headers": "lines that begin with a colon are left out",
}


def _plain(name: str) -> Keyword:
    def read(draft: Draft, _value: str | None) -> None:
        draft.transform(Transformation(name))

    return Keyword(name=name, clause=f"Transformations, {name}", says=NAMES[name], read=read, value=False)


def _xor(draft: Draft, value: str | None) -> None:
    key = (value or "").strip().strip('"').replace(" ", "")
    try:
        octets = bytes.fromhex(key)
    except ValueError:
        raise RuleError("xor", f"{value!r} is no key: write its octets as hexadecimal digits") from None
    if not 0 < len(octets) <= 255:
        raise RuleError("xor", "a key has 1 to 255 octets")
    draft.transform(Transformation("xor", f'"{octets.hex()}"'))


def expression(argument: str) -> bytes:
    """What pcrexform looks for."""
    return argument[1:-1].encode("utf-8", "surrogateescape")


def _expression(draft: Draft, value: str | None) -> None:
    negated, text = unquoted(value or "", "pcrexform")
    made = Transformation("pcrexform", f'"{text}"')
    try:
        groups = compiled(expression(made.argument), "").groups
    except RuleError as error:
        raise RuleError("pcrexform", error.reason) from error
    if negated or groups != 1:
        raise RuleError("pcrexform", "an expression with one group, whose match goes on, stands there")
    draft.transform(made)


def settings(argument: str) -> dict[str, str]:
    """What an option says: name → value."""
    return dict(tuple(part.split(" ", 1)) for part in argument.split(",") if part)  # type: ignore[misc]


def _base64(draft: Draft, value: str | None) -> None:
    """| bytes N | offset N | mode word |, in any order, each once; numbers from the wire are not taken."""
    said: dict[str, str] = {}
    for part in comma_separated(value) if value else ():
        name, _, text = part.replace(":", " ").partition(" ")
        text = text.strip()
        if name in said or name not in {"bytes", "offset", "mode"}:
            raise RuleError("from_base64", f"{part!r} is none of bytes, offset and mode, each said once")
        if name == "mode":
            if text not in MODES:
                raise RuleError("from_base64", f"{text!r} is none of {', '.join(MODES)}")
        else:
            text = str(read_natural(text, "from_base64", most=65_535))
        said[name] = text
    ordered = (f"{name} {said[name]}" for name in ("bytes", "offset", "mode") if name in said)
    draft.transform(Transformation("from_base64", ",".join(ordered)))


def _unpacking(name: str) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        word, _, text = (value or f"max-size {UNPACKED}").strip().partition(" ")
        if word != "max-size":
            raise RuleError(name, f"{word!r} is not max-size")
        most = read_natural(text.strip(), name, most=MOST_UNPACKED)
        if not most:
            raise RuleError(name, "0 octets are nothing")
        draft.transform(Transformation(name, f"max-size {most}"))

    clause = f"Transformations, {name}"
    return Keyword(name=name, clause=clause, says=_UNPACKING[name], read=read, value=None)


KEYWORDS: Final = (
    *(_plain(name) for name in NAMES),
    Keyword(
        name="xor", clause="Transformations, xor", says="its octets are XORed with a repeated key", read=_xor
    ),
    Keyword(
        name="pcrexform",
        clause="Transformations, pcrexform",
        says="what the group of an expression matches first is left of it",
        read=_expression,
    ),
    Keyword(
        name="from_base64",
        clause="Transformations, from_base64",
        says="it is decoded from Base64",
        read=_base64,
        value=None,
    ),
    *(_unpacking(name) for name in _UNPACKING),
)
