"""Registries: numbers that manufacturers were given, and the names they stand for. Pure look-ups.

Keys are spelled as clues spell them (records.clue_fields): vendor-id `cip:1`, `bacnet:7`, `profinet:0x002a`;
product-code `cip:1/14/54`, `profinet:0x002a/0x0313`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Registries"]

_MEMO: Final = 1 << 16
_SHARED: Final = "IEEE REGISTRATION AUTHORITY"
"""Holder of the large blocks (MA-L) that are handed on in parts (MA-M, MA-S)."""
_VENDORS: Final = {
    "cip": "cip_vendors",
    "enip": "cip_vendors",
    "bacnet": "bacnet_vendors",
    "profinet": "profinet_vendors",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """Identification tables, all of them optional; what is not in them is None, never a guess.

    oui: sorted lines `PREFIX<TAB>organisation` of 6, 7 or 9 upper-case hex digits, as octets.
    cip_vendors, cip_device_types, bacnet_vendors: decimal number → name. profinet_vendors: `0xhhhh` → name.
    profinet_devices: `0xhhhh/0xhhhh` → family. siemens_orders: order number without blanks → product.
    """

    oui: bytes = b""
    cip_vendors: Mapping[str, str] = field(default_factory=dict)
    cip_device_types: Mapping[str, str] = field(default_factory=dict)
    bacnet_vendors: Mapping[str, str] = field(default_factory=dict)
    profinet_vendors: Mapping[str, str] = field(default_factory=dict)
    profinet_devices: Mapping[str, str] = field(default_factory=dict)
    siemens_orders: Mapping[str, str] = field(default_factory=dict)
    _memo: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    def mac_vendor(self, mac: str) -> str | None:
        """Organisation that a MAC's prefix is assigned to (MA-S, MA-M, then MA-L); None for local ones."""
        digits = mac.replace(":", "").upper()
        if len(digits) != 12 or int(digits[:2], 16) & 3:
            return None
        name = self._assigned(digits[:6])
        if name is not None and name.upper() != _SHARED:
            return name
        return self._assigned(digits[:9]) or self._assigned(digits[:7]) or name

    def vendor(self, vendor_id: str) -> str | None:
        """Manufacturer of a `vendor-id` clue."""
        registry, _, number = vendor_id.partition(":")
        table: Mapping[str, str] = getattr(self, _VENDORS[registry]) if registry in _VENDORS else {}
        return table.get(number.lower())

    def family(self, product_code: str) -> str | None:
        """Device family of a PROFINET `product-code` clue."""
        registry, _, code = product_code.partition(":")
        return self.profinet_devices.get(code.lower()) if registry == "profinet" else None

    def code_vendor(self, product_code: str) -> str | None:
        """Manufacturer that a `product-code` clue begins with."""
        return self.vendor(product_code.partition("/")[0])

    def device_type(self, product_code: str) -> str | None:
        """CIP device type that a `product-code` clue `cip:vendor/type/code` carries."""
        registry, _, code = product_code.partition(":")
        parts = code.split("/")
        return self.cip_device_types.get(parts[1]) if registry == "cip" and len(parts) > 1 else None

    def order(self, order_number: str) -> str | None:
        """Product of a Siemens order number."""
        return self.siemens_orders.get("".join(order_number.split()).upper())

    def _assigned(self, digits: str) -> str | None:
        if digits not in self._memo:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            self._memo[digits] = self._prefix(digits)
        return self._memo[digits]

    def _prefix(self, digits: str) -> str | None:
        """Binary search among the lines."""
        key, low, high = digits.encode() + b"\t", 0, len(self.oui)
        while low < high:
            middle = self.oui.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self.oui.find(b"\n", middle)
            end = high if end < 0 else end
            line = self.oui[middle:end]
            if line.startswith(key):
                return line[len(key) :].decode("utf-8", "replace")
            if line < key:
                low = end + 1
            else:
                high = middle
        return None
