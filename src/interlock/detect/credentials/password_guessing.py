"""Somebody tries passwords: many at one machine, or one at many; and whether one of them fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.credentials.places import at_process
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["PasswordGuessing"]

FEW: Final = 5
"""Refusals in WITHIN_NS that no forgetful person needs."""
WITHIN_NS: Final = 10 * MINUTE_NS
ACCOUNTS: Final = 3
"""Accounts of one machine of the process that a client tries in WITHIN_NS and gets no answer: nobody has so many."""
_UNANSWERED: Final = frozenset({"unknown", "no-answer"})
_COMMUNITY, _LOGIN = "community", "login"
"""Behind a cause's client, server and protocol: what is counted apart."""
_SERVERS: Final = 64
_MOST: Final = 4096


class PasswordGuessing(CauseDetector):
    """One finding per client and server (many tries), and per client (few tries at many servers)."""

    name: ClassVar[str] = "password-guessing"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "fingerprint", "outcome"),
        ),
        "operations": (
            *("source", "realm", "time", "frame", "client", "server", "protocol", "verb", "user", "outcome"),
        ),
    }

    withheld_by: ClassVar[Mapping[str, str]] = {
        "one-way": "the other direction is missing, so every login looks unanswered",
    }

    def __init__(self) -> None:
        super().__init__()
        self._tries: dict[Key, dict[str, list[int]]] = {}
        self._hot: dict[Key, int] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count refusals by who and whom, and what was accepted soon after many of them."""
        if batch.table == "operations":
            yield from self._enciphered(batch)
            return
        yield from self._unanswered(batch)
        yield from self._communities(batch)
        groups = batch.groups("source", "realm", "client", "server", "protocol", "scheme", "outcome")
        told: list[tuple[int, Key, str, bool]] = []
        for group, (source, realm, client, server, protocol, scheme, outcome) in groups:
            if scheme == "community" or outcome not in ("refused", "ok"):
                continue  # agents keep silent to a community that they do not know
            key = (realm or "", client or "", server or "", protocol or "")
            rows = groups.rows(group)
            told += [(row, key, source or "", outcome == "ok") for row in rows.tolist()]
            if outcome == "refused":
                wide = (realm or "", client or "", "", protocol or "")
                for one in (key, wide):
                    self.tallies[one].add_group(source or "", groups, group)
                self.tallies[key].note_rows("user", batch, rows)
                self.tallies[wide].note("server", server or "", len(rows))
                yield from (key, wide)
        times = batch.times_ns()
        for row, pair, source, taken in sorted(told):  # in the order of the table; logins are few
            if not taken:
                self._refused(pair, int(times[row]))
            elif int(times[row]) <= self._hot.get(pair, 0):
                self.tallies[pair].add_rows(source, batch, np.array([row]))
                self.tallies[pair].note("found", "yes")
                yield pair

    def _enciphered(self, batch: Batch) -> Iterable[Key]:
        """Count logins refused, whatever proves the account: an enciphered password makes no row of credentials."""
        if not batch.among("verb", ("authenticate",)).any():
            return
        asked = batch.messages()
        asked = asked.take(asked.among("verb", ("authenticate",)) & asked.among("outcome", ("refused",)))
        groups = asked.groups("source", "realm", "client", "server", "protocol")
        for group, (source, realm, client, server, protocol) in groups:
            key = (realm or "", client or "", server or "", protocol or "", _LOGIN)
            rows = groups.rows(group)
            self.tallies[key].add_group(source or "", groups, group)
            self.tallies[key].note_rows("user", asked, rows)
            for time in np.sort(asked.times_ns()[rows]).tolist():
                self._dense(key, time)
            yield key

    def _unanswered(self, batch: Batch) -> Iterable[Key]:
        """Count the accounts that a client tries at a machine of the process and gets no answer about."""
        groups = batch.groups("source", "realm", "client", "server", "protocol", "scheme", "user", "outcome")
        for group, (source, realm, client, server, protocol, scheme, user, outcome) in groups:
            if (
                outcome not in _UNANSWERED
                or not user
                or scheme == "community"
                or protocol not in CONTROL_PROTOCOLS
            ):
                continue
            key = (realm or "", client or "", server or "", protocol or "")
            accounts, latest = (
                _kept(self._tries, (*key, "accounts")),
                int(batch.times_ns()[groups.rows(group)].max()),
            )
            accounts.pop(user, None)
            accounts[user] = [latest]
            if len(accounts) > _SERVERS:
                accounts.pop(next(iter(accounts)))
            self.tallies[key].add_group(source or "", groups, group)
            self.tallies[key].note("user", user, len(groups.rows(group)))
            if sum(abs(latest - last) <= WITHIN_NS for (last,) in accounts.values()) >= ACCOUNTS:
                self.tallies[key].note("many", "yes")
                yield key

    def _communities(self, batch: Batch) -> Iterable[Key]:
        """Count the communities that a client tries at one agent; who does not know one gives no answer to it."""
        if "community" not in batch.words("scheme")[0]:
            return
        groups = batch.groups(
            "source", "realm", "client", "server", "protocol", "scheme", "fingerprint", "outcome"
        )
        for group, (source, realm, client, server, protocol, scheme, mark, outcome) in groups:
            if scheme != "community" or not mark:
                continue
            key = (realm or "", client or "", server or "", protocol or "", _COMMUNITY)
            marks, latest = _kept(self._tries, key), int(batch.times_ns()[groups.rows(group)].max())
            marks.pop(mark, None)
            marks[mark] = [latest]
            if len(marks) > _SERVERS:
                marks.pop(next(iter(marks)))
            self.tallies[key].add_group(source or "", groups, group)
            self.tallies[key].note("mark", mark, len(groups.rows(group)))
            self.tallies[key].note("outcome", outcome or "unknown")
            if sum(abs(latest - last) <= WITHIN_NS for (last,) in marks.values()) >= FEW:
                self.tallies[key].note("many", "yes")
                yield key

    def _refused(self, key: Key, time: int) -> None:
        """Keep in mind when it was, at the server and at all of the client's servers."""
        realm, client, server, protocol = key
        wide = (realm, client, "", protocol)
        if self._dense(key, time):
            self._hot.pop(key, None)
            self._hot[key] = time + WITHIN_NS
            if len(self._hot) > _MOST:
                self._hot.pop(next(iter(self._hot)))
        spread = _kept(self._tries, wide)
        spread.pop(server, None)
        spread[server] = [time]
        if len(spread) > _SERVERS:
            spread.pop(next(iter(spread)))
        if sum(time - last <= WITHIN_NS for (last,) in spread.values()) >= FEW:
            self.tallies[wide].note("dense", "yes")

    def _dense(self, key: Key, time: int) -> bool:
        """Keep in mind when one was; whether they are many in a short time."""
        own = _kept(self._tries, key).setdefault(key[2], [])
        own.append(time)
        del own[:-FEW]
        dense = len(own) == FEW and time - own[0] <= WITHIN_NS
        if dense:
            self.tallies[key].note("dense", "yes")
        return dense

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Critical where a password was found at a machine of the plant."""
        realm, client, server, protocol, *kind = key
        if not (tally.noted("dense") or tally.noted("many")):
            return None
        if kind == [_LOGIN] and key[:4] in self.tallies:
            return None  # of what goes in clear more is known
        if kind == [_COMMUNITY]:
            return self._tried_communities(key, tally, context)
        by = context.name(realm, client)
        servers = [server] if server else list(tally.noted("server"))
        users, found = list(tally.noted("user")), bool(tally.noted("found"))
        plant = any(at_process(context, realm, s, protocol) for s in servers)
        at = context.name(realm, server) if server else counted(len(servers), "machine")
        return Verdict(
            realm=realm,
            machines=(client, server) if server else (client,),
            others=() if server else tuple(servers),
            cause=f"{protocol} {'tries' if server else 'spread'}",
            kind="alert",
            severity=("critical" if plant else "high") if found else ("high" if plant else "medium"),
            confidence=0.9,
            title=f"{by} tries passwords at {at} over {spoken(protocol)}"
            + (" and found one" if found else ""),
            seen=_seen(tally, servers if not server else []),
            matters=_MATTERS,
            silent=_SILENT,
            actions=_ACTIONS,
            techniques=named("guessed-login" if found else "tried-logins"),
            requirements=(
                *("IEC 62443-3-3 SR 1.11", "IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 2.8"),
                *("NIS2 Art. 21(2)(b)", "NIS2 Art. 21(2)(i)"),
            ),
            data=(
                ("accounts", ", ".join(users)[:500]),
                ("machines", ", ".join(servers)[:500]),
                ("accepted", "yes" if found else "no"),
            ),
        )

    def _tried_communities(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Say how many communities were tried, and whether anything was answered."""
        realm, client, server, protocol, _ = key
        many, answered = len(tally.noted("mark")), "ok" in tally.noted("outcome")
        plant = at_process(context, realm, server, protocol)
        answers = "one of them was answered" if answered else "none of them is seen to be answered"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} communities",
            kind="alert",
            severity="high" if plant or answered else "medium",
            confidence=0.85,
            title=f"{context.name(realm, client)} tries {counted(many, 'community', 'communities')} at "
            f"{context.name(realm, server)} over {spoken(protocol)}: the words are guessed",
            seen=f"Seen {counted(tally.count, 'request')} with {counted(many, 'community', 'communities')}, {FEW} or "
            f"more of them within ten minutes; {answers}: an agent keeps silent to a community that it does not know.",
            matters="A community is a password in clear: whoever finds the one that may write changes addresses, shuts "
            "ports or restarts the device; the one that may read shows the whole network.",
            silent=f"Silent below {FEW} different communities of one client at one machine in ten minutes, as somebody "
            "who looks for the right one of a few uses, and for SNMPv3.",
            actions=_ACTIONS,
            techniques=named("tried-communities"),
            requirements=(
                *("IEC 62443-3-3 SR 1.11", "IEC 62443-3-3 SR 1.5", "IEC 62443-3-3 SR 1.2"),
                *("NIS2 Art. 21(2)(b)", "NIS2 Art. 21(2)(i)"),
            ),
            data=(("communities", str(many)), ("answered", "yes" if answered else "no")),
        )

    def own_state(self) -> Any:
        """The last refusals of each cause, and until when a login that fits was guessed."""
        return [
            [[list(key), tries] for key, tries in self._tries.items()],
            [[list(key), until] for key, until in self._hot.items()],
        ]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        tries, hot = state
        self._tries = {
            tuple(map(str, key)): {str(s): [int(t) for t in times] for s, times in known.items()}
            for key, known in tries
        }
        self._hot = {tuple(map(str, key)): int(until) for key, until in hot}


def _seen(tally: Tally, servers: list[str]) -> str:
    """What was tried, at which machines where they are several, and what came of it."""
    users = list(tally.noted("user"))
    refused = (
        f"{FEW} or more of them refused"
        if tally.noted("dense")
        else f"to {ACCOUNTS} or more accounts, none answered,"
    )
    return (
        f"Seen {counted(tally.count, 'login')}, {refused} within ten minutes"
        + (f", to account {', '.join(users[:5])}" if users else "")
        + (f", at {', '.join(servers[:5])}" if servers else "")
        + ("; then one was accepted." if tally.noted("found") else "; none was accepted.")
    )


def _kept(tries: dict[Key, dict[str, list[int]]], key: Key) -> dict[str, list[int]]:
    """What is known of a key, which is now the newest; past _MOST the oldest is forgotten."""
    known = tries.pop(key, {})
    tries[key] = known
    if len(tries) > _MOST:
        tries.pop(next(iter(tries)))
    return known


_MATTERS: Final = (
    "Whoever guesses long enough at a machine that does not lock the account gets in; from there "
    "its programs and set points are in reach."
)
_SILENT: Final = (
    f"Silent below {FEW} refusals in ten minutes, for logins of which a cipher hides all, and where no answer is seen, "
    f"but for {ACCOUNTS} accounts at a machine of the process; a tool with an old password looks the same, and is "
    "found by its regular tries."
)
_ACTIONS: Final = (
    Action(
        text="Find out who sits at this client; where nobody meant it, take it off the network, and change the "
        "password of every account that was tried.",
        risk="Cutting a client that also visualises or records the process blinds its operators: ask them first.",
    ),
    Action(
        text="Where the machine can, let it lock an account for a while after a few refusals.",
        risk="An attacker can then lock the real user out: keep a way in that needs no network.",
    ),
)
