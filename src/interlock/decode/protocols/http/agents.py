"""Operating systems that programs name in their User-Agent and Server fields."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["system_of"]

_NT: Final = {
    "5.0": "Windows 2000",
    "5.1": "Windows XP",
    "5.2": "Windows Server 2003",
    "6.0": "Windows Vista",
    "6.1": "Windows 7",
    "6.2": "Windows 8",
    "6.3": "Windows 8.1",
    "10.0": "Windows 10",
}
_WINDOWS: Final = re.compile(r"Windows NT (\d+\.\d)")
_OTHERS: Final = (
    (re.compile(r"Windows CE"), "Windows CE"),
    (re.compile(r"Win32|Win64|Windows|Microsoft-IIS|Microsoft-HTTPAPI"), "Windows"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Ubuntu"), "Ubuntu Linux"),
    (re.compile(r"Debian"), "Debian Linux"),
    (re.compile(r"CentOS"), "CentOS Linux"),
    (re.compile(r"Red Hat"), "Red Hat Linux"),
    (re.compile(r"iPhone|iPad"), "iOS"),
    (re.compile(r"Mac OS X|Darwin"), "macOS"),
    (re.compile(r"FreeBSD"), "FreeBSD"),
    (re.compile(r"VxWorks", re.IGNORECASE), "VxWorks"),
    (re.compile(r"\bQNX\b"), "QNX"),
    (re.compile(r"Linux"), "Linux"),
)


def system_of(text: str) -> str:
    """The system that a product string names, or an empty text. It is a claim: anyone can send anything."""
    windows = _WINDOWS.search(text)
    if windows is not None:
        return _NT.get(windows[1], f"Windows NT {windows[1]}")
    return next((name for pattern, name in _OTHERS if pattern.search(text)), "")
