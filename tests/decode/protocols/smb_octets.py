"""SMB 2 and 3 and NTLM, built after MS-SMB2, MS-FSCC and MS-NLMP; clauses are those of MS-SMB2."""

from __future__ import annotations

import struct

__all__ = [
    "CREATE_IT",
    "DELETE_ON_CLOSE",
    "DENIED",
    "FILE",
    "LOGON_FAILURE",
    "MORE",
    "OPEN_IT",
    "PENDING",
    "agreed",
    "close",
    "controlled",
    "create",
    "created",
    "empty",
    "framed",
    "ioctl",
    "negotiate",
    "ntlm_authenticate",
    "ntlm_challenge",
    "query_directory",
    "query_info",
    "read_of",
    "renamed",
    "sealed",
    "set_info",
    "setup",
    "smb2",
    "text",
    "tree_connect",
    "tree_connected",
    "was_closed",
    "was_read",
    "was_set_up",
    "was_written",
    "write_of",
]

FILE = bytes(range(16))
PENDING, DENIED, MORE, LOGON_FAILURE = 0x103, 0xC0000022, 0xC0000016, 0xC000006D
OPEN_IT, CREATE_IT, DELETE_ON_CLOSE = 1, 2, 0x1000


def framed(*commands: bytes) -> bytes:
    """A NetBIOS session packet."""
    return struct.pack(">I", sum(map(len, commands))) + b"".join(commands)


def smb2(
    command: int,
    number: int,
    body: bytes,
    *,
    answer: bool = False,
    status: int = 0,
    chained: bool = False,
    related: bool = False,
    tree: int = 5,
    session: int = 9,
) -> bytes:
    """One command or answer; chained: another one follows in the same message."""
    body += bytes(-len(body) % 8) if chained else b""
    following = 64 + len(body) if chained else 0
    flags = int(answer) | 4 * related
    head = (b"\xfeSMB", 64, 1, status, command, 1, flags, following, number, 0xFEFF, tree, session)
    return struct.pack("<4sHHIHHIIQIIQ", *head) + bytes(16) + body


def text(words: str) -> bytes:
    """UTF-16."""
    return words.encode("utf-16-le")


def tree_connect(path: str) -> bytes:
    """A tree connect request (2.2.9)."""
    return struct.pack("<HHHH", 9, 0, 72, len(text(path))) + text(path)


def create(name: str, disposition: int = OPEN_IT, options: int = 0) -> bytes:
    """A create request (2.2.13)."""
    fixed = struct.pack("<HBBI16xIIIII", 57, 0, 0, 2, 0x12019F, 0x80, 7, disposition, options)
    return fixed + struct.pack("<HHII", 120, len(text(name)), 0, 0) + text(name)


def created(file: bytes = FILE, action: int = 1, size: int = 0) -> bytes:
    """A create response (2.2.14). action: 1 opened, 2 created. size: of the file."""
    return struct.pack("<HBBI40xQII", 89, 0, 0, action, size, 0x80, 0) + file + bytes(8)


def read_of(file: bytes, count: int = 4096, at: int = 0) -> bytes:
    """A read request (2.2.19)."""
    return struct.pack("<HBBIQ", 49, 80, 0, count, at) + file + struct.pack("<IIIHHB", 1, 0, 0, 0, 0, 0)


def was_read(data: bytes) -> bytes:
    """A read response (2.2.20)."""
    return struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data


def write_of(file: bytes, data: bytes, at: int = 0) -> bytes:
    """A write request (2.2.21)."""
    return struct.pack("<HHIQ", 49, 112, len(data), at) + file + struct.pack("<IIHHI", 0, 0, 0, 0, 0) + data


def was_written(count: int) -> bytes:
    """A write response (2.2.22)."""
    return struct.pack("<HHIIHH", 17, 0, count, 0, 0, 0)


def close(file: bytes = FILE) -> bytes:
    """A close request (2.2.15)."""
    return struct.pack("<HHI", 24, 0, 0) + file


def was_closed() -> bytes:
    """A close response (2.2.16)."""
    return struct.pack("<HHI", 60, 0, 0) + bytes(52)


def set_info(file: bytes, kind: int, data: bytes) -> bytes:
    """A set info request (2.2.39). kind: 256 x InfoType + class."""
    return struct.pack("<HBBIHHI", 33, kind >> 8, kind & 0xFF, len(data), 96, 0, 0) + file + data


def renamed(name: str) -> bytes:
    """FileRenameInformation (MS-FSCC 2.4.42.2)."""
    return struct.pack("<B7xQI", 1, 0, len(text(name))) + text(name)


def query_directory(file: bytes, pattern: str) -> bytes:
    """A query directory request (2.2.33)."""
    return (
        struct.pack("<HBBI", 33, 37, 0, 0)
        + file
        + struct.pack("<HHI", 96, len(text(pattern)), 65536)
        + text(pattern)
    )


def query_info(file: bytes, kind: int) -> bytes:
    """A query info request (2.2.37)."""
    return struct.pack("<HBBIHHIII", 41, kind >> 8, kind & 0xFF, 4096, 0, 0, 0, 0, 0) + file


def ioctl(file: bytes, code: int, data: bytes) -> bytes:
    """An ioctl request (2.2.31)."""
    head = struct.pack("<HHI", 57, 0, code) + file
    return head + struct.pack("<IIIIIIII", 120, len(data), 0, 0, 0, 4280, 1, 0) + data


def controlled(file: bytes, code: int, data: bytes) -> bytes:
    """An ioctl response (2.2.32)."""
    head = struct.pack("<HHI", 49, 0, code) + file
    return head + struct.pack("<IIIIII", 112, 0, 112, len(data), 0, 0) + data


def negotiate(*dialects: int) -> bytes:
    """A negotiate request (2.2.3) without contexts."""
    head = struct.pack("<HHHHI16sQ", 36, len(dialects), 1, 0, 0x40, bytes(16), 0)
    return head + b"".join(struct.pack("<H", dialect) for dialect in dialects)


def agreed(dialect: int, mode: int = 1, capabilities: int = 0, cipher: int = 0) -> bytes:
    """A negotiate response (2.2.4); cipher: in a context of SMB 3.1.1, 0 for none."""
    integrity = struct.pack("<HHIHHH", 1, 38, 0, 1, 32, 1) + bytes(32)
    secrecy = struct.pack("<HHIHH", 2, 4, 0, 1, cipher)
    contexts = integrity + bytes(-len(integrity) % 8) + secrecy if cipher else b""
    fixed = struct.pack("<HHHH16s", 65, mode, dialect, 2 * bool(cipher), bytes(range(16)))
    limits = struct.pack("<IIIIQQ", capabilities, 65536, 65536, 65536, 133_000_000_000_000_000, 0)
    return fixed + limits + struct.pack("<HHI", 128, 0, 128 if cipher else 0) + contexts


def setup(token: bytes) -> bytes:
    """A session setup request (2.2.5)."""
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token


def was_set_up(token: bytes = b"", flags: int = 0) -> bytes:
    """A session setup response (2.2.6). flags: 1 guest, 2 anonymous, 4 encrypted."""
    return struct.pack("<HHHH", 9, flags, 72, len(token)) + token


def tree_connected(kind: int = 1) -> bytes:
    """A tree connect response (2.2.10). kind: 1 disk, 2 pipe."""
    return struct.pack("<HBBIII", 16, kind, 0, 0, 0, 0x1F01FF)


def sealed(session: int, octets: bytes) -> bytes:
    """A message encrypted (2.2.41): the header, and octets that nobody can read."""
    return b"\xfdSMB" + bytes(32) + struct.pack("<IHHQ", len(octets), 0, 1, session) + octets


def empty() -> bytes:
    """A body of four octets: of logoff, tree disconnect, echo, cancel and their answers."""
    return struct.pack("<HH", 4, 0)


def ntlm_challenge() -> bytes:
    """What a server of the domain PLANT says of itself (MS-NLMP 2.2.1.2)."""
    pairs = b"".join(
        struct.pack("<HH", kind, len(text(name))) + text(name)
        for kind, name in (
            (2, "PLANT"),
            (1, "HIST01"),
            (3, "hist01.plant.example"),
            (4, "plant.example"),
            (0, ""),
        )
    )
    flags = 0x02800001
    fixed = struct.pack("<8sIHHIIQQHHI", b"NTLMSSP\0", 2, 0, 0, 56, flags, 1, 0, len(pairs), len(pairs), 56)
    return fixed + struct.pack("<BBH4x", 10, 0, 20348) + pairs


def ntlm_authenticate(user: str = "joe") -> bytes:
    """Who logs in (MS-NLMP 2.2.1.3)."""
    parts = (b"", b"", text("PLANT"), text(user), text("ENG07"), b"")
    fields, at = b"", 72
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return (
        b"NTLMSSP\0"
        + struct.pack("<I", 3)
        + fields
        + struct.pack("<IBBH4x", 0x02000001, 6, 1, 7601)
        + b"".join(parts)
    )
