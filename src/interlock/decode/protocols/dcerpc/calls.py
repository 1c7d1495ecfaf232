"""Packets of DCE/RPC to rows: binds with their interfaces, calls with what they name, answers and faults.

Used for TCP, and for the named pipes of SMB. Source: C706 12.6.4, MS-RPCE 2.2.2.4 and 3.3.1.5, MS-DCOM 2.2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.logins import Names
from interlock.decode.protocols.dcerpc.arguments import added_items, opened_handle, read_arguments
from interlock.decode.protocols.dcerpc.interfaces import interface_of
from interlock.decode.protocols.dcerpc.pdu import (
    ALTER,
    ALTER_ANSWER,
    AUTH3,
    BIND,
    BIND_ANSWER,
    BIND_REFUSED,
    FAULT,
    NDR64,
    REQUEST,
    RESPONSE,
)
from interlock.decode.protocols.dcerpc.state import Call, Context
from interlock.decode.protocols.smb.logon import say_challenge, say_login
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.dcerpc.arguments import Arguments
    from interlock.decode.protocols.dcerpc.interfaces import Interface
    from interlock.decode.protocols.dcerpc.pdu import Pdu
    from interlock.decode.protocols.dcerpc.state import Association

__all__ = ["Calls", "asks"]

_NO_NUMBER: Final = -(1 << 31)
_UNKNOWN, _OK, _REFUSED = 0, 1, 2
_OTHERS: Final = 0x10000
"""Functions of packets that are no calls: this and the packet's type."""
_MAX_OBJECT: Final = 512
_MAX_ITEM: Final = 128
"""Characters of an item's id that are kept for its handle."""
_FEATURES: Final = "6cb71c2c-9812-4540"
"""How the transfer syntax begins that only asks for bind-time features (MS-RPCE 2.2.2.14)."""
_BIND_KEY: Final = 1 << 40
_ASKED: Final = frozenset({REQUEST, BIND, ALTER, AUTH3, 18, 19})


def asks(kind: int) -> bool:
    """Whether a client sends packets of this type."""
    return kind in _ASKED


class Calls:
    """tools: what the engine lends; functions: those of `dcerpc` itself."""

    def __init__(self, tools: Any) -> None:
        self._tools = tools
        self._facts = tools.facts
        self._objects = tools.objects
        self._functions = tools.functions("dcerpc")
        self._tables: dict[str, Any] = {}
        self._accounts = Names(tools.names)
        self._names = Names(tools.names)

    def packet(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        """One packet, whole, of message i. Raises DecodeError."""
        kind = pdu.kind
        if kind == REQUEST:
            self._request(m, i, out, association, pdu)
        elif kind in (RESPONSE, FAULT):
            self._response(m, i, out, association, pdu)
        elif kind in (BIND, ALTER):
            self._bind(m, i, out, association, pdu)
        elif kind in (BIND_ANSWER, ALTER_ANSWER, BIND_REFUSED):
            self._bound(m, i, out, association, pdu)
        else:
            self._other(m, i, out, association, pdu)

    def _bind(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        proposals = pdu.proposals()
        row = out.ask(m, i, self._functions, _OTHERS + pdu.kind, association.key(pdu.call) | _BIND_KEY)
        out.set_transaction(row, pdu.call)
        self._login(m, i, out, row, association, pdu)
        at = row
        for n, proposal in enumerate(proposals):
            interface = interface_of(proposal.interface)
            plain = NDR64 not in proposal.transfers
            if not any(t.startswith(_FEATURES) for t in proposal.transfers):
                association.bind(proposal.context, Context(interface, plain))
            at = out.more(row) if n else row
            out.set_object(at, self._objects.code(f"interface:{interface.name} {proposal.version}"), 1)
        association.propose(pdu.call, proposals)

    def _bound(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        kind = ALTER if pdu.kind == ALTER_ANSWER else BIND
        results = pdu.results() if pdu.kind != BIND_REFUSED else ()
        row = out.answer(m, i, association.key(pdu.call) | _BIND_KEY)
        if row < 0:
            row = out.orphan(m, i, self._functions, _OTHERS + kind, pdu.call)
        out.set_transaction(row, pdu.call)
        say_challenge(self._facts, m, i, pdu.token, "dcerpc")
        proposals = association.proposed.pop(pdu.call, ())
        if pdu.kind == BIND_REFUSED:
            out.settle(row, _REFUSED, pdu.number(0, 2))
            return
        for item, (result, reason, transfer) in enumerate(results):
            refused = result in (1, 2)
            if refused:
                out.settle_item(row, item, _REFUSED, reason)
            if item < len(proposals):
                self._accepted(association, proposals[item].context, refused=refused, transfer=transfer)
        self._served(m, i)

    @staticmethod
    def _accepted(association: Association, number: int, *, refused: bool, transfer: str) -> None:
        context = association.contexts.get(number)
        if refused:
            association.contexts.pop(number, None)
        elif context is not None:
            context.plain = transfer != NDR64

    def _served(self, m: Any, i: int) -> None:
        flow = m.flow[i]
        if self._tools.flows.protocol[flow] == self._tools.codes["dcerpc"]:
            service = f"dcerpc/{self._tools.flows.server_port(flow)}"
            self._facts.clue(m, i, self._facts.sender(m, i), "service", service, "dcerpc", 0.9)

    def _request(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        joined = association.join(pdu)
        if joined is None:
            return
        stub, whole = joined
        context, operation = association.contexts.get(pdu.context), pdu.operation
        functions = self._functions_of(context)
        row = out.ask(m, i, functions, operation, association.key(pdu.call))
        out.set_transaction(row, pdu.call)
        if association.user:
            out.set_user(row, self._accounts.code(association.user))
        call = Call(context, operation)
        association.keep_call(pdu.call, call)
        if context is None:
            out.set_verb(row, 0)
            return
        if not functions.find(operation):
            out.set_name(row, self._names.code(self._name_of(context.interface, operation)))
        if context.plain and whole and stub:
            found = read_arguments(context.interface, operation, stub, association.handles, little=pdu.little)
            call.name = found.opens
            call.adds = tuple(name[:_MAX_ITEM] for name in found.objects)
            if found.items:
                found.objects = tuple(association.items.get(handle, "") for handle in found.items)
            self._named(out, row, context.interface, operation, found)

    def _named(self, out: Any, row: int, interface: Interface, operation: int, found: Arguments) -> None:
        if found.verb is not None:
            out.set_verb(row, VERBS.index(found.verb))
        if found.suffix:
            out.set_name(row, self._names.code(f"{self._name_of(interface, operation)} ({found.suffix})"))
        for n, name in enumerate(found.objects):
            at = out.more(row) if n else row
            if name:
                out.set_object(at, self._objects.code(name[:_MAX_OBJECT]), 1)

    def _name_of(self, interface: Interface, operation: int) -> str:
        known = self._tools.verb_rows(f"dcerpc-{interface.name}").get(operation)
        return known[0] if known is not None else f"{interface.name}::{operation}"

    def _functions_of(self, context: Context | None) -> Any:
        """Functions of an interface; without rows where its operations have no names."""
        name = context.interface.name if context is not None and context.interface.of else ""
        if name not in self._tables:
            self._tables[name] = self._tools.table("dcerpc", f"dcerpc-{name}")
        return self._tables[name]

    def _response(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        joined = association.join(pdu)
        if joined is None:
            return
        stub, whole = joined
        call = association.calls.pop(pdu.call, None)
        row = out.answer(m, i, association.key(pdu.call))
        if row < 0:
            row = self._alone(m, i, out, association, pdu, call)
        if pdu.kind == FAULT:
            out.settle(row, _REFUSED, _signed(pdu.number(8, 4)))
            return
        context = call.context if call is not None else association.contexts.get(pdu.context)
        if context is None or not context.plain or len(stub) < 4:
            return
        result = int.from_bytes(stub[-4:], "little" if pdu.little else "big")
        if _refuses(context, call, result):
            out.settle(row, _REFUSED, _signed(result))
            return
        if call is not None and call.adds:
            handles = added_items(context.interface, call.operation, stub, little=pdu.little)
            association.add_items(call.adds, handles)
        if call is not None and call.name is not None and whole:
            handle = opened_handle(context.interface, call.operation, stub)
            if handle is not None:
                association.keep_handle(handle, call.name)

    def _alone(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu, call: Call | None) -> int:
        """A row for an answer without an open request: of a function where the call is remembered."""
        context = call.context if call is not None else association.contexts.get(pdu.context)
        functions = self._functions_of(context)
        row: int = out.orphan(m, i, functions, call.operation if call is not None else _NO_NUMBER, pdu.call)
        if context is None:
            out.set_verb(row, 0)
        elif call is None or not functions.find(call.operation):
            out.set_name(row, self._names.code(context.interface.name))
        return row

    def _other(self, m: Any, i: int, out: Any, association: Association, pdu: Pdu) -> None:
        """auth3, co_cancel, orphaned, shutdown: nobody answers them."""
        if asks(pdu.kind):
            row = out.ask(m, i, self._functions, _OTHERS + pdu.kind, association.key(pdu.call) | _BIND_KEY)
            out.settle(row, _UNKNOWN, _NO_NUMBER)
            self._login(m, i, out, row, association, pdu)
        else:
            row = out.tell(m, i, self._functions, _OTHERS + pdu.kind)
        out.set_transaction(row, pdu.call)

    def _login(self, m: Any, i: int, out: Any, row: int, association: Association, pdu: Pdu) -> None:
        found = say_login(self._facts, m, i, pdu.token, "dcerpc")
        user = found.names.get("user") if found is not None else None
        if user:
            association.user = user
        if association.user:
            out.set_user(row, self._accounts.code(association.user))


_RESULTS: Final = frozenset(
    {"svcctl", "winreg", "atsvc", "ITaskSchedulerService", "samr", "lsarpc", "netlogon", "drsuapi", "srvsvc", "wkssvc",
     "InitShutdown", "WindowsShutdown", "eventlog", "epmapper", "IOXIDResolver"}
)  # fmt: skip
"""Interfaces whose calls end with a result, zero for success."""
_MORE: Final = frozenset({0x00000103, 0x00000105, 0x000000EA, 0x00000107, 0x16C9A0D6})
"""Results that refuse nothing: no or more items, more data, some not mapped, ept_s_not_registered."""


def _refuses(context: Context, call: Call | None, result: int) -> bool:
    """Whether a result says no: HRESULT and NTSTATUS by their sign, Win32 codes and others by not being zero."""
    if context.interface.com:
        return bool(result >> 31)
    if context.interface.name not in _RESULTS or call is None:
        return False
    return result not in _MORE and result != 0


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number
