"""The public sets that the tests read where they are: they are not shipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("INTERLOCK_CAPTURES", "captures")).parent / "intel" / "rules"
needs_sets = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no public rule sets in {FOLDER}")
