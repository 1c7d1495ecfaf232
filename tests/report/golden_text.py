"""Golden files: compared as they stand; `INTERLOCK_UPDATE_GOLDEN=1 pytest tests/report` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("INTERLOCK_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"{name} differs; review and update with INTERLOCK_UPDATE_GOLDEN=1"
    )
