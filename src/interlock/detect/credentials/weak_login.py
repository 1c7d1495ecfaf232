"""Accounts that ask for nothing, or for a secret that is guessed in a few tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict, milder
from interlock.detect.control import spoken
from interlock.detect.credentials.places import at_process
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.asset import Asset
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
    "named": (
        "high",
        "whose password is its own make, name or number",
        "the password is what the machine says of itself to everybody",
    ),
    "anonymous": ("medium", "without any account", "the login is anonymous"),
}
"""Cause → severity at a machine of the plant, end of the title, what was seen."""
_ANONYMOUS: Final = "anonymous"
_NAMED: Final = "named"
"""A secret that is no usual one may still be what the machine says of itself; that is known later."""


class WeakLogin(CauseDetector):
    """One finding per server, protocol, account and weakness; published defaults belong to default-login."""

    name: ClassVar[str] = "weak-login"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "fingerprint", "known", "outcome", "strength"),
        )
    }

    def __init__(self) -> None:
        super().__init__()
        self._fingerprint: Callable[[bytes], str] | None = None

    def keyed_by(self, fingerprint: Callable[[bytes], str]) -> None:
        """Compare with what a machine says of itself: by this, as secrets are kept nowhere."""
        self._fingerprint = fingerprint

    def load(self, state: bytes) -> None:
        """See CauseDetector; the key is no part of its memory."""
        fingerprint = self._fingerprint
        super().load(state)
        self._fingerprint = fingerprint

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count logins that were not refused and whose secret is weak or missing."""
        columns = ("source", "realm", "client", "server", "protocol", "scheme", "user", "known", "outcome")
        groups = batch.groups(*columns, "strength", "fingerprint")
        for group, words in groups:
            source, realm, client, server, protocol, scheme, user, known, outcome, strength, mark = words
            cause = _ANONYMOUS if scheme == _ANONYMOUS else strength or (_NAMED if mark else None)
            if cause not in _SAID or known == "default" or outcome == "refused":
                continue
            key = (realm or "", server or "", protocol or "", user or "", cause)
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            told = (("client", client), ("outcome", outcome or "unknown"), ("scheme", scheme))
            for kind, word in (*told, *((("mark", mark),) if cause == _NAMED else ())):
                if word:
                    tally.note(kind, word, len(groups.rows(group)))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Milder at machines that are none of the plant's, and where nobody saw that it was accepted."""
        realm, server, protocol, user, cause = key
        if cause == _NAMED and not self._is_named(context.asset(realm, server), tally.noted("mark")):
            return None  # a secret that nothing is wrong with, as far as can be told
        severity, ending, seen = _SAID[cause]
        outcomes, clients = tally.noted("outcome"), list(tally.noted("client"))
        taken = bool(outcomes.get("ok"))
        plant = at_process(context, realm, server, protocol)
        scheme = next(iter(tally.noted("scheme")), "")
        what = _what(user, scheme)
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
            techniques=named("anonymous-login" if cause == _ANONYMOUS else "weak-login"),
            requirements=_requirements(cause),
            data=(
                ("account", user),
                ("weakness", cause),
                ("accepted", "yes" if taken else "not seen"),
                ("clients", ", ".join(clients)[:500]),
            ),
        )

    def _is_named(self, asset: Asset | None, marks: Container[str]) -> bool:
        """Whether one of the secrets is a word that the machine says of itself."""
        if asset is None or self._fingerprint is None:
            return False
        return any(self._fingerprint(word.encode()) in marks for word in _words_of(asset))


def _what(user: str, scheme: str) -> str:
    return f"account {user}" if user else "SNMP community" if scheme == "community" else "login"


def _requirements(cause: str) -> tuple[str, ...]:
    own = "IEC 62443-3-3 SR 2.1" if cause == _ANONYMOUS else "IEC 62443-3-3 SR 1.5"
    return (
        *("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 1.7", own),
        *("NIS2 Art. 21(2)(g)", "NIS2 Art. 21(2)(i)"),
    )


def _words_of(asset: Asset) -> set[str]:
    """Make, product, numbers and names, whole and their first words, as they are and in small and capital letters."""
    said = (asset.vendor, asset.product, asset.order_number, asset.serial, *asset.names[:8])
    words = {word for text in said if text for word in (text, text.split()[0] if text.split() else text)}
    return {form for word in words for form in (word, word.lower(), word.upper(), word.capitalize())}


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
