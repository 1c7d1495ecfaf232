from __future__ import annotations

import pytest

from interlock.detect.opcua_security import OpcuaSecurity

from .rows import findings

OPEN = {"policy": "None", "mode": "None"}


@pytest.mark.parametrize(
    ("row", "severities"),
    [
        ({**OPEN, "token": "username"}, {"high"}),
        ({**OPEN, "token": "anonymous"}, {"high", "medium"}),
        ({"token": "anonymous"}, {"medium"}),
        ({"policy": "Basic128Rsa15"}, {"medium"}),
        ({"mode": "Sign"}, {"low"}),
    ],
)
def test_fires(row: dict, severities: set) -> None:
    found = findings(OpcuaSecurity(), opcua_sessions=[row])
    assert {f.severity for f in found} == severities
    assert len({f.id for f in found}) == len(found)


@pytest.mark.parametrize("row", [{}, {**OPEN, "token": None}, {"policy": "Aes256_Sha256_RsaPss"}])
def test_silent_for_secure_sessions_and_for_channels_that_only_ask_for_endpoints(row: dict) -> None:
    assert findings(OpcuaSecurity(), opcua_sessions=[row]) == ()


def test_a_password_in_an_open_session_is_said() -> None:
    (finding,) = findings(OpcuaSecurity(), opcua_sessions=[{**OPEN, "token": "username", "user": "operator"}])
    assert "operator" in finding.explanation
    assert "Passwords" in finding.explanation
