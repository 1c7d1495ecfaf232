"""Tables with a head line: a column of values, and beside it what is known of each."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.indicators.canonical import canonical, kind_of
from interlock.detect.signatures.indicators.model import KINDS, UNKNOWN, Indicator, Refused
from interlock.detect.signatures.indicators.stix import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["head_of", "read_table"]

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "value": (
        *(
            "value",
            "indicator",
            "ioc",
            "ioc_value",
            "dst_ip",
            "ip",
            "ip_address",
            "address",
            "domain",
            "host",
        ),
        *(
            "hostname",
            "url",
            "hash",
            "md5",
            "sha1",
            "sha256",
            "ja3",
            "ja3_md5",
            "ja4",
            "sha1_hash",
            "sha256_hash",
        ),
    ),
    "type": ("type", "ioc_type", "indicator_type", "kind"),
    "confidence": ("confidence", "confidence_level", "score"),
    "source": ("source", "origin", "feed", "reporter"),
    "begins": ("valid_from",),
    "ends": ("valid_until", "expires", "expiration"),
    "id": ("id", "uuid"),
    "told": (
        "description",
        "malware",
        "malware_printable",
        "threat",
        "listingreason",
        "comment",
        "name",
        "tags",
    ),
}
"""What is read → the names that its column may have, the likeliest first."""
_TYPES: Final = {
    **{kind: kind for kind in KINDS},
    **dict.fromkeys(("ip", "ipv4", "ipv6", "ip-src", "ip-dst", "ipv4-addr", "ipv6-addr"), "address"),
    **dict.fromkeys(("cidr", "subnet", "netblock"), "network"),
    **dict.fromkeys(("hostname", "fqdn", "domain-name", "host"), "domain"),
    **dict.fromkeys(("uri",), "url"),
    **dict.fromkeys(("md5_hash", "filehash-md5", "hash-md5"), "md5"),
    **dict.fromkeys(("sha1_hash", "filehash-sha1", "sha-1"), "sha1"),
    **dict.fromkeys(("sha256_hash", "filehash-sha256", "sha-256"), "sha256"),
    **dict.fromkeys(("x509", "ssl-cert", "x509-fingerprint-sha1"), "certificate"),
    **dict.fromkeys(("ja3-fingerprint-md5", "ja3_md5"), "ja3"),
}
_DELIMITERS: Final = (",", ";", "\t")


def head_of(line: str) -> tuple[str, dict[str, int]] | None:
    """Delimiter and what is read → its column, where a line is a head; feeds also write it as a comment."""
    text = line.strip().lstrip("#").strip()
    for delimiter in _DELIMITERS:
        cells = [cell.strip().strip('"').lower() for cell in text.split(delimiter)]
        if len(cells) < (3 if line.lstrip().startswith("#") else 2):  # two words of a comment are no head
            continue
        columns = {
            part: next(cells.index(name) for name in names if name in cells)
            for part, names in _COLUMNS.items()
            if set(names) & set(cells)
        }
        if "value" in columns:
            return delimiter, columns
    return None


def read_table(
    lines: Iterable[str], delimiter: str, columns: dict[str, int], origin: str, before: int
) -> Iterator[Indicator | Refused]:
    """Every row behind the head. before: lines up to the head, which is one of them."""
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for row in rows:
            if row and row[0][:1] != "#" and any(cell.strip() for cell in row):
                yield _row(row, columns, origin, before + rows.line_num)
    except csv.Error as error:
        yield Refused(f"line {before + rows.line_num}", f"it and all behind it cannot be read ({error})")


def _row(row: list[str], columns: dict[str, int], origin: str, line: int) -> Indicator | Refused:
    cells = {part: row[at].strip() for part, at in columns.items() if at < len(row)}
    try:
        kind, value = _value(cells.get("value", ""), cells.get("type", "").lower())
        return Indicator(
            kind=kind,
            value=value,
            origin=cells.get("source") or origin,
            id=cells.get("id", ""),
            confidence=_confidence(cells.get("confidence", "")),
            begins=seconds_of(cells.get("begins")),
            ends=seconds_of(cells.get("ends")),
            told=cells.get("told", ""),
        )
    except ValueError as error:
        return Refused(f"line {line}", f"{error}, found `{cells.get('value', '')[:80]}`")


def _value(text: str, written: str) -> tuple[str, str]:
    if not written:
        return kind_of(text)
    kind = _TYPES.get(written)
    if kind is None:
        raise ValueError(f"values of type {written[:40]} are not looked for")
    if kind == "address" and "/" in text:
        return kind_of(text)
    return kind, canonical(kind, text)


def _confidence(text: str) -> int:
    if not text:
        return UNKNOWN
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise ValueError(f"a confidence of {text[:20]}, expected a number from 0 to 100")
    return round(number)
