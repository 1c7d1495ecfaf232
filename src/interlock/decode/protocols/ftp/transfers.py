"""FTP's transfers: where the data connection goes, and which flow it is.

    PORT h1,h2,h3,h4,p1,p2    EPRT |1|address|port|           the client listens
    227 … (h1,h2,h3,h4,p1,p2) 229 … (|||port|)                the server listens

Source: RFC 959 clauses 3.2 and 4.1.2, RFC 2428.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TRANSFERS", "data_flow", "endpoint_of", "said_octets"]

_SIX: Final = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_EXTENDED: Final = re.compile(r"\|([12]?)\|([0-9A-Fa-f:.]{0,45})\|(\d{1,5})\|")
_OCTETS: Final = re.compile(r"\((\d{1,18}) bytes?\)", re.IGNORECASE)
_TCP: Final = 6

TRANSFERS: Final = Table(
    name="ftp_transfers",
    version=1,
    meaning="One row per command that moved a file or a listing over a data connection, once it was answered.",
    columns=(
        *DETAIL,
        Column(name="command", type=text(), meaning="RETR, STOR, STOU, APPE, LIST, NLST or MLSD"),
        Column(name="name", type=pa.utf8(), nullable=True, meaning="file or folder, as the command says"),
        Column(name="user", type=text(), nullable=True, meaning="who is logged in"),
        Column(name="passive", type=pa.bool_(), nullable=True, meaning="whether the server listened"),
        Column(name="data_address", type=text(), nullable=True, meaning="address that listened for the data"),
        Column(name="data_port", type=pa.uint16(), nullable=True, meaning="port that listened for the data"),
        Column(
            name="data_flow",
            type=pa.uint64(),
            nullable=True,
            meaning="joins flows, whose octets are the file's",
        ),
        Column(
            name="octets",
            type=pa.uint64(),
            nullable=True,
            unit="octet",
            meaning="size, as the server's 150 reply says",
        ),
        Column(name="outcome", type=text(), meaning="ok or refused"),
        Column(name="code", type=pa.int32(), meaning="code of the final reply"),
    ),
)


def endpoint_of(words: str, peer: str) -> tuple[str, int] | None:
    """Address and port in a PORT or EPRT argument, or in the reply to PASV or EPSV; peer: where none is said."""
    found = _SIX.search(words)
    if found is not None:
        numbers = [int(n) for n in found.groups()]
        if max(numbers) > 255:
            return None
        return ".".join(map(str, numbers[:4])), numbers[4] << 8 | numbers[5]
    extended = _EXTENDED.search(words)
    if extended is not None and 0 < int(extended[3]) < 65536:
        return extended[2] or peer, int(extended[3])
    return None


def said_octets(words: str) -> int | None:
    """Size in `150 Opening BINARY mode data connection for a.bin (1234 bytes)`."""
    found = _OCTETS.search(words)
    return int(found[1]) if found is not None else None


def data_flow(flows: Any, control: int, listener: int, port: int, now: int) -> int | None:
    """Slot of the newest TCP flow to a port of one end of a control connection that began before `now` (ns).

    listener: the side of the control connection that listens. A search of whole columns, since transfers are rare.
    """
    f: Mapping[str, Any] = flows.columns
    one, other = (int(f["address"][control, side]) for side in (listener, 1 - listener))
    here = np.zeros(len(f["alive"]), bool)
    for side in (0, 1):
        ends = (
            (f["address"][:, side] == one)
            & (f["port"][:, side] == port)
            & (f["address"][:, 1 - side] == other)
        )
        here |= ends
    here &= np.isin(f["alive"], (1, 2)) & (f["transport"] == _TCP) & (f["realm"] == f["realm"][control])
    here &= (f["first"] <= now) & (f["first"] >= f["first"][control])
    slots = np.flatnonzero(here)
    return int(slots[np.argmax(f["first"][slots])]) if len(slots) else None
