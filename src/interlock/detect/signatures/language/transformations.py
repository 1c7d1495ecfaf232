"""Words that change a buffer before it is looked at.

Source: Suricata user guide, "Transformations", section by section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.keyword import Keyword
from interlock.detect.signatures.language.model import Transformation
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS", "NAMES"]

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


KEYWORDS: Final = (
    *(_plain(name) for name in NAMES),
    Keyword(
        name="xor", clause="Transformations, xor", says="its octets are XORed with a repeated key", read=_xor
    ),
)
