"""A wall's clock for one sensor alone, which can leap: nobody may set that of the machine."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LeapingClock"]

_SOURCE = Path(__file__).with_name("clock.c")
_NUMBER = struct.Struct("=q")


class LeapingClock:
    """Makes the library that moves it in `folder`. Raises OSError, CalledProcessError where there is no compiler."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise FileNotFoundError("a clock that leaps needs a C compiler, `cc`")
        library, self._file = folder / "clock.so", folder / "clock"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE], check=True, capture_output=True
        )
        self._file.write_bytes(_NUMBER.pack(0))
        self._library = library
        with self._file.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _NUMBER.size)

    def environment(self) -> Mapping[str, str]:
        """What whoever is to have this clock is started with."""
        return {"LD_PRELOAD": str(self._library), "SOAK_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """Ahead of the machine's clock, negative: behind it."""
        _NUMBER.pack_into(self._page, 0, seconds * 1_000_000_000)
