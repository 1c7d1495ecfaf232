"""An account that a maker publishes with its password: taken by a machine, or tried at one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.credentials.makers import OTHER, PRODUCT, UNKNOWN, VENDOR, match
from interlock.detect.credentials.places import at_process
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["DefaultLogin"]

_SURE: Final = {PRODUCT: 0.95, VENDOR: 0.9, UNKNOWN: 0.85, OTHER: 0.75}


class DefaultLogin(CauseDetector):
    """One finding per server, protocol and account. Default SNMP communities belong to default-community."""

    name: ClassVar[str] = "default-login"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "known", "outcome", "strength", "default_of"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count logins whose pair somebody publishes."""
        columns = ("source", "realm", "client", "server", "protocol", "scheme", "user", "known", "outcome")
        groups = batch.groups(*columns, "strength", "default_of")
        for group, words in groups:
            source, realm, client, server, protocol, scheme, user, known, outcome, strength, of = words
            if scheme in ("community", "anonymous") or not (of or known == "default"):
                continue
            key = (
                realm or "",
                server or "",
                protocol or "",
                (user or "").casefold(),
                "empty" if strength == "empty" else "",
            )
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            for kind, word in (
                ("client", client),
                ("outcome", outcome or "unknown"),
                ("user", user),
                ("of", of),
            ):
                if word:
                    tally.note(kind, word, len(groups.rows(group)))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Critical where a machine of the plant took its own maker's default."""
        realm, server, protocol, _, empty = key
        told = "; ".join(tally.noted("of"))
        near, of = match(told, context.asset(realm, server)) if told else (UNKNOWN, "")
        if empty and near not in (PRODUCT, VENDOR):
            return None  # without a password at all: weak-login says so
        outcomes, clients = tally.noted("outcome"), list(tally.noted("client"))
        account = next(iter(tally.noted("user")), "")
        name = context.name(realm, server)
        whose = {PRODUCT: f"its own default ({of})", VENDOR: f"a default of its maker ({of})"}.get(near)
        taken, refused = bool(outcomes.get("ok")), set(outcomes) == {"refused"}
        login = f"account {account} with the password" if account else "a password"
        verb = "takes" if taken else "was tried with" if refused else "was asked to take"
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{protocol} {key[3]}{' without password' if empty else ''}",
            kind="alert" if refused else "weakness",
            severity=_severity(key, context, taken=taken, refused=refused, near=near),
            confidence=_SURE[near] if taken or refused else min(0.7, _SURE[near]),
            title=f"{name} {verb} a published default login over {spoken(protocol)}"
            + (f" (account {account})" if account else ""),
            seen=f"Seen {counted(tally.count, 'login')} from {', '.join(clients[:5])}: {login} that is "
            f"{whose or ('known as the default of ' + of if of else 'published in manuals')}; "
            f"{'it was accepted' if taken else 'it was refused' if refused else 'how it ended was not seen'}. "
            "The password itself is not kept.",
            matters=_MATTERS,
            silent=_SILENT,
            actions=_ACTIONS,
            techniques=named("default-login" if taken else "default-tried"),
            requirements=_REQUIREMENTS,
            data=(
                ("account", account),
                ("accepted", "yes" if taken else "no" if refused else "not seen"),
                ("default_of", told[:500]),
                ("match", near),
                ("clients", ", ".join(clients)[:500]),
            ),
        )


def _severity(key: Key, context: Context, *, taken: bool, refused: bool, near: str) -> Severity:
    realm, server, protocol, *_ = key
    plant = at_process(context, realm, server, protocol)
    if refused:
        return "medium" if plant else "low"
    if not taken:
        return "high" if plant else "medium"
    return "critical" if plant and near != OTHER else "high"


_REQUIREMENTS: Final = (
    *("IEC 62443-3-3 SR 1.5", "IEC 62443-3-3 SR 1.7", "IEC 62443-3-3 SR 1.1"),
    *("NIS2 Art. 21(2)(g)", "NIS2 Art. 21(2)(i)"),
)
_MATTERS: Final = (
    "Makers print these in manuals that anybody finds: whoever reaches the machine has its "
    "account, and nobody can tell them from its engineer."
)
_SILENT: Final = (
    "Silent once the password is another one, where the login runs inside TLS, SSH or another "
    "cipher, and for defaults that are not in the list (docs/credentials.md)."
)
_ACTIONS: Final = (
    Action(
        text="Give the account a password of its own at the machine and at everything that logs in with it, and "
        "remove the accounts that nobody uses.",
        risk="Clients that keep the old one (recipe transfers, historians, the maker's remote service) fail until "
        "they have the new one; some devices restart to take it: do it in a maintenance window.",
    ),
    Action(
        text="Where the default is built in and cannot be changed, let only the machines that need it reach "
        "this service.",
        risk="A client that the rule forgets can no longer log in; replay the rule against recorded traffic first.",
    ),
)
