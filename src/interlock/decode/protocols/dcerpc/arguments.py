r"""What calls name: services, registry keys, tasks, accounts, interfaces; by interface and operation.

What cannot be read (encrypted, NDR64, cut off) names nothing. Objects: `service:NAME`, `HKLM\SOFTWARE\…`, `task:\NAME`,
`user:NAME`, `rid:500`, `interface:NAME`, `clsid:UUID`. Source: MS-SCMR 3.1.4, MS-RRP 3.1.5, MS-TSCH 3.2.4 and 3.2.5.4,
MS-SAMR 3.1.5, MS-DCOM 3.1.2.5, C706 appendix O (ept_map) and L (towers), MS-WMI 3.1.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.dcerpc.interfaces import interface_of
from interlock.decode.protocols.dcerpc.ndr import Ndr, NdrError
from interlock.decode.protocols.dcerpc.opc import HANDLES as OPC_HANDLES
from interlock.decode.protocols.dcerpc.opc import READERS as OPC_READERS
from interlock.decode.protocols.dcerpc.opc import item_handles
from interlock.decode.protocols.profinet.rpc import uuid_text, wire_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlock.decode.protocols.dcerpc.interfaces import Interface

__all__ = ["Arguments", "added_items", "opened_handle", "read_arguments"]

HANDLE_OCTETS: Final = 20


@dataclass(slots=True)
class Arguments:
    """objects: what a call names, an item each. opens: name of what the handle in its answer will stand for.

    items: handles of OPC items, an item each. verb, suffix: where a parameter says what the operation does (a
    service's control).
    """

    objects: tuple[str, ...] = ()
    opens: str | None = None
    items: tuple[int, ...] = ()
    verb: str | None = None
    suffix: str = ""


_CONTROLS: Final = {
    1: ("stop", "SERVICE_CONTROL_STOP"),
    2: ("stop", "SERVICE_CONTROL_PAUSE"),
    3: ("start", "SERVICE_CONTROL_CONTINUE"),
    4: ("read", "SERVICE_CONTROL_INTERROGATE"),
    6: ("configure", "SERVICE_CONTROL_PARAMCHANGE"),
}
_ROOTS: Final = {0: "HKCR", 1: "HKCU", 2: "HKLM", 3: "HKPD", 4: "HKU", 27: "HKCC", 32: "HKPT", 33: "HKPN"}


def read_arguments(
    interface: Interface, operation: int, stub: bytes, handles: Mapping[bytes, str], *, little: bool
) -> Arguments:
    """What a call of a known interface names; nothing where it names nothing or cannot be read."""
    reader = _READERS.get(interface.name)
    if reader is None or not stub:
        return Arguments()
    try:
        return reader(operation, Ndr(stub, little=little), handles)
    except NdrError:
        return Arguments()


def opened_handle(interface: Interface, operation: int, stub: bytes) -> bytes | None:
    """The context handle in an answer: the first parameter of a created key, else the one before the result."""
    if len(stub) < HANDLE_OCTETS + 4:
        return None
    if (interface.name, operation) == ("winreg", 6):
        return stub[:HANDLE_OCTETS]
    return stub[-HANDLE_OCTETS - 4 : -4]


def added_items(interface: Interface, operation: int, stub: bytes, *, little: bool) -> tuple[int, ...]:
    """Handles that the answer of IOPCItemMgt::AddItems gives; none for other calls."""
    if (interface.name, operation) != ("IOPCItemMgt", 3):
        return ()
    try:
        return item_handles(Ndr(stub, little=little))
    except NdrError:
        return ()


def _service(operation: int, ndr: Ndr, handles: Mapping[bytes, str]) -> Arguments:
    if operation in (15, 27, 64, 49, 48):
        return Arguments()
    handle = ndr.take(HANDLE_OCTETS)
    width = 1 if 23 <= operation <= 33 or operation == 44 else 2
    if operation in (16, 28, 20, 32):
        name = f"service:{ndr.string(width)}"
        return Arguments((name,), opens=name if operation in (16, 28) else None)
    if operation in (12, 24, 44, 45, 60):
        name = f"service:{ndr.string(width)}"
        ndr.unique(width)
        for _ in range(4):
            ndr.number(4)
        return Arguments((name, ndr.string(width)), opens=name)
    known = handles.get(handle)
    found = Arguments((known,) if known else ())
    if operation in (1, 50, 51):
        found.verb, found.suffix = _CONTROLS.get(ndr.number(4), (None, ""))
    return found


def _registry(operation: int, ndr: Ndr, handles: Mapping[bytes, str]) -> Arguments:
    root = _ROOTS.get(operation)
    if root is not None:
        return Arguments((root,), opens=root)
    if operation in (24, 25, 30):  # system shutdown: no key
        return Arguments()
    key = handles.get(ndr.take(HANDLE_OCTETS), "")
    if operation in (6, 7, 8, 15, 17, 22, 35):
        below = ndr.counted() or ""
        name = "\\".join(part for part in (key, below.strip("\\")) if part)
        return Arguments((name,) if name else (), opens=name if operation in (6, 15) and name else None)
    return Arguments((key,) if key else ())


def _job(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    ndr.unique()
    if operation == 0:  # AT_INFO: time, days of month, days of week, flags, command
        ndr.number(4), ndr.number(4), ndr.number(1), ndr.number(1)
        command = ndr.unique()
        return Arguments((command,) if command else ())
    return Arguments()


def _task(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    if operation in (1, 11):
        path = ndr.unique()
    elif operation in (2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 19):
        path = ndr.string()
    else:
        path = None
    return Arguments((f"task:{path}",) if path else ())


def _account(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    if operation in (12, 50, 10, 14):
        ndr.take(HANDLE_OCTETS)
        name = ndr.counted()
        return Arguments((f"user:{name}" if operation in (12, 50) else f"group:{name}",) if name else ())
    if operation in (19, 27, 34):
        ndr.take(HANDLE_OCTETS)
        ndr.number(4)
        return Arguments((f"rid:{ndr.number(4)}",))
    return Arguments()


def _endpoint(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    """The interface of the first floor of the tower that ept_map looks for."""
    if operation != 3:
        return Arguments()
    if ndr.number(4):
        ndr.take(16)
    if not ndr.number(4):
        return Arguments()
    ndr.number(4), ndr.number(4)
    floors = ndr.take(2 + 2 + 1 + 16)
    if floors[4] != 0x0D:
        return Arguments()
    interface = interface_of(uuid_text(wire_uuid(floors[5:21], little=True)))
    return Arguments((f"interface:{interface.name}",))


def _activation(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    if operation:
        return Arguments()
    ndr.orpcthis()
    return Arguments((f"clsid:{ndr.uuid()}",))


def _management(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
    """WMI: the query, or the object and the method that is executed."""
    ndr.orpcthis()
    if operation in (20, 21, 22, 23):
        ndr.bstr()
        return Arguments(_present(ndr.bstr()))
    if operation in (24, 25):
        path, method = ndr.bstr(), ndr.bstr()
        return Arguments(_present(f"{path}.{method}" if path and method else path))
    if operation in (3, 6, 7, 10, 11, 16, 17, 18, 19):
        return Arguments(_present(ndr.bstr()))
    return Arguments()


def _present(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def _opc(interface: str) -> Callable[[int, Ndr, Mapping[bytes, str]], Arguments]:
    readers, handles = OPC_READERS.get(interface, {}), OPC_HANDLES.get(interface, {})

    def read(operation: int, ndr: Ndr, _: Mapping[bytes, str]) -> Arguments:
        if operation not in readers and operation not in handles:
            return Arguments()
        ndr.orpcthis()
        if operation in handles:
            return Arguments(items=handles[operation](ndr))
        return Arguments(readers[operation](ndr))

    return read


_READERS: Final[dict[str, Callable[[int, Ndr, Mapping[bytes, str]], Arguments]]] = {
    "svcctl": _service,
    "winreg": _registry,
    "atsvc": _job,
    "ITaskSchedulerService": _task,
    "samr": _account,
    "epmapper": _endpoint,
    "IRemoteActivation": _activation,
    "IWbemServices": _management,
    **{name: _opc(name) for name in (*OPC_READERS, *OPC_HANDLES)},
}
