"""NetBIOS datagrams (UDP port 138) and the browser announcements in them.

    | type 1 | flags 1 | id 2 | source address 4 | port 2 | length 2 | offset 2 | two names | SMB … |

Source: RFC 1002 clause 4.4, MS-BRWS clauses 2.2.1 and 2.2.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from interlock.records.vocabulary import VERBS

__all__ = ["Announcement", "mailslot_verb", "read_announcement", "read_datagram"]

DIRECT = (0x10, 0x11, 0x12)
MAX_LABELS = 16
HOST_ANNOUNCEMENT, DOMAIN_ANNOUNCEMENT, MASTER_ANNOUNCEMENT = 1, 12, 15
BROWSE = b"\\MAILSLOT\\BROWSE\x00"
LANMAN = b"\\MAILSLOT\\LANMAN\x00"
BROWSER_VERBS = {
    1: "report",  # HostAnnouncement
    2: "discover",  # AnnouncementRequest: who is there?
    8: "report",  # RequestElection: what the sender is worth
    9: "discover",  # GetBackupListRequest
    10: "report",  # GetBackupListResponse
    11: "configure",  # BecomeBackup
    12: "report",  # DomainAnnouncement
    13: "report",  # MasterAnnouncement
    14: "configure",  # ResetStateRequest
    15: "report",  # LocalMasterAnnouncement
}
"""Operation code of a browser frame (MS-BRWS 2.2) → what it does."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a machine tells its segment: name, Windows version, kinds of server (bits), a comment."""

    name: str
    major: int
    minor: int
    kinds: int
    comment: str


def read_datagram(octets: bytes) -> tuple[str, str, int] | None:
    """Source and destination name, and where the SMB begins; None where it is no whole datagram."""
    if len(octets) < 14 or octets[0] not in DIRECT or int.from_bytes(octets[12:14], "big"):
        return None
    source = _name(octets, 14)
    target = _name(octets, source[1]) if source else None
    if source is None or target is None:
        return None
    return source[0], target[0], target[1]


def _name(octets: bytes, at: int) -> tuple[str, int] | None:
    """A name in first-level encoding (RFC 1001 14.1), and where it ends."""
    label = octets[at + 1 : at + 33]
    if octets[at : at + 1] != b"\x20" or len(label) != 32 or not all(65 <= o <= 80 for o in label):
        return None
    name = bytes((label[k] - 65) << 4 | (label[k + 1] - 65) for k in range(0, 32, 2))
    at += 33
    for _ in range(MAX_LABELS):  # the scope, most often empty
        if at >= len(octets) or octets[at] > 63:
            return None
        if octets[at] == 0:
            return name[:15].decode("latin-1").rstrip(" \x00"), at + 1
        at += 1 + octets[at]
    return None


def mailslot_verb(smb: bytes) -> int:
    """What a mailslot write does, as its place in VERBS; 0 where it is no browser frame or its code has no meaning."""
    for slot in (BROWSE, LANMAN):
        at = smb.find(slot)
        code = smb[at + len(slot) :][:1] if at >= 0 else b""
        if code:
            return VERBS.index(BROWSER_VERBS.get(code[0], "unknown"))
    return 0


def read_announcement(smb: bytes) -> Announcement | None:
    """The announcement of a host or a master browser in a mailslot write, else None."""
    at = smb.find(BROWSE)
    data = smb[at + len(BROWSE) :] if at >= 0 else b""
    if len(data) < 32 or data[0] not in (HOST_ANNOUNCEMENT, MASTER_ANNOUNCEMENT):
        return None
    name = data[6:22].partition(b"\x00")[0].decode("latin-1")
    comment = data[32:].partition(b"\x00")[0].decode("latin-1")[:128]
    return Announcement(name, data[22], data[23], int.from_bytes(data[24:28], "little"), comment)
