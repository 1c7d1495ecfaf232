"""NTP requests of clients that tell nothing of themselves; octets written after RFC 4330, clause 5."""

from __future__ import annotations

import pytest

from interlock.decode.protocols.ntp.decoder import SPEC
from interlock.decode.spec import Hint

SILENT = b"\x23" + bytes(39) + bytes.fromhex("5945e44acccc18d4")


@pytest.mark.parametrize(
    ("octets", "confidence"),
    [
        (SILENT, 60),
        (b"\x23" + bytes(47), 0),
        (b"\x24" + SILENT[1:], 0),
        (SILENT[:20] + b"\1" + SILENT[21:], 0),
        (SILENT + b"\0", 0),
    ],
)
def test_a_client_that_sends_only_its_transmit_timestamp_is_recognised_on_any_port(
    octets: bytes, confidence: int
) -> None:
    assert SPEC.probe(octets, Hint("udp", 62228, 63329, 0, None, 0)) == confidence
