"""What a flow's SMB needs to know of its past: sessions, tree connections, open files, open requests; all bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.pipes import Pipe

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
    """

    command: int
    name: str | None
    file: bytes | None = None
    about: int = 0
    brief: bool = False
    verb: int = 0
    session: int = 0


@dataclass(slots=True)
class Logon:
    """Who logs in, as NTLM's last message says it."""

    user: str
    domain: str
    workstation: str


class Session:
    """One flow. files: id → name. trees: id → share. asked: message id → request. logons: session id → who.

    pipes: id of an open named pipe → the DCE/RPC in it; opened: how many there were.
    hidden: session ids seen encrypted.
    """

    __slots__ = (
        "asked",
        "dialect",
        "dialects",
        "encryption",
        "files",
        "hidden",
        "logons",
        "opened",
        "pipes",
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
