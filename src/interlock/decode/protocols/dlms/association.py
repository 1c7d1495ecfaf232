"""Associations: who opens one with which mechanism and secret, and whether the meter accepts.

    AARQ 60 | A1 context name | A6 calling AP title | 8A requirements | 8B mechanism name
            | AC authentication value | BE user information |
    AARE 61 | A1 context name | A2 result | A3 diagnostic | A4 responding AP title | … |

Source: IEC 62056-5-3 clause 9.4 (ACSE APDUs, BER); clause 9.2.2 (authentication mechanisms).
"""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = ["MECHANISMS", "Association", "flag_code", "read_association"]

MECHANISMS = {
    0: "lowest",
    1: "lls",
    2: "hls",
    3: "hls-md5",
    4: "hls-sha1",
    5: "hls-gmac",
    6: "hls-sha256",
    7: "hls-ecdsa",
}
CONTEXTS = {1: "logical-name", 2: "short-name", 3: "logical-name-ciphered", 4: "short-name-ciphered"}
OBJECT_NAME = b"\x60\x85\x74\x05\x08"
"""joint-iso-ccitt(2) country(16) country-name(756) identified-organisation(5) DLMS-UA(8)."""
MAX_FIELDS = 32


class Association:
    """mechanism, context: numbers or -1; title: system title of the sender or None; secret: octets or None.

    result, diagnostic: of an AARE, or -1; diagnostic is 256 + number of the user, 512 + of the provider.
    """

    __slots__ = ("context", "diagnostic", "mechanism", "result", "secret", "title")

    def __init__(self):
        self.mechanism = self.context = self.result = self.diagnostic = -1
        self.title = self.secret = None

    def name(self):
        """What the association is about, as an object."""
        context, mechanism = CONTEXTS.get(self.context), MECHANISMS.get(self.mechanism)
        return f"association:{context or 'unknown'}/{mechanism or 'unknown'}"


def _field(c):
    """Tag and content of one BER element with a short or long definite length."""
    tag, size = c.u8(), c.u8()
    if size & 0x80:
        if not 1 <= size & 0x7F <= 2:
            raise DecodeError("length-invalid", c.offset() - 1)
        size = int.from_bytes(c.take(size & 0x7F), "big")
    return tag, c.take(size)


def read_association(c):
    """Read an AARQ or AARE behind its tag. Raises DecodeError."""
    found = Association()
    size = c.u8()
    if size & 0x80:
        c.skip(size & 0x7F)
    for _ in range(MAX_FIELDS):
        if c.left() < 2:
            break
        tag, content = _field(c)
        if tag == 0xA1:
            found.context = _last_of_name(content[2:])
        elif tag in (0x8B, 0x89):
            found.mechanism = _last_of_name(content)
        elif tag in (0xA6, 0xA4):
            found.title = content[2:]
        elif tag == 0xAC:
            found.secret = content[2:]
        elif tag == 0xA2 and len(content) >= 3:
            found.result = content[2]
        elif tag == 0xA3 and len(content) >= 5:
            found.diagnostic = (256 if content[0] == 0xA1 else 512) + content[4]
    if found.mechanism < 0:
        found.mechanism = 0
    return found


def _last_of_name(content):
    return content[6] if len(content) == 7 and content[:5] == OBJECT_NAME else -1


def flag_code(octets):
    """The maker's three letters (FLAG Association) at the head of a system title or device name, or None."""
    head = octets[:3]
    return head.decode("ascii") if len(head) == 3 and head.isalpha() and head.isupper() else None
