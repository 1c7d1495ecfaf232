"""The list of differences that remain, each by name with its reason: known.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.score import Difference

__all__ = ["Differing", "Entry", "Known", "KnownError", "read_known", "stanza"]

Wrong = Literal["theirs", "ours", "definition"]
_FIELDS: Final = {
    "capture": str,
    "protocol": str,
    "key": str,
    "ours": int,
    "theirs": int,
    "reason": str,
    "who_is_wrong": str,
    "frame": int,
}


class Differing(Protocol):
    """What differs, whatever is counted: messages of one key, or cells of one column."""

    @property
    def name(self) -> tuple[str, str, str]: ...
    @property
    def ours(self) -> int: ...
    @property
    def theirs(self) -> int: ...


class KnownError(Exception):
    """known.toml holds an entry that is not complete, or two of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One listed difference.

    who_is_wrong: `theirs`; `ours`; `definition` where both are right in their own terms.
    frame: number of a frame that shows it. reason: why, and for `theirs` what in the frame says so.
    """

    capture: str
    protocol: str
    key: str
    ours: int
    theirs: int
    reason: str
    who_is_wrong: Wrong
    frame: int

    @property
    def name(self) -> tuple[str, str, str]:
        return self.capture, self.protocol, self.key


@dataclass(frozen=True, slots=True)
class Known:
    entries: dict[tuple[str, str, str], Entry]

    def lists(self, difference: Differing) -> bool:
        """Whether it is listed with exactly these counts: one that grew is a new one."""
        entry = self.entries.get(difference.name)
        return entry is not None and (entry.ours, entry.theirs) == (difference.ours, difference.theirs)

    def excuses(self, difference: Differing) -> bool:
        """Whether it is listed as the other side's fault."""
        return self.lists(difference) and self.entries[difference.name].who_is_wrong == "theirs"

    def stale(self, differences: Sequence[Differing], captures: set[str], protocols: set[str]) -> list[Entry]:
        """Entries about what was compared that no longer occur as listed."""
        listed = {difference.name for difference in differences if self.lists(difference)}
        return [
            entry
            for entry in self.entries.values()
            if entry.capture in captures and entry.protocol in protocols and entry.name not in listed
        ]


def read_known(path: Path) -> Known:
    """Read and check the list. Raises KnownError on an entry that is incomplete, unknown or twice there."""
    entries: dict[tuple[str, str, str], Entry] = {}
    for stanza_read in tomllib.loads(path.read_text("utf-8")).get("difference", []):
        entry = _entry(stanza_read)
        if entry.name in entries:
            raise KnownError(f"listed twice: {entry.name}")
        entries[entry.name] = entry
    return Known(entries)


def _entry(read: dict[str, Any]) -> Entry:
    if set(read) != set(_FIELDS) or not all(isinstance(read[name], kind) for name, kind in _FIELDS.items()):
        raise KnownError(f"needs exactly {sorted(_FIELDS)}: {read}")
    if read["who_is_wrong"] not in get_args(Wrong):
        raise KnownError(f"who_is_wrong is one of {get_args(Wrong)}: {read}")
    if len(read["reason"].split()) < 3 or read["frame"] < 1 or read["ours"] == read["theirs"]:
        raise KnownError(f"needs a reason in words, a frame from 1 and two counts that differ: {read}")
    return Entry(**read)


def stanza(difference: Difference) -> str:
    """A difference as known.toml wants it, reason and who_is_wrong left for a person to fill in."""
    capture, protocol, key = difference.name
    frame = (difference.only_theirs or difference.only_ours or (1,))[0]
    return (
        f'[[difference]]\ncapture = "{capture}"\nprotocol = "{protocol}"\nkey = "{key}"\n'
        f"ours = {difference.ours}\ntheirs = {difference.theirs}\nframe = {frame}\n"
        'who_is_wrong = ""\nreason = ""\n'
    )
