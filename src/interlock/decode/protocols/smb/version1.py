"""The few fields of SMB 1 commands that are wanted: dialects, shares, what a session setup says of its sender.

    header 32 | word count 1 | words 2 each | byte count 2 | bytes …

Source: MS-CIFS clauses 2.2.3, 2.2.4.52, 2.2.4.53, 2.2.4.55; MS-SMB clause 2.2.4.6 (extended security).
"""

from __future__ import annotations

from typing import Final

__all__ = ["read_dialects", "setup_texts", "transaction_name", "tree_path"]

_HEADER: Final = 32
_MAX_DIALECTS: Final = 32
_UNICODE: Final = 0x80
"""In the high octet of flags2."""


def _data(octets: bytes) -> tuple[bytes, int]:
    """The bytes behind the words, and where they begin."""
    start = _HEADER + 1 + 2 * octets[_HEADER] + 2
    size = int.from_bytes(octets[start - 2 : start], "little")
    return octets[start : start + size], start


def _word(octets: bytes, k: int) -> int:
    at = _HEADER + 1 + 2 * k
    return int.from_bytes(octets[at : at + 2], "little")


def _texts(octets: bytes, at: int, count: int) -> list[str]:
    """Texts that end with zero, from offset `at`, in 16-bit characters where flags2 says so."""
    found = []
    wide = bool(octets[11] & _UNICODE)
    at += at & 1 if wide else 0
    for _ in range(count):
        end = _end(octets, at, wide=wide)
        part = octets[at:end]
        found.append(part.decode("utf-16-le" if wide else "latin-1", "replace")[:256])
        at = end + (2 if wide else 1)
    return found


def _end(octets: bytes, at: int, *, wide: bool) -> int:
    if not wide:
        end = octets.find(b"\x00", at)
        return end if end >= 0 else len(octets)
    end = at
    while end + 1 < len(octets) and octets[end : end + 2] != b"\x00\x00":
        end += 2
    return end


def read_dialects(octets: bytes) -> tuple[str, ...]:
    """Names in a negotiate request: (2, text, 0)*."""
    data, _ = _data(octets)
    parts = [part[1:] for part in data.split(b"\x00")[:_MAX_DIALECTS] if part[:1] == b"\x02"]
    return tuple(part.decode("latin-1")[:64] for part in parts)


def tree_path(octets: bytes) -> str:
    """Path of a tree connect request, behind its password."""
    _, start = _data(octets)
    return _texts(octets, start + _word(octets, 3), 1)[0] if octets[_HEADER] >= 4 else ""


def transaction_name(octets: bytes) -> str:
    """Name of the pipe or mailslot that a transaction is for (MS-CIFS 2.2.4.33)."""
    return _texts(octets, _data(octets)[1], 1)[0]


def setup_texts(octets: bytes) -> tuple[str, str, str]:
    """Operating system, LAN manager and domain of a session setup, request or answer; empty where it has none."""
    words, (data, start) = octets[_HEADER], _data(octets)
    if not data:
        return "", "", ""
    if words == 13:  # request with LM and NT answers: account and domain come first
        texts = _texts(octets, start + _word(octets, 7) + _word(octets, 8), 4)
        return texts[2], texts[3], texts[1]
    if words == 12:  # request with a security blob
        texts = _texts(octets, start + _word(octets, 7), 2)
        return texts[0], texts[1], ""
    if words == 4:  # answer with a security blob
        texts = _texts(octets, start + _word(octets, 3), 2)
        return texts[0], texts[1], ""
    if words == 3:
        system, manager, domain = _texts(octets, start, 3)
        return system, manager, domain
    return "", "", ""
