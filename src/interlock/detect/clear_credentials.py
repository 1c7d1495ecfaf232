"""Credentials that crossed the wire in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, PLANT_ROLES, spoken
from interlock.detect.gate import Deed
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["ClearCredentials"]

_WEAK: Final = {
    "empty": "is empty",
    "default": "is a published default",
    "same-as-user": "equals the account's name",
    "short": "is very short",
}


class ClearCredentials(CauseDetector):
    """One finding per server, protocol and scheme. Default SNMP communities belong to default-community."""

    name: ClassVar[str] = "clear-credentials"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "known", "outcome"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count logins that carry a secret."""
        groups = batch.groups("source", "realm", "client", "server", "protocol", "scheme", "known", "outcome")
        for group, (source, realm, client, server, protocol, scheme, known, outcome) in groups:
            if scheme == "anonymous" or (scheme == "community" and known == "default"):
                continue
            key = (realm or "", server or "", protocol or "", scheme or "unknown")
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            tally.note("client", client or "", len(groups.rows(group)))
            tally.note("outcome", outcome or "unknown", len(groups.rows(group)))
            tally.note_rows("user", batch, groups.rows(group))
            if known:
                tally.note("known", known)
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Graver for plant devices and for secrets that anyone would guess."""
        realm, server, protocol, scheme = key
        clients, users, known = (list(tally.noted(k)) for k in ("client", "user", "known"))
        weak = [_WEAK[k] for k in known if k in _WEAK]
        secret = "SNMP community" if scheme == "community" else "PIN" if scheme == "pin" else "password"
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{protocol} {scheme}",
            kind="exposure",
            severity=_severity(key, tally, context, weak=bool(weak)),
            confidence=0.95,
            title=f"A {secret} for {context.name(realm, server)} crosses the network in clear over "
            f"{spoken(protocol)}",
            seen=f"Seen {counted(tally.count, 'time')} from {', '.join(clients[:5])}"
            + (f", account {', '.join(users[:5])}" if users else "")
            + (f"; the {secret} {' and '.join(weak)}" if weak else "")
            + ". The secret itself is not kept, only a keyed fingerprint.",
            matters=f"Whoever can listen on the way reads the {secret} and can use it as if it were "
            "theirs, at this machine and wherever else the same one is set.",
            silent="Silent where the login runs inside TLS, SSH or SNMPv3 with privacy, or uses a "
            "challenge instead of the secret; anonymous logins carry no secret and do not count.",
            actions=_ACTIONS,
            techniques=named("clear-default" if "default" in known else "clear-secret"),
            requirements=(
                *("IEC 62443-3-3 SR 4.1", "IEC 62443-3-3 SR 1.5", "IEC 62443-3-3 SR 1.7"),
                *("NIS2 Art. 21(2)(h)", "NIS2 Art. 21(2)(j)"),
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            # Communities cross the wire all day, whatever was ordered meanwhile.
            deed=None
            if scheme == "community"
            else Deed(realm=realm, stations=tuple(clients), machines=(server,), mild=True),
        )


def _severity(key: Key, tally: Tally, context: Context, *, weak: bool) -> Severity:
    realm, server, protocol, scheme = key
    if set(tally.noted("outcome")) == {"refused"}:
        return "low"
    plant = protocol in CONTROL_PROTOCOLS or context.role(realm, server) in PLANT_ROLES
    if scheme == "community":
        # Reading counters with a community is everyday; the wire does not tell read from write communities.
        return "medium" if plant else "low"
    return "high" if plant or weak else "medium"


_ACTIONS: Final = (
    Action(
        text="Change to the encrypted form of the protocol (HTTPS, SSH, SFTP, SNMPv3), then change the "
        "secret.",
        risk="Old devices may not offer it or may slow down: try one of each kind outside production.",
    ),
    Action(
        text="Until then let only the machines that need it reach this service.",
        risk="A client that the rule forgets can no longer log in; replay the rule against recorded "
        "traffic first.",
    ),
)
