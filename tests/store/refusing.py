"""A disk that takes only so many octets a file, as a full one does: EFBIG instead of ENOSPC, by the same road."""

from __future__ import annotations

import contextlib
import resource

__all__ = ["at_most"]


@contextlib.contextmanager
def at_most(octets):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
