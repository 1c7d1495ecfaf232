"""Somebody tries passwords: many at one machine, or one at many; and whether one of them fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
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

__all__ = ["PasswordGuessing"]

FEW: Final = 5
"""Refusals in WITHIN_NS that no forgetful person needs."""
WITHIN_NS: Final = 10 * MINUTE_NS
_SERVERS: Final = 64
_MOST: Final = 4096


class PasswordGuessing(CauseDetector):
    """One finding per client and server (many tries), and per client (few tries at many servers)."""

    name: ClassVar[str] = "password-guessing"
    table: ClassVar[str] = "credentials"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "credentials": (
            *("source", "realm", "time", "frame", "client", "server", "protocol"),
            *("scheme", "user", "outcome"),
        )
    }

    def __init__(self) -> None:
        super().__init__()
        self._tries: dict[Key, dict[str, list[int]]] = {}
        self._hot: dict[Key, int] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count refusals by who and whom, and what was accepted soon after many of them."""
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

    def _refused(self, key: Key, time: int) -> None:
        """Keep in mind when it was, at the server and at all of the client's servers."""
        realm, client, server, protocol = key
        wide = (realm, client, "", protocol)
        own = _kept(self._tries, key).setdefault(server, [])
        own.append(time)
        del own[:-FEW]
        if len(own) == FEW and time - own[0] <= WITHIN_NS:
            self.tallies[key].note("dense", "yes")
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

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Critical where a password was found at a machine of the plant."""
        realm, client, server, protocol = key
        if not tally.noted("dense"):
            return None
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
            seen=f"Seen {counted(tally.count, 'login')}, {FEW} or more of them refused within ten minutes"
            + (f", to account {', '.join(users[:5])}" if users else "")
            + (f", at {', '.join(servers[:5])}" if not server else "")
            + ("; then one was accepted." if found else "; none was accepted."),
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
    f"Silent below {FEW} refusals in ten minutes, for logins inside a cipher, and where no answer is "
    "seen; a tool with an old password looks the same, and is found by its regular tries."
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
