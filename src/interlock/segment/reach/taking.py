"""When a machine that is reached counts as taken: the model, in one place (docs/zone-reach.md).

Reading, listening and being told leave a machine its own. Whoever may write, command, program, load files or log on
there may make it act for them, and so may whoever uses what cannot be looked into.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from interlock.records.conduit import ANY, ports_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from interlock.records.conduit import Conduit

__all__ = ["LOGONS", "TOUCHING", "takes"]

TOUCHING: Final = frozenset(
    {
        "read",
        "subscribe",
        "report",
        "discover",
        "identify",
        "open",
        "close",
        "diagnose",
        "program-read",
        "file-read",
    }
)
"""Verbs that leave a machine as it was. Every other takes it: `unknown`, too, as nobody knows what it does."""
LOGONS: Final = frozenset({"ssh", "telnet", "rdp", "winrm", "smb", "vnc"})
"""Protocols by which somebody works on a machine as if there: taken whatever the verbs are."""
_QUIET: Final = frozenset({"icmp", "icmp6"})
_FEW: Final = 3
"""Protocols that are named beside a port: of a wide range the list would say nothing."""


def takes(
    conduit: Conduit,
    asking: Collection[str] = frozenset(),
    usual: Mapping[tuple[str, int], Collection[str]] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Words of a conduit by which a machine of `to` can be taken; none where it can only be touched.

    A conduit without verbs is for conversations in which nothing is asked: cyclic data set outputs. asking: protocols
    in which all that is done is asked for, so that such a conversation does nothing. A port says nothing of verbs, so
    all of them pass there. usual: transport and port → the protocols at home there: they are named beside a port, which
    is no certainty of them.
    """
    words = (
        [verb for verb in conduit.verbs if verb == ANY or verb not in TOUCHING] if conduit.protocols else []
    )
    words += [protocol for protocol in conduit.protocols if protocol in LOGONS]
    if not conduit.verbs:
        words += [
            f"{p} without requests" for p in conduit.protocols if p not in LOGONS | _QUIET and p not in asking
        ]
    words += [_spelled(port, usual) for port in conduit.ports if port not in _QUIET]
    return tuple(dict.fromkeys(words))


def _spelled(port: str, usual: Mapping[tuple[str, int], Collection[str]]) -> str:
    """A port range with the protocols that are usual there, where these are few."""
    transport, low, high = ports_of(port) or ("", 0, -1)
    names = {n for (way, at), some in usual.items() if way == transport and low <= at <= high for n in some}
    return f"{port} (usually {' or '.join(sorted(names))})" if 0 < len(names) <= _FEW else port
