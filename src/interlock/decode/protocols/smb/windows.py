"""Windows by version and build, as NTLM and the browser protocol tell them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["spelled_out", "windows_of"]

_NAMES: Final = {
    (4, 0): "Windows NT 4.0",
    (5, 0): "Windows 2000",
    (5, 1): "Windows XP",
    (5, 2): "Windows Server 2003",
    (6, 0): "Windows Vista or Server 2008",
    (6, 1): "Windows 7 or Server 2008 R2",
    (6, 2): "Windows 8 or Server 2012",
    (6, 3): "Windows 8.1 or Server 2012 R2",
    (10, 0): "Windows 10 or Server 2016",
}
_BUILDS: Final = ((26100, "Windows 11 or Server 2025"), (22000, "Windows 11"), (20348, "Windows Server 2022"))


def windows_of(major: int, minor: int, build: int = 0) -> str:
    """Name of a Windows, with its build where known; an empty text for versions that no Windows has."""
    name = _NAMES.get((major, minor), "")
    if (major, minor) == (10, 0):
        name = next((better for least, better in _BUILDS if build >= least), name)
    return f"{name} (build {build})" if name and build else name


def spelled_out(text: str) -> str:
    """A session setup's `Windows 5.1` by its name; other texts as they are."""
    found = re.fullmatch(r"Windows (\d{1,2})\.(\d{1,2})", text)
    return (windows_of(int(found[1]), int(found[2])) if found else "") or text
