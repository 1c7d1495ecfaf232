"""Files of indicators, read into the detector that looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from interlock.detect.signatures.indicators.book import Book
    from interlock.detect.signatures.indicators.detector import Indicators
    from interlock.detect.signatures.indicators.model import Indicator, Refused
    from interlock.report.indicators import IndicatorTally

__all__ = ["build_indicators", "check_indicators", "each_file", "read_book"]

_ENDS: Final = frozenset({".txt", ".list", ".csv", ".tsv", ".json", ".stix", ".ioc"})
"""What files of indicators in a folder end with; others there are passed over."""
_MOST_FILES: Final = 1000
_MOST_OCTETS: Final = 1 << 30
_TOLD: Final = 5
"""Refused indicators of one file that are named; of the others the number is told."""


def build_indicators(paths: Sequence[str], told: Callable[[str], None]) -> Indicators:
    """The detector of all indicators. told: takes a sentence about what is not in force. Raises ConfigError."""
    from interlock.detect.signatures.indicators.detector import Indicators  # noqa: PLC0415

    return Indicators(read_book(paths, told))


def read_book(paths: Sequence[str], told: Callable[[str], None]) -> Book:
    """Every indicator of these files, and of the files in these folders. Raises ConfigError."""
    from interlock.detect.signatures.indicators.book import MOST, Builder  # noqa: PLC0415
    from interlock.detect.signatures.indicators.model import Refused  # noqa: PLC0415

    builder = Builder()
    for file, found in each_file(paths):
        refused = left_out = loaded = 0
        for one in found:
            if isinstance(one, Refused):
                refused += 1
                if refused <= _TOLD:
                    told(f"{file}: {one.id} is not in force: {one.reason}")
            elif builder.add(one):
                loaded += 1
            else:
                left_out += 1
        if not loaded + left_out + refused:
            told(f"{file}: holds no indicators")
        if refused > _TOLD:
            told(
                f"{file}: {refused - _TOLD} more are not in force; `interlock indicator check {file}` names them"
            )
        if left_out:
            told(f"{file}: {left_out} indicators do not fit, {MOST} are in force; name fewer files")
    return builder.book()


def check_indicators(paths: Sequence[str], now_s: Callable[[], float]) -> IndicatorTally:
    """What becomes of these files, before anybody is given them. now_s: a clock. Raises ConfigError."""
    from interlock.detect.signatures.indicators.book import Builder  # noqa: PLC0415
    from interlock.detect.signatures.indicators.model import Refused  # noqa: PLC0415
    from interlock.report.indicators import IndicatorTally  # noqa: PLC0415

    began, builder, tally = now_s(), Builder(), IndicatorTally()
    for file, found in each_file(paths):
        tally.begin(str(file))
        for one in found:
            if isinstance(one, Refused):
                tally.refuse(one)
            else:
                tally.load(one, fits=builder.add(one))
    if not tally.loaded and not tally.refused and not tally.left_out:
        raise ConfigError(
            f"{', '.join(paths)}: holds no indicators; expected one a line, CSV, STIX 2.1 or MISP's JSON"
        )
    tally.octets, tally.seconds = builder.book().octets, now_s() - began
    return tally


def each_file(paths: Sequence[str]) -> Iterator[tuple[Path, Iterator[Indicator | Refused]]]:
    """Every file that the paths name, and what stands in it. Raises ConfigError."""
    for path in paths:
        for file in _files(Path(path)):
            yield file, _read(file)


def _files(path: Path) -> list[Path]:
    """A file, or those of a folder and of those in it, in the order of their names."""
    try:
        if not path.is_dir():
            return [path]
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in _ENDS and file.is_file())
    except OSError as error:
        raise _unread(path, error) from error
    if not found:
        raise ConfigError(f"{path}: holds no files of indicators; they end with {', '.join(sorted(_ENDS))}")
    if len(found) > _MOST_FILES:
        raise ConfigError(f"{path}: holds more than {_MOST_FILES} files; name a folder of indicators alone")
    return found


def _read(file: Path) -> Iterator[Indicator | Refused]:
    from interlock.detect.signatures.indicators.reading import read_indicators  # noqa: PLC0415

    _check_size(file)
    try:
        with file.open(encoding="utf-8-sig", errors="strict", newline="") as lines:
            yield from read_indicators(_bounded(lines, file.name), file.name)
    except ConfigError as error:  # it names the file, not where that is
        raise ConfigError(f"{file.parent}/{error}") from error
    except OSError as error:
        raise _unread(file, error) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is no UTF-8 text (octet {error.start}); save it as UTF-8") from error


def _bounded(file: TextIO, name: str) -> Iterator[str]:
    """Its lines: what has no size before it is read (a pipe, a device) may have no more than a file may."""
    from interlock.detect.signatures.indicators.reading import MOST_JSON  # noqa: PLC0415

    left = _MOST_OCTETS
    while line := file.readline(MOST_JSON + 1):
        left -= len(line)
        if left < 0 or len(line) > MOST_JSON:
            raise ConfigError(
                f"{name}: has a line of more than {MOST_JSON >> 20} MiB, or more than 1 GiB; split it"
            )
        yield line


def _check_size(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise _unread(file, error) from error
    if size > _MOST_OCTETS:
        raise ConfigError(f"{file}: is larger than 1 GiB; split it")


def _unread(path: Path, error: OSError) -> ConfigError:
    reason = (error.strerror or str(error)).lower()
    return ConfigError(
        f"{path}: cannot be read ({reason}); name a file of indicators, or a folder of such files"
    )
