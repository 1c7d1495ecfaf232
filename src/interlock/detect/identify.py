"""Ids of findings: the same cause between the same machines has the same id in every run."""

from __future__ import annotations

import json
import uuid
from typing import Final

__all__ = ["identify"]

_NAMESPACE: Final = uuid.UUID("5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10")
"""Of this project's findings; changing it would orphan every accepted finding."""


def identify(detector: str, realm: str, machines: tuple[str, ...], cause: str) -> str:
    """UUIDv5 (RFC 9562, 5.5) over who says it, where, about whom and why; never over times or counts.

    machines: addresses in the order that the detector gives them a part (client before server).
    """
    # JSON keeps the parts apart: no choice of names makes two different lists spell the same text.
    return str(uuid.uuid5(_NAMESPACE, json.dumps([detector, realm, list(machines), cause])))
