from __future__ import annotations

import pytest
from tests.detect.rows import findings

from interlock.detect.credentials.weak_login import WeakLogin

ROW = {"user": "eng", "protocol": "ftp", "scheme": "user-password", "outcome": "ok"}


@pytest.mark.parametrize("strength", ["empty", "same-as-user", "short", "common"])
def test_each_weakness_of_each_account_is_one_finding(strength: str) -> None:
    rows = [{**ROW, "strength": strength, "user": user} for user in ("eng", "eng", "ops")]
    first, second = findings(WeakLogin(), credentials=rows)
    assert {first.count, second.count} == {1, 2}
    assert "password" in first.title


def test_anonymous_needs_no_secret() -> None:
    (finding,) = findings(WeakLogin(), credentials=[{**ROW, "scheme": "anonymous", "user": "ftp"}])
    assert "lets anybody in" in finding.title


@pytest.mark.parametrize(
    "row",
    [
        {"strength": None},
        {"strength": "short", "outcome": "refused"},
        {"strength": "same-as-user", "known": "default"},
        {"scheme": "anonymous", "outcome": "refused"},
    ],
)
def test_silent(row: dict) -> None:
    assert findings(WeakLogin(), credentials=[{**ROW, **row}]) == ()
