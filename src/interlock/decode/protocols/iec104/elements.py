"""Information elements by type identification: how long one is, what it holds, and where its flags stand.

Source: IEC 60870-5-101, 7.2.6 and 7.3; IEC 60870-5-104, clause 8; IEC/TS 60870-5-7 for types 41 and 81 to 95.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CAUSES", "CP24", "CP56", "ELEMENTS", "FORMS", "NO_TIME_TAG", "QUALIFIER_AT", "flag_text"]

NO_TIME_TAG, CP24, CP56 = range(3)

FORMS: Final = (
    "", "SIQ", "DIQ", "VTI", "BSI", "NVA", "SVA", "R32", "BCR", "SEP", "SPE", "OCI", "SCD", "SCO", "DCO", "RCO",
    "COI", "QOI", "QCC", "FBP", "QRP", "CP16Time2a", "TSC", "QPA", "CP56Time2a",
)  # fmt: skip
"""What an element is, by number; `decoder.py` reads them by these numbers."""

_SIZES: Final = {
    "": 0, "SIQ": 1, "DIQ": 1, "VTI": 1, "BSI": 4, "NVA": 2, "SVA": 2, "R32": 4, "BCR": 5, "SEP": 3, "SPE": 4,
    "OCI": 4, "SCD": 4, "SCO": 1, "DCO": 1, "RCO": 1, "COI": 1, "QOI": 1, "QCC": 1, "FBP": 2, "QRP": 1,
    "CP16Time2a": 2, "TSC": 2, "QPA": 1, "CP56Time2a": 7,
}  # fmt: skip

_Q, _C, _P = "QDS", "command", "parameter"

_TYPES: Final = {
    1: ("SIQ", "", 0), 2: ("SIQ", "", CP24), 3: ("DIQ", "", 0), 4: ("DIQ", "", CP24), 5: ("VTI", _Q, 0),
    6: ("VTI", _Q, CP24), 7: ("BSI", _Q, 0), 8: ("BSI", _Q, CP24), 9: ("NVA", _Q, 0), 10: ("NVA", _Q, CP24),
    11: ("SVA", _Q, 0), 12: ("SVA", _Q, CP24), 13: ("R32", _Q, 0), 14: ("R32", _Q, CP24), 15: ("BCR", "", 0),
    16: ("BCR", "", CP24), 17: ("SEP", "", CP24), 18: ("SPE", "", CP24), 19: ("OCI", "", CP24), 20: ("SCD", _Q, 0),
    21: ("NVA", "", 0), 30: ("SIQ", "", CP56), 31: ("DIQ", "", CP56), 32: ("VTI", _Q, CP56), 33: ("BSI", _Q, CP56),
    34: ("NVA", _Q, CP56), 35: ("SVA", _Q, CP56), 36: ("R32", _Q, CP56), 37: ("BCR", "", CP56),
    38: ("SEP", "", CP56), 39: ("SPE", "", CP56), 40: ("OCI", "", CP56), 45: ("SCO", "", 0), 46: ("DCO", "", 0),
    47: ("RCO", "", 0), 48: ("NVA", _C, 0), 49: ("SVA", _C, 0), 50: ("R32", _C, 0), 51: ("BSI", "", 0),
    58: ("SCO", "", CP56), 59: ("DCO", "", CP56), 60: ("RCO", "", CP56), 61: ("NVA", _C, CP56), 62: ("SVA", _C, CP56),
    63: ("R32", _C, CP56), 64: ("BSI", "", CP56), 70: ("COI", "", 0), 100: ("QOI", "", 0), 101: ("QCC", "", 0),
    102: ("", "", 0), 103: ("CP56Time2a", "", 0), 104: ("FBP", "", 0), 105: ("QRP", "", 0), 106: ("CP16Time2a", "", 0),
    107: ("TSC", "", CP56), 110: ("NVA", _P, 0), 111: ("SVA", _P, 0), 112: ("R32", _P, 0), 113: ("QPA", "", 0),
}  # fmt: skip
"""type → element, what qualifies it, time tag."""

_OTHER_SIZES: Final = {41: 14, 120: 6, 121: 7, 122: 4, 123: 5, 124: 4, 126: 13, 127: 16}
"""Types whose elements are no process values: integrated security statistics and files."""


def _element(kind: int) -> tuple[int, int, int, int]:
    """Length of one element in octets (-1: it varies), form, 1 where a qualifier octet follows it, time tag."""
    if kind not in _TYPES:
        return (_OTHER_SIZES.get(kind, -1), 0, 0, 0)
    form, qualified, tag = _TYPES[kind]
    length = _SIZES[form] + (1 if qualified else 0) + (0, 3, 7)[tag]
    return (length, FORMS.index(form), 1 if qualified else 0, tag)


ELEMENTS: Final = tuple(_element(kind) for kind in range(256))

QUALIFIER_AT: Final = {
    45: 0, 46: 0, 47: 0, 58: 0, 59: 0, 60: 0, 48: 2, 61: 2, 49: 2, 62: 2, 50: 4, 63: 4,
}  # fmt: skip
"""Where, in the element of a command, the octet stands whose top bit says select (1) or execute (0)."""

CAUSES: Final = {
    1: "periodic", 2: "background scan", 3: "spontaneous", 4: "initialized", 5: "request or requested",
    6: "activation", 7: "activation confirmation", 8: "deactivation", 9: "deactivation confirmation",
    10: "activation termination", 11: "return information caused by a remote command",
    12: "return information caused by a local command", 13: "file transfer", 14: "authentication",
    15: "maintenance of authentication session key", 16: "maintenance of user role and update key",
    20: "interrogated by station interrogation", 37: "requested by general counter request",
    44: "unknown type identification", 45: "unknown cause of transmission", 46: "unknown common address of ASDU",
    47: "unknown information object address",
} | {20 + n: f"interrogated by group {n} interrogation" for n in range(1, 17)} | {
    37 + n: f"requested by group {n} counter request" for n in range(1, 5)
}  # fmt: skip
"""IEC 60870-5-101, 7.2.3 and IEC/TS 60870-5-7."""

_NAMED_BITS: Final = {
    "QDS": ((0x01, "OV"), (0x10, "BL"), (0x20, "SB"), (0x40, "NT"), (0x80, "IV")),
    "SIQ": ((0x10, "BL"), (0x20, "SB"), (0x40, "NT"), (0x80, "IV")),
    "QDP": ((0x08, "EI"), (0x10, "BL"), (0x20, "SB"), (0x40, "NT"), (0x80, "IV")),
    "BCR": ((0x20, "CY"), (0x40, "CA"), (0x80, "IV")),
}


_SETS: Final = ("QDS", "SIQ", "QDP", "BCR")


def flag_text(at: int) -> str:
    """The flags that are set, by their names in the standard; `good` where none is.

    at: octet of flags | 0x100 x set (QDS; SIQ, DIQ alike; QDP, SEP alike; BCR) | 0x400 where the value passed
    through a transient state | 0x800 where the time tag is marked invalid.
    """
    said = [name for bit, name in _NAMED_BITS[_SETS[at >> 8 & 3]] if at & bit]
    said += ["transient"] if at & 0x400 else []
    said += ["time IV"] if at & 0x800 else []
    return " ".join(said) or "good"
