"""cEMI: what the tunnels carry: frames of the KNX bus with their application services, and device management.

    L_Data     | message code 1 | n 1, additional information | control 1 | control 1 | source 2 | destination 2
               | length 1 | TPCI and APCI 2 | data … |
    property   | message code 1 | object type 2 | instance 1 | property 1 | count 4 bits, start 12 bits | data … |

Source: KNX Standard 03/06/03 (EMI/cEMI) clause 4.1; 03/03/04 (transport layer); 03/03/07 (application layer) clause 2.
"""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = [
    "APCI",
    "CODE",
    "CONFIRMATIONS",
    "INDICATIONS",
    "MANAGEMENT",
    "TPCI",
    "Frame",
    "group_text",
    "individual_text",
    "read_frame",
]

APCI, CODE, TPCI = 0x10000, 0x20000, 0x30000
"""`function` of an application service is APCI + its code, of other cEMI messages CODE + message code, of a
transport control TPCI + its code."""
DATA = frozenset({0x11, 0x29, 0x2E})
INDICATIONS = frozenset({0x29, 0x2B, 0x2D, 0x89, 0x94, 0xF0, 0xF7})
CONFIRMATIONS = {0x2E: 0x11, 0xF5: 0xF6, 0xFB: 0xFC, 0xFA: 0xF8}
MANAGEMENT = frozenset({0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC})
SHORT = frozenset({0x000, 0x040, 0x080, 0x0C0, 0x100, 0x140, 0x180, 0x200, 0x240, 0x280, 0x300, 0x340})
"""Services whose low 6 bits are data (03/03/07 table 1)."""
ADC_RESPONSE = 0x1C0


class Frame:
    """One L_Data frame.

    code: message code; refused: a confirmation says that it was not sent; group: the destination is a group address;
    function: APCI + service, TPCI + control, or -1 for what only acknowledges; short: low 6 bits; data: what follows.
    """

    __slots__ = ("code", "data", "destination", "function", "group", "refused", "short", "source")

    def __init__(self, code):
        self.code = code
        self.source = self.destination = self.short = 0
        self.group = self.refused = False
        self.function = -1
        self.data = b""


def read_frame(c, code):
    """Read an L_Data frame behind its message code. Raises DecodeError."""
    frame = Frame(code)
    c.skip(c.u8())
    control, extended = c.u8(), c.u8()
    frame.refused = code == 0x2E and bool(control & 1)
    frame.group = bool(extended & 0x80)
    frame.source, frame.destination = c.u16be(), c.u16be()
    length = c.u8()
    transport = c.u8()
    if length != c.left():
        raise DecodeError("frame-length-mismatch", c.offset())
    if transport & 0x80:  # control: connect and disconnect make rows, acknowledgements do not
        if transport & 3 < 2:
            frame.function = TPCI + (transport & 0x83)
        return frame
    if length == 0:
        raise DecodeError("frame-length-mismatch", c.offset())
    service = (transport & 3) << 8 | c.u8()
    frame.short = service & 0x3F
    frame.function = APCI + _service(service)
    frame.data = c.rest()
    return frame


def _service(service):
    """The service without the data that some carry in their low 6 bits."""
    high = service & 0x3C0
    if high in SHORT or (high == ADC_RESPONSE and service < 0x1C8):
        return high
    return service


def individual_text(address):
    """An individual address as `area.line.device`."""
    return f"{address >> 12}.{address >> 8 & 15}.{address & 255}"


def group_text(address):
    """A group address as `main/middle/sub` (three levels)."""
    return f"{address >> 11}/{address >> 8 & 7}/{address & 255}"
