"""Compare this folder with its SHA256SUMS: exit 0, or 1 and one sentence on standard error.

What is not listed counts too: an installer would take a wheel that someone laid beside the others.
"""

import hashlib
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LIST = FOLDER / "SHA256SUMS"


def wrong() -> "str | None":
    """The first file that is not as listed, and how."""
    try:
        rows = [line.split(maxsplit=1) for line in LIST.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return "SHA256SUMS cannot be read"
    listed = {row[1].lstrip("*"): row[0] for row in rows if len(row) == 2}
    if not listed or len(listed) != len(rows):
        return "SHA256SUMS is damaged"
    there = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if not p.is_dir()} - {LIST.name}
    for name in sorted(there | set(listed)):
        if name not in there:
            return f"{name} is missing"
        if name not in listed:
            return f"{name} is not listed in SHA256SUMS"
        if hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() != listed[name]:
            return f"{name} is not what SHA256SUMS says"
    return None


if __name__ == "__main__":
    said = wrong()
    if said is not None:
        sys.exit(
            f"install.sh: {said}: the bundle is damaged or was changed; nothing was installed, copy it anew."
        )
