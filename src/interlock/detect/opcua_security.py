"""OPC UA sessions without security: policy or mode None, outdated policies, anonymous users."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["OpcuaSecurity"]

OUTDATED: Final = frozenset({"Basic128Rsa15", "Basic256"})
"""Policies built on SHA-1, deprecated since OPC UA 1.04 (OPC 10000-7)."""

_MATTERS: Final[dict[str, tuple[Severity, str, str]]] = {
    "security none": (
        "high",
        "accepts OPC UA sessions without security",
        (
            "Nothing proves who speaks and nothing stops a third party from reading or changing values "
            "on the way: operators may see what is not, and controllers do what nobody ordered."
        ),
    ),
    "anonymous": (
        "medium",
        "accepts anonymous OPC UA users",
        (
            "Nobody can tell afterwards who wrote a value, and whoever reaches the port has the rights "
            "of anyone."
        ),
    ),
    "outdated policy": (
        "medium",
        "uses an outdated OPC UA security policy",
        "The policy rests on SHA-1 and short keys; a well-equipped attacker on the way can break it.",
    ),
    "not encrypted": (
        "low",
        "signs OPC UA sessions but does not encrypt them",
        "Values cannot be changed on the way, but everybody on it reads them.",
    ),
}
"""Cause → severity, half a title, why it matters."""


class OpcuaSecurity(CauseDetector):
    """One finding per server, port and cause. Channels that only ask for endpoints are None by design."""

    name: ClassVar[str] = "opcua-security"
    table: ClassVar[str] = "opcua_sessions"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "opcua_sessions": (
            *("source", "realm", "time", "frame", "client", "server", "server_port"),
            *("policy", "mode", "token", "user"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count sessions by what they lack."""
        columns = ("source", "realm", "client", "server", "policy", "mode", "token")
        groups = batch.groups(*columns, bins=batch.integers("server_port"), named="port")
        for group, (source, realm, client, server, policy, mode, token, port) in groups:
            for cause in _causes(policy, mode, token):
                key = (realm or "", server or "", str(port), cause)
                tally = self.tallies[key]
                tally.add_group(source or "", groups, group)
                tally.note("client", client or "")
                for kind, word in (("policy", policy), ("mode", mode), ("token", token)):
                    tally.note(kind, word or "not seen")
                tally.note_rows("user", batch, groups.rows(group))
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Say what the sessions lack; a password in such a session makes it graver."""
        realm, server, port, cause = key
        severity, title, matters = _MATTERS[cause]
        clients, users = list(tally.noted("client")), list(tally.noted("user"))
        if cause == "security none" and "username" in tally.noted("token"):
            matters += " Passwords of the users named cross the same channel."
        shown = "; ".join(f"{kind} {', '.join(tally.noted(kind))}" for kind in ("policy", "mode", "token"))
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{cause} at port {port}",
            kind="weakness",
            severity=severity,
            confidence=0.95,
            title=f"{context.name(realm, server)} {title}",
            seen=f"Seen {counted(tally.count, 'session')} from {', '.join(clients[:5])} at port {port}: "
            f"{shown}" + (f"; user {', '.join(users[:5])}." if users else "."),
            matters=matters,
            silent="Silent for sessions with mode SignAndEncrypt, a current policy and a named user; a "
            "channel that only asks for endpoints has no session and is not counted.",
            actions=_ACTIONS,
            techniques=named("no-security" if cause == "security none" else "weak-security"),
            requirements=(
                *("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 3.1"),
                *("IEC 62443-3-3 SR 4.1", "IEC 62443-3-3 SR 4.3", "NIS2 Art. 21(2)(h)"),
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
        )


def _causes(policy: str | None, mode: str | None, token: str | None) -> list[str]:
    """Say what a session lacks; nothing where no session was made on the channel (no token was seen)."""
    if token is None:
        return []
    causes = []
    if policy == "None" or mode == "None":
        causes.append("security none")
    elif policy in OUTDATED:
        causes.append("outdated policy")
    elif mode == "Sign":
        causes.append("not encrypted")
    if token == "anonymous":  # noqa: S105 - the kind of token, not its content
        causes.append("anonymous")
    return causes


_ACTIONS: Final = (
    Action(
        text="Switch on Basic256Sha256 or better with SignAndEncrypt at the server, exchange "
        "certificates with its clients, then switch None and anonymous off.",
        risk="A client whose certificate the server does not trust loses its values: exchange all of "
        "them before the old way is closed, in a maintenance window.",
    ),
)
