"""What a flow's SMB needs to know of its past: sessions, tree connections, open files, open requests; all bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.pipes import Pipe
    from interlock.decode.protocols.smb.transfers import Handle, Rest

_K = TypeVar("_K")
_V = TypeVar("_V")

__all__ = ["MAX_KEPT", "Asked", "Logon", "Session"]

MAX_KEPT = 512
"""Files, trees, accounts or unanswered requests a flow may have; past that the oldest is forgotten."""


@dataclass(slots=True)
class Asked:
    """A request without its answer: what it is about, and what the answer's octets belong to.

    name: share, file or None. file: the id it carries. about: control code or information class.
    brief: the same message closes what it opens, so its id is not worth keeping. verb: of its row. session: its id.
    handle: the open file that it is about, where its opening was seen. user: who the session says it is.
    """

    command: int
    name: str | None
    file: bytes | None = None
    about: int = 0
    brief: bool = False
    verb: int = 0
    session: int = 0
    handle: Handle | None = None
    user: str | None = None


@dataclass(slots=True)
class Logon:
    """Who logs in, as NTLM's last message says it."""

    user: str
    domain: str
    workstation: str


class Session:
    """One flow. files: id → name. trees: id → share. asked: message id → request. logons: session id → who.

    pipes: id of an open named pipe → the DCE/RPC in it; opened: how many there were.
    handles: file id → the open file. rests: of each side, what is to come of a long packet.
    hidden: session ids seen encrypted.
    """

    __slots__ = (
        "asked",
        "dialect",
        "dialects",
        "encryption",
        "files",
        "handles",
        "hidden",
        "logons",
        "opened",
        "pipes",
        "rests",
        "signing",
        "trees",
        "user",
    )

    def __init__(self) -> None:
        self.files: dict[bytes, str] = {}
        self.trees: dict[int, str] = {}
        self.asked: dict[int, Asked] = {}
        self.logons: dict[int, Logon] = {}
        self.pipes: dict[bytes, Pipe] = {}
        self.handles: dict[bytes, Handle] = {}
        self.rests: list[Rest | None] = [None, None]
        self.opened = 0
        self.hidden: dict[int, bool] = {}
        self.dialects: tuple[str, ...] = ()
        self.dialect: str | None = None
        self.signing: str | None = None
        self.encryption: str | None = None
        self.user: str | None = None

    @staticmethod
    def keep(where: dict[_K, _V], key: _K, value: _V) -> None:
        """Remember one, forgetting the oldest where there are too many."""
        if len(where) >= MAX_KEPT and key not in where:
            del where[next(iter(where))]
        where[key] = value
