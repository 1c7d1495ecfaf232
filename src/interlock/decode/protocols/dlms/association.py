"""Associations: who opens one with which mechanism and secret, and whether the meter accepts.

    AARQ 60 | A1 context name | A6 calling AP title | 8A requirements | 8B mechanism name
            | AC authentication value | BE user information |
    AARE 61 | A1 context name | A2 result | A3 diagnostic | A4 responding AP title | … |

Source: IEC 62056-5-3 clause 9.4 (ACSE APDUs, BER); clause 9.2.2 (authentication mechanisms).
"""

from __future__ import annotations

from interlock.decode.logins import begin, end
from interlock.decode.protocols.dlms.objects import unit_text
from interlock.errors import DecodeError

__all__ = ["MECHANISMS", "Association", "Associations", "flag_code", "read_association"]

DEFAULTS = (b"00000000", b"12345678")
"""Low level secrets that meters' public manuals print."""
REFUSED = 2
NONE = -2147483648

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


class Associations:
    """Fills rows of one decoder (Dlms) with who opens associations, and with what system titles say."""

    def __init__(self, decoder):
        self._d = decoder

    def identity(self, m, i, server):
        """Who says what a logical device says: the address itself for the management logical device."""
        sender = self._d.facts.sender(m, i)
        return sender if server == (1, -1) else f"{sender}/{unit_text(server)}"

    def asked(self, m, i, out, row, c, client):
        """AARQ: a low level secret stands in clear (mechanism 1)."""
        found = read_association(c)
        out.set_object(row, self._d.objects.code(found.name()), 1)
        if found.mechanism == 1 and found.secret is not None:
            login = begin(self._d.facts, m, i, "dlms", "lls", f"client-{client[0]}", found.secret)
            if found.secret in DEFAULTS:
                login[1][9] = "default"
            out.notes[out.operation_of(row)] = login
        self.title(m, i, self._d.facts.sender(m, i), found.title)

    def answered(self, m, i, out, row, c, server):
        """AARE: whether the meter accepts."""
        found = read_association(c)
        login = out.notes.pop(out.operation_of(row), None)
        refused = found.result != 0
        if refused:
            out.settle(row, REFUSED, found.diagnostic if found.diagnostic >= 0 else NONE)
        if login is not None:
            end(self._d.facts, login, "refused" if refused else "ok")
        self.title(m, i, self.identity(m, i, server), found.title)

    def title(self, m, i, who, title):
        """A system title: the maker's letters, then five octets of his."""
        if title is not None and len(title) == 8:
            self._d.facts.clue(m, i, who, "device-id", f"dlms:{title.hex()}", "dlms", 0.8)
            self.maker(m, i, who, title)

    def maker(self, m, i, who, octets):
        """The FLAG letters at the head of a title or a device name."""
        letters = flag_code(octets)
        if letters is not None:
            self._d.facts.clue(m, i, who, "vendor-id", f"flag:{letters}", "dlms", 0.7)
