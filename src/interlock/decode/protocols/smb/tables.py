"""SMB's own table: what clients and servers agreed on, and whom the servers let in."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["SESSIONS"]


def _words(name: str, meaning: str) -> Column:
    return Column(name=name, type=text(), nullable=True, meaning=meaning)


SESSIONS: Final = Table(
    name="smb_sessions",
    version=1,
    meaning="One row per negotiation and login of SMB 2 and 3 that a server answered, and per session seen encrypted.",
    columns=(
        *DETAIL,
        Column(
            name="event",
            type=text(),
            meaning="negotiated, logged-on, refused, or encrypted (from here on opaque)",
        ),
        Column(name="session", type=pa.uint64(), nullable=True, meaning="the server's number of the session"),
        _words("dialect", "SMB 2.0.2 to SMB 3.1.1, as the server chose"),
        _words("signing", "none, enabled or required, as the server says"),
        _words("encryption", "cipher that was agreed on; null where there is none or it was not seen"),
        _words("user", "account, as NTLM's last message says; null with Kerberos"),
        _words("domain", "its domain"),
        _words("workstation", "the client's own name for itself"),
        _words("rights", "guest or anonymous, where the server let in no account of its own"),
        Column(name="code", type=pa.int32(), nullable=True, meaning="NT status where refused"),
    ),
)
