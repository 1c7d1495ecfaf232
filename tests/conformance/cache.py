"""A folder of finished work, each piece named by all it depends on: a stopped run goes on from here."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cache"]


@dataclass(frozen=True, slots=True)
class Cache:
    """Pieces are JSON, gzipped; written beside their place and renamed, so a reader never sees half."""

    folder: Path

    def place(self, kind: str, capture: str, depends: object, suffix: str = ".json.gz") -> Path:
        """Where a piece of this kind lies; `depends` is anything JSON can hold."""
        text = json.dumps([capture, depends], sort_keys=True)
        return self.folder / kind / (hashlib.sha256(text.encode()).hexdigest()[:32] + suffix)

    def load(self, place: Path) -> Any | None:
        """The piece, or None where it is missing or unreadable."""
        try:
            with gzip.open(place, "rb") as stream:
                return json.loads(stream.read())
        except (OSError, EOFError, ValueError):
            return None

    def keep(self, place: Path, piece: object) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1) as stream:
            stream.write(json.dumps(piece, separators=(",", ":")).encode())
        Path(name).replace(place)
