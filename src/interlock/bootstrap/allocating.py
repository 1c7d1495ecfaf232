"""Whose memory Arrow's columns and Python's objects lie in, and when what is free goes back to the system.

Arrow's own allocators, and glibc's, keep what they had once: for a process that needs much for a moment and little for
hours that is a third of a sensor's memory more. Nothing of it is quicker. A run that ends is another matter: it makes
columns of a megabyte or two all the time, and to ask the system for each costs it a page fault for every 4 KiB.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

__all__ = [
    "allocate_by_the_system",
    "allocate_for_a_run",
    "allocate_sparingly",
    "give_back",
    "give_back_beyond",
    "let_go_of_files",
]

_PAGES: Final = Path("/proc/self/statm")
_MAPPINGS: Final = Path("/proc/self/smaps")
_MADV_DONTNEED: Final = 4
_GLIBC: Final = platform.libc_ver()[0] == "glibc"
"""Of other libraries nothing was measured: with them all stays as it is."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGE_OCTETS: Final = 1 << 18
"""Pieces as large as that are given back as soon as they are free."""
_SPARING_OCTETS: Final = 1 << 16
_COLUMN_OCTETS: Final = 4 << 20
"""A column of a step's rows is hardly larger."""
_SPARE_OCTETS: Final = 64 << 20
"""So much free memory at the end of all stays, since the next step takes it again."""
_MAPPED: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \S+ +/")
_OWN: Final = re.compile(r"^(?:Anonymous|Swap): +[1-9]", re.MULTILINE)


def allocate_by_the_system() -> None:
    """Before anything is forked, and before Arrow holds anything."""
    if _GLIBC:
        pa.set_memory_pool(pa.system_memory_pool())
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_OCTETS)


def allocate_for_a_run() -> None:
    """In a process that works through its input and ends: what a step has used the next one uses again."""
    if _GLIBC:
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _COLUMN_OCTETS)
        libc.mallopt(_M_TRIM_THRESHOLD, _SPARE_OCTETS)


def allocate_sparingly() -> None:
    """In a process that nobody waits for: smaller pieces, too, go back as soon as they are free.

    Each costs two calls of the system, a tenth of the time that folding and sealing take.
    """
    if _GLIBC:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _SPARING_OCTETS)


def let_go_of_files() -> None:
    """Pages of programs and libraries: what is used again comes back out of the system's cache.

    To load a library its symbols and relocations are looked at once, all of them. A process that has loaded much and
    then does little holds them for good, though nobody looks at them again.
    """
    libc = ctypes.CDLL(None)
    with suppress(OSError):  # where the system does not tell, all stays
        mappings = re.split(
            r"^(?=[0-9a-f]+-[0-9a-f]+ )", _MAPPINGS.read_text("utf-8", "replace"), flags=re.MULTILINE
        )
        for mapping in mappings:
            found = _MAPPED.match(mapping)
            # What was written to, as relocated tables are before they are protected, is nowhere else.
            if found is not None and not _OWN.search(mapping):
                begin, end = (int(bound, 16) for bound in found.groups())
                libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_DONTNEED)


def give_back() -> None:
    """What this process has and does not use: some milliseconds, so now and then."""
    pa.default_memory_pool().release_unused()
    if _GLIBC:
        ctypes.CDLL(None).malloc_trim(0)


def give_back_beyond(octets: int) -> None:
    """The same, where the process holds more than that: below it, what it has and does not use is soon used again."""
    with suppress(OSError, ValueError, IndexError):  # where the system does not tell, nothing is given back
        if int(_PAGES.read_text("ascii").split()[1]) * mmap.PAGESIZE > octets:
            give_back()
