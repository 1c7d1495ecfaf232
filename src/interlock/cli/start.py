"""Where the program begins: a sensor's rings are open before anything is imported that takes time.

Parsing, decoders and detectors take a second to import, and several where the machine is busy; what comes in meanwhile
waits in the rings. A sensor that is begun anew after its death has so missed only what passed until its interpreter
stood. Whether the words are right, and what is wrong with an interface, is found and said later, by the command.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.capture.live.early import Rings

__all__ = ["main"]


def main() -> None:
    """The command line, listening already where it is to watch interfaces."""
    words = sys.argv[1:]
    rings: Rings = {}
    if words[:2] == ["sensor", "run"] and not {"-h", "--help"} & set(words):
        with suppress(ImportError):  # not Linux
            from interlock.capture.live.early import hear, ring_size  # noqa: PLC0415 (nothing else needs it)

            mib = _ring_mib(words[2:])
            rings = hear(_interfaces(words[2:]), os.getpid(), None if mib is None else ring_size(mib))
    from interlock.cli.main import main as command_line  # noqa: PLC0415 (the rest of the program)

    command_line(rings=rings)


def _interfaces(words: Sequence[str]) -> list[tuple[str, int]]:
    """Interfaces and their numbers of workers, as far as the words show them at first sight."""
    workers = _last(words, "--workers") or "1"
    named = [name.partition("=")[0] for name in _values(words, "--interface", "-i")]
    if named:
        return [(name, int(workers)) for name in named] if workers.isdecimal() else []
    file = _last(words, "--config")
    return [] if file is None else _configured(file)


def _ring_mib(words: Sequence[str]) -> int | None:
    """How large the configuration wants rings, so that what they hear by then need not be given up with them."""
    from interlock.records.budget import LEAST, MOST  # noqa: PLC0415 (as above)

    with suppress(KeyError, TypeError):
        said = _read(_last(words, "--config") or "")["sensor"]["memory"]["ring_mib"]
        if type(said) is int and LEAST["ring_mib"] <= said <= MOST["ring_mib"]:
            return said
    return None


def _last(words: Sequence[str], option: str) -> str | None:
    """What counts where an option stands twice."""
    return next(iter([*_values(words, option)][-1:]), None)


def _values(words: Sequence[str], *options: str) -> Iterable[str]:
    """What follows an option, however it is written."""
    for at, word in enumerate(words):
        if word in options and at + 1 < len(words):
            yield words[at + 1]
        for option in options:
            glue = "=" if option.startswith("--") else ""
            if word.startswith(option + glue) and len(word) > len(option + glue) and word != option:
                yield word[len(option + glue) :]


def _configured(file: str) -> list[tuple[str, int]]:
    """Those of a configuration; none where it cannot be read so, which is said later."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        rows = _read(file)["sensor"]["interfaces"]
        return [(str(one["name"]), int(one.get("workers", 1))) for one in rows]
    return []


def _read(file: str) -> dict[str, Any]:
    """What a configuration says; nothing where it cannot be read."""
    import tomllib  # noqa: PLC0415 (seldom needed this early)

    with suppress(OSError, ValueError), open(file, "rb") as octets:  # noqa: PTH123 (pathlib takes longer to import)
        return tomllib.load(octets)
    return {}


if __name__ == "__main__":
    main()
