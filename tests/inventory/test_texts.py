from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.inventory.proofs import Fact, Sign
from interlock.inventory.texts import read_text
from inventory.build import at, clue, proofs, take_stock


def said(text, field="description"):
    proof = Sign(value=text, protocol="lldp", source="a", frame=1, confidence=0.9, first=1, last=1)
    return {f.field: f.proof.value for f in read_text(Fact(field, proof))}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            ("Siemens, SIMATIC S7, CPU 1516-3 PN/DP, 6ES7 516-3AN01-0AB0, HW: Version 3, FW: Version V2.6.0,"
            " S C-K7LT20762018"),
            {"order-number": "6ES7 516-3AN01-0AB0", "serial": "S C-K7LT20762018", "firmware": "V2.6.0", "hardware": "3",
             "product": "CPU 1516-3 PN/DP", "vendor": "Siemens"},
        ),
        (
            "Siemens, SIMATIC S7, IM155-6PN HF, 6ES7 155-6AU00-0CN0 , HW: V 5. 0. 0, FW: V4.2.0, SN: S C-K7NP32952018",
            {"order-number": "6ES7 155-6AU00-0CN0", "serial": "S C-K7NP32952018", "firmware": "V4.2.0",
             "product": "IM155-6PN HF", "vendor": "Siemens"},
        ),
        (
            "S7-1500                   6ES7 516-3AN01-0AB0  S C-K7LT20762018     3 V  2  6  0",
            {"order-number": "6ES7 516-3AN01-0AB0", "serial": "S C-K7LT20762018", "firmware": "V2.6.0",
             "vendor": "Siemens"},
        ),
        ("Cisco IOS Software, C2960, Version 12.2(55)SE", {}),
    ],
)  # fmt: skip
def test_siemens_lines(text, facts):
    assert said(text) == facts


def test_a_controller_with_two_ports_is_no_switch():
    port, mac = "ac:64:17:1f:a9:c6", "ac:64:17:1f:a9:c5"
    line = "Siemens, SIMATIC S7, CPU 1516-3 PN/DP, 6ES7 516-3AN01-0AB0, HW: 3, FW: V2.6.0, S C-K7LT20762018"
    stock = take_stock(
        [clue("192.168.1.1", "mac", mac), clue(port, "ip", "192.168.1.1", protocol="lldp"),
         clue(port, "role", "switch", protocol="lldp", confidence=0.7),
         clue(port, "device-type", "lldp:bridge", protocol="lldp"),
         clue(port, "description", line, protocol="lldp")]
    )  # fmt: skip
    asset = at(stock, "192.168.1.1")
    assert (asset.role, asset.order_number, asset.firmware) == ("plc", "6ES7 516-3AN01-0AB0", "V2.6.0")
    assert proofs(asset, "serial")[0].note == "Part of its description."
    bare = take_stock([clue(port, "role", "switch", protocol="lldp", confidence=0.7)])
    assert at(bare, port).role == "switch"


@given(st.text(alphabet="6ESV7 -0123456789ABC.:FW", max_size=512))
def test_any_text_is_read(text):
    assert set(said(text)) <= {"order-number", "vendor", "serial", "firmware", "hardware", "product"}
