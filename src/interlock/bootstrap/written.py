"""Files that a person wrote, read whole: never more of one than any such file has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MOST_OCTETS", "read_written", "written_text"]

MOST_OCTETS: Final = 64 << 20
"""As many characters as TOML may have (records/toml_places), of four octets each."""


def written_text(path: Path, hint: str) -> str:
    """The text of a file. hint: what to do where it cannot be read, is no text, or is longer than any.

    Raises ConfigError.
    """
    from interlock.records.toml_places import decode_text  # noqa: PLC0415 (its parser takes long to load)

    try:
        octets = read_written(path)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise ConfigError(f"{path}: cannot be read ({reason}); {hint}") from error
    return decode_text(octets, file=str(path))


def read_written(path: Path) -> bytes:
    """All octets of a file; of a device that never ends no more than are refused. Raises ConfigError, OSError."""
    with path.open("rb") as file:
        octets = file.read(MOST_OCTETS + 1)
    if len(octets) > MOST_OCTETS:
        raise ConfigError(
            f"{path}: has more than {MOST_OCTETS >> 20} MiB, more than people write into a file; check its name"
        )
    return octets
