"""A sweep: one machine knocking at the control ports of many others, or at many ports of one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import CALL
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import CONTROL_PORTS, CONTROL_PROTOCOLS
from interlock.detect.facts import Facts
from interlock.detect.gate import Deed
from interlock.detect.tally import Key, Tallies, Tally
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context

__all__ = ["Sweep"]

WINDOW_NS: Final = 300 * 10**9
"""Knocks are sorted into windows of five minutes; a sweep is looked for in two neighbouring ones."""
LEAST_MACHINES: Final = 8
MANY_MACHINES: Final = 32
LEAST_PORTS: Final = 20
"""From LEAST_MACHINES where they are most of whom the client talks to, from MANY_MACHINES in any case."""
FEW_PACKETS: Final = 8
"""A conversation of no more frames each way only looked who is there."""
HABIT: Final = 3
"""Knocks at the same door in one window: more than these are a client that keeps trying, not a sweep."""
KEPT_WINDOWS: Final = 24
MAX_WINDOWS: Final = 20_000
PRUNED_FROM: Final = 2_000


class Sweep(CauseDetector):
    """One finding per client and kind of sweep (machines, ports).

    Windows are tallied under realm, client, kind, target server (ports only), source and window number.
    """

    name: ClassVar[str] = "sweep"
    composed: ClassVar[bool] = True
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"flows": (*CALL, "state", "protocol")}
    withheld_by: ClassVar[Mapping[str, str]] = {
        "one-way": "the other direction is missing, so every connection looks unanswered",
        "broadcast-only": "answers never reached the capture point, so every connection looks unanswered",
    }

    def __init__(self) -> None:
        super().__init__()
        self.tallies = Tallies(MAX_WINDOWS)
        self._works = Facts(subjects=16_384, each=1_024)
        self.facts = {"works": self._works}
        self._windows: dict[Key, set[Key]] = {}
        self._pruned_at = -1

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Sort conversations into working ones and knocks."""
        control = _to_control(batch)
        knock, failed = _knocks(batch)
        for _, (realm, client, server) in batch.take(control & ~knock).groups("realm", "client", "server"):
            self._works.add((realm or "", client or ""), server or "")
        touched = set(self._machines(batch.take(control & knock)))
        touched |= set(self._ports(batch.take(failed & (batch.integers("server_port") > 0))))
        self._prune()
        return touched

    def _machines(self, knocks: Batch) -> Iterator[Key]:
        groups = _by_window_and_port(knocks, "source", "realm", "client")
        for group, (source, realm, client, place) in groups:
            key = (realm or "", client or "", "machines", "")
            tally = self._window(key, source or "", place >> 16)
            tally.add_group(source or "", groups, group)
            tally.note_rows("server", knocks, groups.rows(group))
            tally.note("port", str(place & 0xFFFF))
            for server, count in Counter(knocks.words_at("server", groups.rows(group))).items():
                tally.note("door", f"{server} {place & 0xFFFF}", count)
            yield key

    def _ports(self, failures: Batch) -> Iterator[Key]:
        groups = _by_window_and_port(failures, "source", "realm", "client", "server")
        for group, (source, realm, client, server, place) in groups:
            key = (realm or "", client or "", "ports", server or "")
            tally = self._window(key, source or "", place >> 16)
            tally.add_group(source or "", groups, group)
            tally.note("port", str(place & 0xFFFF))
            yield key

    def _window(self, key: Key, source: str, window: int) -> Tally:
        place = (*key, source, str(window))
        tally = self.tallies[place]
        if place in self.tallies:
            self._windows.setdefault(key, set()).add(place)
        return tally

    def age_out(self, most: int) -> int:
        """Forget windows in which least was tried, and a client with its last; how many.

        A flood of senders that knock once each hides nobody who searches.
        """
        gone = self.tallies.age_out(most, _tried)
        for place in gone:
            windows = self._windows.get(place[:4], set())
            windows.discard(place)
            if not windows:
                self._windows.pop(place[:4], None)
                self._said.pop(place[:4], None)
        return len(gone)

    def _prune(self) -> None:
        """Forget windows that are long over and were no sweep, once there are many."""
        if len(self.tallies) < PRUNED_FROM:
            return
        newest = max(int(place[5]) for place in self.tallies)
        if newest == self._pruned_at:
            return
        self._pruned_at = newest
        for key in list(self._windows):
            swept = {place for pair in self._swept(key, self._windows[key]) for place in pair}
            for place in self._windows[key] - swept:
                if int(place[5]) < newest - KEPT_WINDOWS:
                    self.tallies.pop(place)
                    self._windows[key].discard(place)
            if not self._windows[key]:
                del self._windows[key]

    def keys(self) -> Iterable[Key]:
        """Give the clients that knocked, by kind of sweep."""
        return sorted(self._windows)

    def tally(self, key: Key) -> Tally:
        """Sum up the windows that show a sweep."""
        whole = Tally()
        for place in sorted(
            {place for pair in self._swept(key, self._windows.get(key, set())) for place in pair}
        ):
            whole.merge(self.tallies[place])
        return whole

    def _swept(self, key: Key, places: set[Key]) -> list[tuple[Key, ...]]:
        """Give the pairs of neighbouring windows (or single ones) that hold a sweep."""
        found: list[tuple[Key, ...]] = []
        for place in places:
            after = (*place[:5], str(int(place[5]) + 1))
            pair = (place, after) if after in places else (place,)
            if self._is_sweep(key, pair):
                found.append(pair)
        return found

    def _is_sweep(self, key: Key, places: tuple[Key, ...]) -> bool:
        kind = "port" if key[2] == "ports" else "door"
        knocks: dict[str, int] = {}
        for place in places:
            words = self.tallies[place].words
            for word, count in words.get(
                kind, words.get("server", {})
            ).items():  # the first versions had no doors
                knocks[word] = knocks.get(word, 0) + count
        if key[2] == "ports":
            return len(knocks) >= LEAST_PORTS
        works = self._works[key[:2]]
        kept_trying = {
            door.partition(" ")[0] for door, count in knocks.items() if count > HABIT * len(places)
        }
        met = {door.partition(" ")[0] for door in knocks} - kept_trying - set(works)
        return len(met) >= MANY_MACHINES or (len(met) >= LEAST_MACHINES and len(met) >= len(works))

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how many were asked; milder for a named engineering station."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, client, kind, target = key
        servers = [target] if kind == "ports" else list(tally.noted("server"))
        ports = sorted(tally.noted("port"), key=int)
        station = context.site.engineering_station(realm, client) is not None
        who = context.name(realm, client)
        title = (
            f"{who} knocked at {len(ports)} ports of {context.name(realm, target)}"
            if kind == "ports"
            else f"{who} knocked at the control ports of {len(servers)} machines"
        )
        shown = ", ".join(
            f"{p} ({CONTROL_PORTS[int(p)]})" if int(p) in CONTROL_PORTS else p for p in ports[:8]
        )
        return Verdict(
            realm=realm,
            machines=(client, target) if target else (client,),
            others=() if target else tuple(servers),
            cause=kind,
            kind="alert",
            severity="low" if station else "high",
            confidence=0.8,
            title=title,
            seen=f"Seen {counted(tally.count, 'short or failed conversation')} within minutes, to ports "
            f"{shown}." + (" The client is a named engineering station." if station else ""),
            matters="A sweep finds out which controllers there are and is what an intruder does first; "
            "and some controllers stop when many connections are opened at once.",
            silent=f"Silent below {LEAST_MACHINES} machines or {LEAST_PORTS} ports within ten minutes, "
            "for clients that work with the machines they connect to, and for those that keep trying the "
            "same dead machine.",
            actions=_ACTIONS,
            techniques=named("search-doors" if kind == "ports" else "search-machines"),
            requirements=(
                *("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 7.1"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("servers", ", ".join(servers)[:2000]), ("ports", ", ".join(ports)[:2000])),
            deed=Deed(
                realm=realm,
                stations=(client,),
                machines=_hosts(servers),
                verbs=("discover", "identify", "read"),
            ),
        )

    def restore_own(self, state: Any) -> None:  # noqa: ARG002 - the windows follow from the tallies
        """Sort the restored windows by client again."""
        self._windows = {}
        for place in self.tallies:
            self._windows.setdefault(place[:4], set()).add(place)


def _tried(window: Tally) -> int:
    return max(map(len, window.words.values()), default=0)


def _hosts(servers: list[str]) -> tuple[str, ...]:
    """Machines among them: whoever asks a broadcast address asks nobody whom an order could name."""
    return tuple(server for server in servers if not server.endswith(".255"))


def _by_window_and_port(batch: Batch, *ends: str) -> Groups:
    """Group conversations by their ends and by one number: the window, and in its low 16 bits the port."""
    place = (batch.times_ns() // WINDOW_NS << 16) | batch.integers("server_port")
    return batch.groups(*ends, bins=place, named="window and port")


def _to_control(batch: Batch) -> NDArray[np.bool_]:
    ports = np.isin(batch.integers("server_port"), np.array(sorted(CONTROL_PORTS)), kind="table")
    mask: NDArray[np.bool_] = ports | batch.among("protocol", CONTROL_PROTOCOLS)
    return mask


def _knocks(batch: Batch) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell per row whether a conversation was a knock (failed, or short), and whether it failed."""
    asked, answered = batch.integers("client_packets"), batch.integers("server_packets")
    tcp, udp = batch.among("transport", ("tcp",)), batch.among("transport", ("udp",))
    failed = (tcp & batch.among("state", ("opened", "refused"))) | (udp & (answered == 0))
    ended = batch.among("state", ("closed", "reset", "established"))
    short = tcp & ended & (asked <= FEW_PACKETS) & (answered <= FEW_PACKETS)
    return failed | short, failed


_ACTIONS: Final = (
    Action(
        text="Ask who runs this machine: an inventory scan of your own should be in the site file as a "
        "named station.",
        risk="None while only asking.",
    ),
    Action(
        text="If nobody knows it, cut the machine off at its switch port and keep it for examination.",
        risk="If it also serves the process (a recorder, a gateway), its users lose it: look at its "
        "other flows first.",
    ),
)
