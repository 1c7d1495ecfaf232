"""What KNXnet/IP devices say of themselves: description blocks, properties, features of a tunnel.

    | structure length 1 | description type 1 | … |

Source: KNX Standard 03/08/02 (core) clause 7.5.4; 03/05/01 (resources) clause 4 (properties); 03/08/04 (features).
"""

from __future__ import annotations

from interlock.decode.addresses import address_text
from interlock.decode.protocols.knxnet_ip.cemi import individual_text
from interlock.errors import DecodeError

__all__ = ["Identity"]

DEVICE, CURRENT_IP, EXTENDED = 1, 4, 8
SERIAL, MANUFACTURER, ORDER, DESCRIPTION, FRIENDLY_NAME, MAC = 11, 12, 15, 21, 76, 64
PARAMETER_OBJECT = 11
DESCRIPTOR, CODE, ADDRESS = 2, 4, 6
NOBODY = (b"", bytes(6), b"\xff" * 6)
MAX_BLOCKS = 64


class Identity:
    """Turns blocks and properties into clues. facts: as of the decoder."""

    def __init__(self, facts):
        self._facts = facts

    def _say(self, m, i, who, field, text, confidence):
        text = text.strip("\x00 \r\n")
        if text:
            self._facts.clue(m, i, who, field, text, "knxnet-ip", confidence)

    def serial(self, m, i, who, octets):
        """A KNX serial number: its first two octets are the manufacturer's code."""
        if octets in NOBODY or len(octets) != 6:
            return
        self._say(m, i, who, "serial", octets.hex(), 0.95)
        self._say(m, i, who, "vendor-id", f"knx:0x{octets[:2].hex()}", 0.8)

    def address(self, m, i, who, address):
        """An individual address that is a machine's own; 15.15.255 and 0.0.0 are nobody's."""
        if address not in (0, 0xFFFF):
            self._say(m, i, who, "device-id", f"knx:{individual_text(address)}", 0.8)

    def blocks(self, m, i, c, who):
        """All description blocks up to the cursor's end. Raises DecodeError where one does not fit."""
        for _ in range(MAX_BLOCKS):
            if c.left() < 2:
                return
            length, kind = c.u8(), c.u8()
            if length < 2:
                raise DecodeError("structure-length-invalid", c.offset() - 2)
            self._block(m, i, who, kind, c.take(length - 2))

    def _block(self, m, i, who, kind, content):
        if kind == DEVICE and len(content) >= 52:
            self.address(m, i, who, int.from_bytes(content[2:4], "big"))
            self.serial(m, i, who, content[6:12])
            if content[16:22] not in NOBODY:
                self._say(m, i, who, "mac", content[16:22].hex(":"), 0.9)
            self._say(m, i, who, "name", content[22:52].decode("latin-1"), 0.8)
        elif kind == CURRENT_IP and len(content) >= 12:
            mask, router = (address_text(4, 0, int.from_bytes(content[k : k + 4], "big")) for k in (4, 8))
            for field, text in (("netmask", mask), ("router", router)):
                if text != "0.0.0.0":  # noqa: S104 (what stands in the block, no socket is bound)
                    self._say(m, i, who, field, text, 0.7)
        elif kind == EXTENDED and len(content) >= 6:
            self._say(m, i, who, "device-type", f"knx:0x{content[4:6].hex()}", 0.8)

    def property(self, m, i, who, kind, number, octets):
        """A property's value as read. kind: interface object type (0 device, 11 KNXnet/IP parameter)."""
        if number == SERIAL:
            self.serial(m, i, who, octets)
        elif number == MANUFACTURER and len(octets) == 2 and kind == 0:
            self._say(m, i, who, "vendor-id", f"knx:0x{octets.hex()}", 0.9)
        elif number == ORDER and kind == 0:
            text = octets.strip(b"\x00 ")
            printable = text.isascii() and text.decode("ascii", "replace").isprintable()
            self._say(m, i, who, "order-number", text.decode("ascii") if printable else octets.hex(), 0.8)
        elif number == DESCRIPTION and kind == 0:
            self._say(m, i, who, "description", octets.decode("latin-1"), 0.7)
        elif kind == PARAMETER_OBJECT and number == FRIENDLY_NAME and len(octets) > 1:
            self._say(m, i, who, "name", octets.decode("latin-1"), 0.8)
        elif kind == PARAMETER_OBJECT and number == MAC and len(octets) == 6:
            self._say(m, i, who, "mac", octets.hex(":"), 0.9)

    def feature(self, m, i, who, number, octets):
        """A feature of the tunnelling interface."""
        if len(octets) != 2:
            return
        if number == ADDRESS:
            self.address(m, i, who, int.from_bytes(octets, "big"))
        elif number == CODE:
            self._say(m, i, who, "vendor-id", f"knx:0x{octets.hex()}", 0.9)
        elif number == DESCRIPTOR:
            self._say(m, i, who, "device-type", f"knx:0x{octets.hex()}", 0.8)
