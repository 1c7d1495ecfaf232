"""Texts: identity facts that makers write into one line, as `Siemens, SIMATIC S7, CPU …, 6ES7 …, HW: 3, FW: V2.6.0`.

Siemens devices fill LLDP chassis ids and system descriptions, SNMP sysDescr and S7 identification with order number,
versions and serial number in one text. Patterns match a bounded number of characters each, so that no text is slow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.inventory.proofs import Fact, retold

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SPOKEN", "read_text"]

SPOKEN: Final = frozenset({"name", "description"})
_ORDER: Final = re.compile(r"\b(6[A-Z]{2}\d) {0,2}(\d{3}-\d[A-Z]{2}\d{2}-\d[A-Z]{2}\d)\b")
_SERIAL: Final = re.compile(r"\b(S [A-Z]-[A-Z0-9]{8,20})\b")
_FIRMWARE: Final = re.compile(r"\bFW: {0,2}(?:Version )?V? ?(\d{1,3}\. ?\d{1,3}(?:\. ?\d{1,3})?)")
_SPACED: Final = re.compile(r" V {1,2}(\d{1,3}) {1,2}(\d{1,3}) {1,2}(\d{1,3})\b")
_HARDWARE: Final = re.compile(r"\bHW: {0,2}(?:Version )?(\d{1,3})\b")
_MODULE: Final = re.compile(r"^Siemens, SIMATIC [^,]{1,20}, ([^,]{2,40}),")


def read_text(fact: Fact) -> Iterable[Fact]:
    """Facts that a name or description (SPOKEN) spells out; none where it carries no order number."""
    if fact.field not in SPOKEN:
        return
    text = fact.proof.value
    order = _ORDER.search(text)
    if order is None:
        return
    number = f"{order[1]} {order[2]}"
    found = [("order-number", number), ("vendor", "Siemens")]
    if serial := _SERIAL.search(text):
        found.append(("serial", serial[1]))
    if firmware := _FIRMWARE.search(text):
        found.append(("firmware", "V" + firmware[1].replace(" ", "")))
    elif spaced := _SPACED.search(text):
        found.append(("firmware", "V" + ".".join(spaced.groups())))
    if hardware := _HARDWARE.search(text):
        found.append(("hardware", hardware[1]))
    if module := _MODULE.search(text):
        found.append(("product", module[1].strip()))
    for field, value in found:
        sure = round(fact.proof.confidence * 0.95, 4)
        yield Fact(field, retold(fact.proof, value, sure, f"Part of its {fact.field}."))
