"""What engineers do with controllers: ask who they are, fetch programs and settings, load programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Hear, Link, Wait
from interlock.plant.actors.water import WATER_FILES
from interlock.plant.protocols import cip, modbus, s7comm
from interlock.plant.protocols.ftp import DATA_PORT, line

if TYPE_CHECKING:
    from interlock.plant.accounts import Named
    from interlock.plant.actors.steps import Script

__all__ = ["download_block", "fetch_settings", "identify", "upload_block"]

_PART: Final = 160
_SZL: Final = (0x0011, 0x001C, 0x0424)


def identify(client: str, machine: str) -> Script:
    """Ask a machine who it is, in the way that it understands; nothing where it is none of these."""
    if machine in {"plc-water", "drive-pump"}:
        link = Link(client, machine, 502)
        yield Ask(link, modbus.adu(1, 1, b"\x2b\x0e\x01\x00"))
        yield Close(link)
    elif machine == "plc-boiler":
        link = Link(client, machine, 102)
        yield Ask(link, s7comm.connect())
        yield Ask(link, s7comm.setup(1))
        for k, number in enumerate(_SZL):
            yield Ask(link, s7comm.szl(2 + k, number))
        yield Close(link)
    elif machine == "plc-filler":
        link = Link(client, machine, 44818)
        yield Ask(link, cip.encapsulate(cip.LIST_IDENTITY, 0))
        answers = yield Ask(link, cip.register())
        session = cip.session_of(answers[0]) if answers else 0
        yield Ask(link, cip.unconnected(session, cip.request(cip.GET_ALL, cip.object_path(1, 1)), 1))
        yield Close(link)


def upload_block(client: str, block: str) -> Script:
    """Fetch a block of the boiler's program. block: `_`, type, number and file system, as S7 names it."""
    link, reference = Link(client, "plc-boiler", 102), 2
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    head = bytes((s7comm.START_UPLOAD,)) + bytes(7) + b"\x09" + block.encode("ascii")
    answers = yield Ask(link, s7comm.job(reference, head))
    granted = more = s7comm.granted(answers)
    while more:
        reference += 1
        part = bytes((s7comm.UPLOAD,)) + bytes(6) + b"\x07"
        answers = yield Ask(link, s7comm.job(reference, part))
        more = s7comm.granted(answers) and answers[0][20:21] == b"\x01"
    if granted:
        yield Ask(link, s7comm.job(reference + 1, bytes((s7comm.END_UPLOAD,)) + bytes(6) + b"\x07"))
    yield Close(link)


def download_block(client: str, block: str, octets: bytes) -> Script:
    """Load a block into the boiler's controller: announced, fetched part by part by the controller, inserted.

    A controller that does not ask for it is left alone.
    """
    link = Link(client, "plc-boiler", 102)
    yield Ask(link, s7comm.connect())
    yield Ask(link, s7comm.setup(1))
    name = block.encode("ascii")
    head = (
        bytes((s7comm.REQUEST_DOWNLOAD, 0, 1))
        + bytes(5)
        + b"\x09"
        + name
        + b"\x0d1"
        + b"000800"
        + b"%06d" % len(octets)
    )
    asked = s7comm.asks_for((yield Ask(link, s7comm.job(2, head))), s7comm.DOWNLOAD_BLOCK)
    for at in range(0, len(octets), _PART):
        if asked is None:
            break
        part, more = octets[at : at + _PART], at + _PART < len(octets)
        data = len(part).to_bytes(2, "big") + b"\x00\xfb" + part
        answers = yield Ask(link, s7comm.confirm(asked, bytes((s7comm.DOWNLOAD_BLOCK, more)), data))
        asked = s7comm.asks_for(answers, s7comm.DOWNLOAD_BLOCK if more else s7comm.DOWNLOAD_ENDED)
    if asked is not None:
        yield Ask(link, s7comm.confirm(asked, bytes((s7comm.DOWNLOAD_ENDED,))))
        insert = bytes((s7comm.PI_SERVICE,)) + bytes(6) + b"\xfd\x00\x0a\x01\x00" + name[1:] + b"\x05_INSE"
        yield Ask(link, s7comm.job(3, insert))
    yield Close(link)


def fetch_settings(client: str, account: Named) -> Script:
    """Fetch the water controller's file of settings."""
    control, data = Link(client, "plc-water", 21), Link(client, "plc-water", DATA_PORT)
    yield Ask(control, b"")
    for command in (f"USER {account.user}", f"PASS {account.password}", "TYPE I"):
        yield Ask(control, line(command))
    for name in WATER_FILES:
        yield Ask(control, line("PASV"))
        yield Ask(data, b"")
        yield Ask(control, line(f"RETR {name}"))
        yield Ask(data, b"")
        yield Close(data)
        yield Wait(1.0)
        yield Hear(control)
    yield Ask(control, line("QUIT"))
    yield Close(control)
