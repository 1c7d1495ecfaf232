"""One secret that opens several machines, known by its keyed fingerprint; the secret itself is nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.credentials.places import at_process
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["SharedSecret"]


class SharedSecret(CauseDetector):
    """One finding per secret and realm. Logins that were refused tell nothing of the machine and do not count."""

    name: ClassVar[str] = "shared-secret"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "fingerprint", "known", "outcome", "strength"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count logins by their secret's fingerprint."""
        columns = (
            "source",
            "realm",
            "client",
            "server",
            "protocol",
            "scheme",
            "user",
            "fingerprint",
            "known",
        )
        groups = batch.groups(*columns, "outcome", "strength")
        for group, words in groups:
            source, realm, client, server, protocol, scheme, user, mark, known, outcome, strength = words
            if not mark or outcome == "refused" or strength == "empty" or scheme == "anonymous":
                continue
            key = (realm or "", mark, "community" if scheme == "community" else "secret")
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            noted = (
                ("server", server),
                ("client", client),
                ("protocol", protocol),
                ("user", user),
                ("known", known),
            )
            for kind, word in (*noted, ("outcome", outcome or "unknown")):
                if word:
                    tally.note(kind, word, len(groups.rows(group)))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Nothing for one machine, however many addresses it has."""
        realm, mark, kind = key
        servers = list(tally.noted("server"))
        if len({_machine(context, realm, s) for s in servers}) < 2:
            return None
        protocols, clients = tally.noted("protocol"), list(tally.noted("client"))
        plant = any(at_process(context, realm, s, p) for s in servers for p in protocols)
        names = ", ".join(context.name(realm, s) for s in servers[:5])
        what = "SNMP community" if kind == "community" else "password"
        default = "default" in tally.noted("known")
        users = list(tally.noted("user"))
        return Verdict(
            realm=realm,
            machines=(),
            others=tuple(servers),
            cause=f"{kind} {mark}",
            kind="weakness",
            severity="low" if kind == "community" else "high" if plant and default else "medium",
            confidence=0.9 if tally.noted("outcome").get("ok") else 0.7,
            title=f"One {what} opens {counted(len(servers), 'machine')}: {names}"
            + (", …" if servers[5:] else ""),
            seen=f"Seen {counted(tally.count, 'login')} over {', '.join(map(spoken, protocols))}"
            + (f" to account {', '.join(users[:5])}" if users else "")
            + f", all with the same {what}{', a published default' if default else ''} (fingerprint {mark}).",
            matters=_MATTERS,
            silent=_SILENT,
            actions=_ACTIONS,
            techniques=named("shared-default" if default else "shared-secret"),
            requirements=(
                *("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.5", "IEC 62443-3-3 SR 1.7"),
                "NIS2 Art. 21(2)(i)",
            ),
            data=(
                ("fingerprint", mark),
                ("machines", ", ".join(servers)[:500]),
                ("accounts", ", ".join(users)[:500]),
                ("protocols", ", ".join(protocols)[:500]),
                ("clients", ", ".join(clients)[:500]),
            ),
        )


def _machine(context: Context, realm: str, server: str) -> str:
    asset = context.asset(realm, server)
    return server if asset is None else asset.id


_MATTERS: Final = (
    "Whoever learns it at the weakest of them has the others, too, and nobody can take it from "
    "one person without changing it everywhere."
)
_SILENT: Final = (
    "Silent where each machine has a secret of its own; logins that are enciphered or hashed are "
    "not compared, and the same secret in two installations of Interlock has two fingerprints."
)
_ACTIONS: Final = (
    Action(
        text="Give each machine a secret of its own, those of safety and control first, and keep them in one "
        "guarded place.",
        risk="Tools that log in everywhere with one password need all the new ones before the old one goes: change "
        "machine by machine, with its clients.",
    ),
)
