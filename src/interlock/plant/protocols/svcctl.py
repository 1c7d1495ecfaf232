"""Two interfaces of a Windows machine: its services (svcctl) and its shares (srvsvc).

Source: MS-SCMR 3.1.4 (opnums 0, 2, 12, 15, 19), MS-SRVS 3.1.4.8 (NetrShareEnum, opnum 15).
"""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.dcerpc import Arguments, Interface, reference, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "SRVSVC", "SVCCTL", "Pipes", "close_handle", "create_service", "delete_service", "handle_of", "open_manager",
    "share_enum", "shares_of", "start_service",
]  # fmt: skip

SVCCTL: Final = Interface(uuid.UUID("367abb81-9844-35f1-ad32-98f038001003"), 2, "svcctl")
SRVSVC: Final = Interface(uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188"), 3, "srvsvc")
CLOSE_HANDLE: Final = 0
DELETE_SERVICE: Final = 2
CREATE_SERVICE: Final = 12
OPEN_MANAGER: Final = 15
START_SERVICE: Final = 19
SHARE_ENUM: Final = 15
_ALL_ACCESS: Final = 0x000F003F
_SERVICE_ALL: Final = 0x000F01FF
_OWN_PROCESS, _ON_DEMAND, _IGNORE = 0x10, 3, 0
_NOT_FOUND: Final = 1060
_INVALID_HANDLE: Final = 6
_HANDLE: Final = 20
_LEVEL: Final = 1


def open_manager(machine: str) -> tuple[int, bytes]:
    """ROpenSCManagerW: operation and arguments."""
    return OPEN_MANAGER, reference(f"\\\\{machine}") + reference(None) + struct.pack("<I", _ALL_ACCESS)


def create_service(manager: bytes, name: str, path: str) -> tuple[int, bytes]:
    """RCreateServiceW: a program of its own, started on demand, as the system's account."""
    settings = struct.pack("<IIII", _SERVICE_ALL, _OWN_PROCESS, _ON_DEMAND, _IGNORE)
    nothing = bytes(
        4 * 7
    )  # load order group, tag, dependencies and their size, account, password and its size
    return CREATE_SERVICE, manager + text(name) + reference(name, 0x00020004) + settings + text(
        path
    ) + nothing


def start_service(service: bytes) -> tuple[int, bytes]:
    """RStartServiceW, without arguments."""
    return START_SERVICE, service + bytes(8)


def delete_service(service: bytes) -> tuple[int, bytes]:
    """RDeleteService."""
    return DELETE_SERVICE, service


def close_handle(handle: bytes) -> tuple[int, bytes]:
    """RCloseServiceHandle."""
    return CLOSE_HANDLE, handle


def handle_of(stub: bytes, operation: int) -> bytes:
    """The handle that an operation gave. Raises ValueError where it was refused."""
    at = 4 if operation == CREATE_SERVICE else 0
    if len(stub) < at + _HANDLE + 4 or stub[at + _HANDLE : at + _HANDLE + 4] != bytes(4):
        raise ValueError("no handle")
    return stub[at : at + _HANDLE]


def share_enum(machine: str) -> tuple[int, bytes]:
    """NetrShareEnum at level 1: names, kinds and remarks."""
    wanted = struct.pack("<IIIII", _LEVEL, _LEVEL, 0x00020004, 0, 0)
    return SHARE_ENUM, reference(f"\\\\{machine}") + wanted + struct.pack("<III", 0xFFFFFFFF, 0x00020008, 0)


def shares_of(stub: bytes) -> tuple[str, ...]:
    """Names in the answer to share_enum. Raises ValueError where it is none."""
    said = Arguments(stub)
    said.take(12)
    count = said.number()
    said.take(8 + 12 * count)
    names = []
    for _ in range(count):
        names.append(said.text())
        said.text()
    return tuple(names)


class Pipes:
    """What stands behind a machine's pipes.

    shares: names with their remarks. started: told the name and the program of a service that somebody starts.
    """

    def __init__(
        self,
        shares: Sequence[tuple[str, str]],
        started: Callable[[str, str], None] = lambda _name, _path: None,
    ) -> None:
        self._shares = shares
        self._started = started
        self._services: dict[str, str] = {}
        self._handles: dict[bytes, str] = {}
        self.interfaces = {"svcctl": SVCCTL, "srvsvc": SRVSVC}

    def answer(self, pipe: str, operation: int, stub: bytes) -> bytes | None:
        """What an operation gives; None where there is no such operation. Raises ValueError for bad arguments."""
        if pipe == "srvsvc":
            return self._share_enum(stub) if operation == SHARE_ENUM else None
        known: dict[int, Callable[[Arguments], bytes]] = {
            CLOSE_HANDLE: self._close, DELETE_SERVICE: self._delete, CREATE_SERVICE: self._create,
            OPEN_MANAGER: self._open, START_SERVICE: self._start,
        }  # fmt: skip
        answer = known.get(operation)
        return None if answer is None else answer(Arguments(stub))

    def _handle(self, what: str) -> bytes:
        handle = struct.pack("<I", 0) + uuid.UUID(int=0x5A10 << 96 | len(self._handles) + 1).bytes_le
        self._handles[handle] = what
        return handle

    def _open(self, said: Arguments) -> bytes:
        said.unique()
        return self._handle("") + bytes(4)

    def _create(self, said: Arguments) -> bytes:
        said.take(_HANDLE)
        name = said.text()
        said.unique()
        said.take(16)
        self._services[name] = said.text()
        return bytes(4) + self._handle(name) + bytes(4)

    def _start(self, said: Arguments) -> bytes:
        name = self._handles.get(said.take(_HANDLE), "")
        path = self._services.get(name)
        if path is None:
            return struct.pack("<I", _NOT_FOUND)
        self._started(name, path)
        return bytes(4)

    def _delete(self, said: Arguments) -> bytes:
        name = self._handles.get(said.take(_HANDLE), "")
        return struct.pack("<I", 0 if self._services.pop(name, None) else _NOT_FOUND)

    def _close(self, said: Arguments) -> bytes:
        known = self._handles.pop(said.take(_HANDLE), None) is not None
        return bytes(_HANDLE) + struct.pack("<I", 0 if known else _INVALID_HANDLE)

    def _share_enum(self, stub: bytes) -> bytes:
        Arguments(stub).unique()
        count = len(self._shares)
        told = struct.pack("<IIIIII", _LEVEL, _LEVEL, 0x00020000, count, 0x00020004, count)
        for k, (name, _) in enumerate(self._shares):
            kind = 0x80000003 if name == "IPC$" else 0
            told += struct.pack("<III", 0x00020008 + 8 * k, kind, 0x0002000C + 8 * k)
        told += b"".join(text(name) + text(remark) for name, remark in self._shares)
        return told + struct.pack("<IIII", count, 0x00030000, 0, 0)
