"""What an artifact is to the plant: by the kind that its protocol gives it, for files by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.detect.techniques import named
from interlock.records.file_kinds import FIRMWARES, PROGRAMS, SETTINGS, ending

if TYPE_CHECKING:
    from interlock.records.vocabulary import Severity

__all__ = ["Matter", "matter_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """word: in sentences. severity: of a change that was written and that nobody planned. told: of reads, too."""

    word: str
    severity: Severity
    why: str
    written: tuple[str, ...]
    read: tuple[str, ...] = named("program-read")
    told: bool = True


_PROGRAM: Final = Matter(
    word="program",
    severity="critical",
    why="A controller does what its program says: who changes it decides how the machine moves, and its interlocks "
    "with it.",
    written=named("program-write"),
)
_FIRMWARE: Final = Matter(
    word="firmware",
    severity="critical",
    why="Firmware runs below the program and survives its reload; a wrong one can turn the machine into scrap or hide "
    "what it does.",
    written=named("firmware-write"),
    read=named("operational-file-read"),
)
_SETTINGS: Final = Matter(
    word="settings",
    severity="high",
    why="Settings hold limits, addresses and accounts: a changed line moves the process or opens the machine.",
    written=named("settings-written"),
    read=named("operational-file-read"),
)
_FILE: Final = Matter(
    word="file",
    severity="medium",
    why="A file that was put there is run, read or served by somebody later.",
    written=named("file-put"),
    read=named("operational-file-read"),
    told=False,
)
_BY_ENDING: Final = {
    **dict.fromkeys(PROGRAMS, _PROGRAM),
    **dict.fromkeys(FIRMWARES, _FIRMWARE),
    **dict.fromkeys(SETTINGS, _SETTINGS),
}
"""End of a file's name → what it is; archives count as what their name says, else as files."""


def matter_of(kind: str, name: str) -> Matter:
    """What an artifact of this kind and name is; a file whose name tells nothing is a file."""
    if kind.endswith("-firmware"):
        return _FIRMWARE
    if kind != "file":
        return _PROGRAM
    return _BY_ENDING.get(ending(name), _FILE)
