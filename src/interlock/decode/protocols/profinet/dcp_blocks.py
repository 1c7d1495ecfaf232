"""DCP's blocks: what they are called, what their values say, and which identity facts they give.

Source: IEC 61158-6-10, 4.3.1.4 (options and suboptions).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from interlock.decode.addresses import address_text, mac_text

__all__ = ["BlockClues", "block_name", "filter_text", "product_clues", "value_text"]

_NAMES: Final = {
    (1, 1): "mac-address",
    (1, 2): "ip-parameter",
    (1, 3): "full-ip-suite",
    (2, 1): "type-of-station",
    (2, 2): "name-of-station",
    (2, 3): "device-id",
    (2, 4): "device-role",
    (2, 5): "device-options",
    (2, 6): "alias-name",
    (2, 7): "device-instance",
    (2, 8): "oem-device-id",
    (2, 9): "standard-gateway",
    (2, 10): "rsi-properties",
    (5, 1): "control/start-transaction",
    (5, 2): "control/end-transaction",
    (5, 3): "control/signal",
    (5, 4): "control/response",
    (5, 5): "control/factory-reset",
    (5, 6): "control/reset-to-factory",
    (6, 1): "device-initiative",
    (255, 255): "all",
}
"""Names without `ip` and `name` in them but where an address or a name is meant."""
_OPTIONS: Final = {1: "address", 2: "device-properties", 3: "dhcp", 5: "control", 6: "device-initiative"}
_MAC, _IP, _SUITE, _TYPE, _NAME, _ID, _ROLE, _ALIAS, _OEM = (
    *((1, 1), (1, 2), (1, 3), (2, 1)),
    *((2, 2), (2, 3), (2, 4), (2, 6), (2, 8)),
)
_TEXTS: Final = (_TYPE, _NAME, _ALIAS)
_ROLES: Final = (
    (1, "profinet:io-device"),
    (2, "profinet:io-controller"),
    (4, "profinet:io-multidevice"),
    (8, "profinet:io-supervisor"),
)
_MAX_TEXT: Final = 240
"""The longest name of a station (4.3.1.4.15)."""


def block_name(option: int, suboption: int) -> str:
    """`name-of-station`; a block that the specification leaves open is `option/suboption`."""
    return _NAMES.get((option, suboption)) or f"{_OPTIONS.get(option, option)}/{suboption}"


def filter_text(option: int, suboption: int, value: bytes) -> str:
    """What an Identify asks for: `name-of-station:et200sp`, or only the block's name."""
    if (option, suboption) in _TEXTS and value:
        return f"{block_name(option, suboption)}:{_text(value)}"
    return block_name(option, suboption)


def value_text(option: int, suboption: int, value: bytes) -> str | None:
    """A block's value without its qualifier in words; None where it has none that can be said."""
    kind = (option, suboption)
    if kind in _TEXTS:
        return _text(value)
    if kind in (_IP, _SUITE) and len(value) >= 12:
        ip, mask, router = _addresses(value)
        return f"{ip} netmask {mask} gateway {router}"
    if kind == _MAC and len(value) == 6:
        return mac_text(int.from_bytes(value, "big"))
    return value.hex() if value else None


@lru_cache(1024)
def product_clues(vendor: int, device: int) -> tuple[tuple[str, str], ...]:
    """Vendor id and device id as clue fields with values."""
    number = f"profinet:0x{vendor:04x}"
    return ("vendor-id", number), ("product-code", f"{number}/0x{device:04x}")


class BlockClues:
    """Turns blocks that a device says, or has accepted, into clues about it."""

    def __init__(self, decoder: Any) -> None:
        self._facts = decoder.facts

    def say(self, m: Any, i: int, option: int, suboption: int, value: bytes) -> None:
        """value: the block's content behind its info or qualifier; the sender of message i has it."""
        kind, who = (option, suboption), self._facts.sender(m, i)
        for field, text, confidence in _facts(kind, value, who):
            self._facts.clue(m, i, who, field, text, "profinet-dcp", confidence)


def _facts(kind: tuple[int, int], value: bytes, who: str) -> list[tuple[str, str, float]]:
    if kind == _NAME:
        return [("name", _text(value), 0.95)]
    if kind == _TYPE:
        return [("product", _text(value), 0.7)]
    if kind == _ALIAS:
        return [("name", _text(value), 0.6)]
    if kind in (_IP, _SUITE) and len(value) >= 12:
        return _ip_facts(value)
    if kind == _MAC and len(value) == 6:
        mac = mac_text(int.from_bytes(value, "big"))
        return [("mac", mac, 0.9)] if mac != who else []
    if kind == _ID and len(value) >= 4:
        pairs = product_clues(int.from_bytes(value[:2], "big"), int.from_bytes(value[2:4], "big"))
        return [(field, text, 0.95) for field, text in pairs]
    if kind == _ROLE and value:
        return [("device-type", text, 0.9) for bit, text in _ROLES if value[0] & bit]
    return []


def _ip_facts(value: bytes) -> list[tuple[str, str, float]]:
    """An address of zeros is none; a gateway that is the address itself means that there is none."""
    ip, mask, router = _addresses(value)
    if not any(value[:4]):
        return []
    facts = [("ip", ip, 0.95)]
    if any(value[4:8]):
        facts.append(("netmask", mask, 0.9))
    if any(value[8:12]) and router != ip:
        facts.append(("router", router, 0.9))
    return facts


def _addresses(value: bytes) -> tuple[str, str, str]:
    ip, mask, router = (address_text(4, 0, int.from_bytes(value[at : at + 4], "big")) for at in (0, 4, 8))
    return ip, mask, router


def _text(value: bytes) -> str:
    return value[:_MAX_TEXT].decode("utf-8", "backslashreplace").rstrip("\x00 ")
