"""Accounts that ask for nothing, or for a secret that is guessed in a few tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict, milder
from interlock.detect.control import spoken
from interlock.detect.credentials.places import at_process
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["WeakLogin"]

_SAID: Final[dict[str, tuple[Severity, str, str]]] = {
    "empty": ("high", "without a password", "the password is empty"),
    "same-as-user": ("high", "whose password is its own name", "the password equals the account's name"),
    "short": (
        "medium",
        "with a password of four characters or fewer",
        "the password has at most four characters",
    ),
    "common": ("high", "with a password that everybody tries", "the password is one of the usual words"),
    "anonymous": ("medium", "without any account", "the login is anonymous"),
}
"""Cause → severity at a machine of the plant, end of the title, what was seen."""
_ANONYMOUS: Final = "anonymous"


class WeakLogin(CauseDetector):
    """One finding per server, protocol, account and weakness; published defaults belong to default-login."""

    name: ClassVar[str] = "weak-login"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "known", "outcome", "strength"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count logins that were not refused and whose secret is weak or missing."""
        columns = ("source", "realm", "client", "server", "protocol", "scheme", "user", "known", "outcome")
        groups = batch.groups(*columns, "strength")
        for group, words in groups:
            source, realm, client, server, protocol, scheme, user, known, outcome, strength = words
            cause = _ANONYMOUS if scheme == _ANONYMOUS else strength
            if cause is None or known == "default" or outcome == "refused":
                continue
            key = (realm or "", server or "", protocol or "", user or "", cause)
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            for kind, word in (("client", client), ("outcome", outcome or "unknown"), ("scheme", scheme)):
                if word:
                    tally.note(kind, word, len(groups.rows(group)))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Milder at machines that are none of the plant's, and where nobody saw that it was accepted."""
        realm, server, protocol, user, cause = key
        severity, ending, seen = _SAID[cause]
        outcomes, clients = tally.noted("outcome"), list(tally.noted("client"))
        taken = bool(outcomes.get("ok"))
        plant = at_process(context, realm, server, protocol)
        scheme = next(iter(tally.noted("scheme")), "")
        what = f"account {user}" if user else "SNMP community" if scheme == "community" else "login"
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{protocol} {user} {cause}",
            kind="weakness",
            severity=milder(severity, (not taken) + (not plant)),
            confidence=0.95 if taken else 0.7,
            title=f"{context.name(realm, server)} "
            + (
                f"lets anybody in over {spoken(protocol)} {ending}"
                if cause == _ANONYMOUS
                else f"has a {spoken(protocol)} {what} {ending}"
            ),
            seen=f"Seen {counted(tally.count, 'login')} from {', '.join(clients[:5])}; {seen}; "
            f"{'it was accepted' if taken else 'how it ended was not seen'}. The password itself is not kept.",
            matters=_MATTERS,
            silent=_SILENT,
            actions=_ACTIONS,
            techniques=("T0859",) if cause == _ANONYMOUS else ("T0859", "T0812"),
            requirements=(
                *("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.7"),
                *(("IEC 62443-3-3 SR 2.1",) if cause == _ANONYMOUS else ("IEC 62443-3-3 SR 1.5",)),
                *("NIS2 Art. 21(2)(g)", "NIS2 Art. 21(2)(i)"),
            ),
            data=(
                ("account", user),
                ("weakness", cause),
                ("accepted", "yes" if taken else "not seen"),
                ("clients", ", ".join(clients)[:500]),
            ),
        )


_MATTERS: Final = (
    "Whoever reaches the machine is in after a few tries, and no log tells them from the one who should be."
)
_SILENT: Final = (
    "Silent where the secret is longer and no usual word, where the login was refused, and where it "
    "runs inside TLS, SSH or another cipher."
)
_ACTIONS: Final = (
    Action(
        text="Set a password of its own, of at least 12 characters, at the machine and at everything that logs in; "
        "switch anonymous access off where nobody needs it.",
        risk="Clients that were forgotten lose their access until they have the new password: list them from this "
        "finding, and change it in a maintenance window.",
    ),
)
