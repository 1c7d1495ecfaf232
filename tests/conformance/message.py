"""The one thing that both sides are reduced to: a message, and the key under which messages are counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANSWER", "REQUEST", "Key", "Kind", "Message", "count", "frames_by_key", "key_text"]

Kind = Literal["request", "answer", "message"]
"""`message`: one of the two, from a log that does not tell which."""

REQUEST: Final = "request"
ANSWER: Final = "answer"

Key = tuple[str, str, str, str, str]
"""client, server, protocol, function, kind; function is text since a few protocols name theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One innermost request or one answer, as one side saw it.

    frame: number within the capture, from 1, of the frame that completes it.
    client: address of who asks, of an answer too. function: decimal code, or name, or `-` where unknown.
    """

    frame: int
    kind: Kind
    client: str
    server: str
    protocol: str
    function: str

    def key(self) -> Key:
        return (self.client, self.server, self.protocol, self.function, self.kind)


def count(messages: Iterable[Message]) -> Counter[Key]:
    return Counter(message.key() for message in messages)


def frames_by_key(messages: Iterable[Message]) -> dict[Key, Counter[int]]:
    """How often each frame number completes a message of each key."""
    frames: defaultdict[Key, Counter[int]] = defaultdict(Counter)
    for message in messages:
        frames[message.key()][message.frame] += 1
    return dict(frames)


def key_text(key: Key) -> str:
    """As known.toml and the reports write a key, without the protocol: `A > B function F KIND`."""
    client, server, _, function, kind = key
    return f"{client} > {server} function {function} {kind}"
