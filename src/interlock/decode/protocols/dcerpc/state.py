"""What an association has agreed on: interfaces by context, handles, calls and fragments under way; all bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from interlock.decode.protocols.dcerpc.interfaces import Interface
    from interlock.decode.protocols.dcerpc.pdu import Pdu, Proposal

__all__ = ["Association", "Call", "Context"]

_K = TypeVar("_K")
_V = TypeVar("_V")
_MAX_KEPT: Final = 256
_MAX_CALLS: Final = 64
_MAX_ITEMS: Final = 4096
_MAX_PARTS: Final = 16
_MAX_STUB: Final = 1 << 16
"""Octets of a call's data that are kept; behind them only the last fragment's end counts."""


@dataclass(slots=True)
class Context:
    """An interface that was bound; plain: its data stand in NDR (C706 14), not NDR64."""

    interface: Interface
    plain: bool = True


@dataclass(slots=True)
class Call:
    """A request without its answer. name: what it opens, for the handle that the answer gives; adds: OPC items."""

    context: Context | None
    operation: int
    name: str | None = None
    adds: tuple[str, ...] = ()


@dataclass(slots=True)
class _Part:
    stub: bytes
    whole: bool


@dataclass(slots=True)
class Association:
    """contexts: number → what was bound. handles: context handle → name of what it stands for. base: of its keys.

    items: handle of an OPC item → its id; empty where two groups gave the same handle to different items.
    """

    base: int = 0
    user: str | None = None
    contexts: dict[int, Context] = field(default_factory=dict)
    handles: dict[bytes, str] = field(default_factory=dict)
    items: dict[int, str] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    proposed: dict[int, tuple[Proposal, ...]] = field(default_factory=dict)
    pending: dict[int, bytes] = field(default_factory=dict)
    _parts: dict[tuple[int, int], _Part] = field(default_factory=dict)

    def key(self, call: int) -> int:
        """What a request and its answer share."""
        return self.base | call

    def bind(self, context: int, bound: Context) -> None:
        """Remember what a context stands for."""
        _keep(self.contexts, context, bound)

    def keep_handle(self, handle: bytes, name: str) -> None:
        """Remember what a context handle stands for."""
        _keep(self.handles, handle, name)

    def add_items(self, names: tuple[str, ...], handles: tuple[int, ...]) -> None:
        """Remember what handles stand for; at most 4096 of them."""
        for name, handle in zip(names, handles, strict=False):
            if handle and (handle in self.items or len(self.items) < _MAX_ITEMS):
                self.items[handle] = name if self.items.get(handle, name) == name else ""

    def keep_call(self, number: int, call: Call) -> None:
        """Remember a request until its answer."""
        _keep(self.calls, number, call, _MAX_CALLS)

    def propose(self, number: int, proposals: tuple[Proposal, ...]) -> None:
        """Remember what a bind asks for."""
        _keep(self.proposed, number, proposals)

    def join(self, pdu: Pdu) -> tuple[bytes, bool] | None:
        """Data of a call with all fragments, and whether they are whole; None while more fragments follow."""
        key = (pdu.kind, pdu.call)
        part = self._parts.pop(key, None)
        if pdu.first or part is None:
            part = _Part(b"", pdu.first)
        if len(part.stub) + len(pdu.stub) <= _MAX_STUB:
            part.stub += pdu.stub
        else:
            part.whole = False
        if not pdu.last:
            self._parts[key] = part
            while len(self._parts) > _MAX_PARTS:
                del self._parts[next(iter(self._parts))]
            return None
        return part.stub, part.whole


def _keep(where: dict[_K, _V], key: _K, value: _V, most: int = _MAX_KEPT) -> None:
    """Remember one, forgetting the oldest where there are too many."""
    if len(where) >= most and key not in where:
        del where[next(iter(where))]
    where[key] = value
