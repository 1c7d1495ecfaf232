"""A machine that answers to a default SNMP community."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.batch import REQUEST
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.facts import Facts
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["DefaultCommunity"]


class DefaultCommunity(CauseDetector):
    """One finding per server."""

    name: ClassVar[str] = "default-community"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "known", "outcome"),
        ),
        "operations": (*REQUEST,),
    }

    def __init__(self) -> None:
        super().__init__()
        self._answers = Facts(each=256)
        self.facts = {"answers": self._answers}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count requests whose community is a published default, and learn whom agents answer."""
        if batch.table == "operations":
            if "snmp" not in batch.words("protocol")[0]:
                return
            for _, (_, realm, client, server, protocol, _, outcome, _) in batch.relations():
                # An agent keeps silent to a community that it does not know: any answer accepts it.
                if protocol == "snmp" and outcome in ("ok", "refused"):
                    self._answers.add((realm or "", server or ""), client or "")
            return
        groups = batch.groups("source", "realm", "client", "server", "protocol", "scheme", "known", "outcome")
        for group, (source, realm, client, server, _, scheme, known, outcome) in groups:
            if scheme == "community" and known == "default":
                key = (realm or "", server or "")
                tally = self.tallies[key]
                tally.add_group(source or "", groups, group)
                tally.note("client", client or "")
                tally.note("outcome", outcome or "unknown", len(groups.rows(group)))
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """High where the machine answered, less where its answer was not seen or it refused."""
        realm, server = key
        outcomes, clients = tally.noted("outcome"), list(tally.noted("client"))
        answered = bool(outcomes.get("ok")) or not self._answers[key].isdisjoint(clients)
        refused = set(outcomes) == {"refused"}
        severity: Severity = "high" if answered else "low" if refused else "medium"
        name = context.name(realm, server)
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause="default community",
            kind="alert" if refused else "weakness",
            severity=severity,
            confidence=0.95 if answered else 0.7,
            title=f"{name} answers to a default SNMP community"
            if answered
            else f"{name} is asked with a default SNMP community",
            seen=f"Seen {counted(tally.count, 'request')} from {', '.join(clients[:5])} with a community "
            f"that every manual prints; {'it answered' if answered else 'no answer was seen'}.",
            matters="With it anyone reads how the machine is built and whom it talks to, and where it "
            "may also write, changes its address, shuts its ports or restarts it.",
            silent="Silent where the community is no published default or SNMPv3 is spoken.",
            actions=_ACTIONS,
            techniques=named("default-community"),
            requirements=(
                *("IEC 62443-3-3 SR 1.5", "IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 7.7"),
                "NIS2 Art. 21(2)(g)",
            ),
            data=(("clients", ", ".join(clients)[:500]), ("outcomes", str(outcomes))),
        )


_ACTIONS: Final = (
    Action(
        text="Set another community, or SNMPv3 with privacy, at the device and at whoever monitors it; "
        "switch SNMP off where nobody does.",
        risk="Monitoring stops for devices whose manager was forgotten; some field devices restart to "
        "take it over.",
    ),
)
