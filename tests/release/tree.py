"""A source tree as a fresh clone has it, with what this one has compiled already."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["ROOT", "clone"]

ROOT = Path(__file__).resolve().parents[2]
_PARTS = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "src", "scripts", "requirements")


def clone(place: Path) -> Path:
    """Copy what Git tracks here to `place` (where Git is not here: everything but what builds leave)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *_PARTS], cwd=ROOT, check=False, capture_output=True, text=True
    )
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    if listed.returncode or not names:
        found = [
            path for part in _PARTS for path in ((ROOT / part), *(ROOT / part).rglob("*")) if path.is_file()
        ]
        left = {".so", ".c", ".pyc"}
        names = [path.relative_to(ROOT).as_posix() for path in found if path.suffix not in left]
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name)
    for made in ROOT.glob("build/made-*"):
        shutil.copytree(made, place / "build" / made.name)
    return place
