"""`--gsdml`: a device's description is read, or refused in one sentence."""

from __future__ import annotations

import pytest
from tests.cli.terminal import DEMO, one_sentence, run

GOOD = b'<x><DeviceIdentity VendorID="0x2a" DeviceID="0x313"/></x>'
BAD = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "no-xml": b"GSD_Revision = 5",
    "no-device": b"<x/>",
}


def test_a_description_is_taken(tmp_path):
    file = tmp_path / "device.xml"
    file.write_bytes(GOOD)
    assert run("decode", DEMO / "engineering.pcap", "--gsdml", file).code == 0


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_description_is_refused_in_one_sentence(tmp_path, name):
    file = tmp_path / "device.xml"
    file.write_bytes(BAD[name])
    ended = run("decode", DEMO / "engineering.pcap", "--gsdml", file)
    assert ended.code == 2
    assert "device.xml: is no GSDML file" in one_sentence(ended)


def test_a_description_that_is_not_there(tmp_path):
    ended = run("decode", DEMO / "engineering.pcap", "--gsdml", tmp_path / "gone.xml")
    assert ended.code == 2
    assert "gone.xml" in one_sentence(ended)
