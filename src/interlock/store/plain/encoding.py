"""Findings and assets as JSON text, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from interlock.records.finding import Action, Evidence, Finding

__all__ = ["finding_of", "text_of"]


def text_of(finding: Finding) -> str:
    """JSON of a finding, all fields of it."""
    return json.dumps(asdict(finding), separators=(",", ":"))


def finding_of(text: str) -> Finding:
    """The finding of such a text."""
    item: dict[str, Any] = json.loads(text)
    evidence = tuple(Evidence(**{**one, "frames": tuple(one["frames"])}) for one in item["evidence"])
    lists = ("machines", "assets", "techniques", "requirements")
    return Finding(
        **{
            **item,
            **{name: tuple(item[name]) for name in lists},
            "evidence": evidence,
            "actions": tuple(Action(**one) for one in item["actions"]),
            "data": tuple((key, value) for key, value in item["data"]),
        }
    )
