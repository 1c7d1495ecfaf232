"""A conversation with somebody, or at a service, that was never used: also one of which nothing can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS, REQUEST
from interlock.detect.causes import Verdict
from interlock.detect.control import CONTROL_PORTS, spoken
from interlock.detect.learned.deeds import INFRASTRUCTURE, REMOTE, is_group
from interlock.detect.learned.doors import ANNOUNCED, Doors
from interlock.detect.learned.knocked import belongs, dials_out, knocked, nobody_listens, strays
from interlock.detect.learned.learner import HELD_BACK, Learner
from interlock.detect.learned.lexicon import Lexicon
from interlock.detect.learned.outside import is_public, nobodys, outside_of
from interlock.detect.learned.presence import CYCLE, cycle_seen
from interlock.detect.learned.standing import deed_at, standing, unordered
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context
    from interlock.detect.learned.standing import Standing
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["NewConversation"]

_COLUMNS: Final = ("source", "realm", "client", "server", "transport", "protocol", "basis", "state")
_DYNAMIC: Final = 49_152
"""First port that machines choose at random (RFC 6335, 6)."""
FEW_PACKETS: Final = 6
"""Each way: a TCP conversation without content has no more."""
MOST_READ: Final = 50_000
_ANSWERED: Final = 1 << 20
_SHORT: Final = 1 << 21
LEAST_CALLS: Final = 4
MANY_CALLS: Final = 20
"""Connections within a minute to one service, of which nothing can be read: it has only so many to give."""
STEADY: Final = 0.35
"""Spread of the pauses between calls, as a part of their mean, up to which they are taken for a program's."""
_REMOTE_PORTS: Final = {22: "ssh", 23: "telnet", 135: "dcerpc", 139: "smb", 445: "smb", 3389: "rdp", 5900: "vnc",
                        5985: "winrm", 5986: "winrm"}  # fmt: skip
_ASKED_FOR: Final = frozenset({"udp/53", "udp/123", "udp/514"}) | {f"udp/{port}" for port in ANNOUNCED}
"""What a system of the plant looks for by itself, where nobody gives it: names, time, a place for its log."""
_CARRIERS: Final = frozenset({"cotp", "tpkt", "enip"})
"""What carries control protocols, and is all that can be read where a server lets nobody through."""
_WEB: Final = frozenset({53, 80, 123, 443, 8000, 8080, 8443, 8883, 1883})


class NewConversation(Learner):
    """One finding per client, server and service; one per client for all doors that it found closed.

    Keys: realm, client, server or "", service. Words: services of a pair (c), pairs (p), machines (m). What a
    protocol's decoder reads is judged by its deeds (new-deed), here only where nothing of it could be read.
    """

    name: ClassVar[str] = "new-conversation"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (*REQUEST,),
        "flows": (
            *("source", "realm", "client", "server", "client_port", "server_port"),
            *("transport", "protocol", "basis"),
            *("state", "first", "last", "first_frame", "client_packets", "server_packets"),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.words = Lexicon()
        self.doors = Doors()
        self._read: set[Key] = set()
        self._unanswered: dict[Key, str] = {}
        """Realm, client and server of datagrams without an answer → where they went."""

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Every conversation's words."""
        if batch.table == "operations":
            return
        for row, groups, group in _rows(batch):
            _, first, last, _ = groups.summary(group)
            minutes = (first // MINUTE_NS, last // MINUTE_NS)
            found = self._deviation(row)
            if found is not None and found[2]:
                self.surprise(found, minutes[0])
            elif found is not None and (row.searches or row.calls_all):
                self.doors.stray(row.key, minutes[0])
            for word in row.words():
                self.words.meet(word, *minutes)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:
        """Look at conversations whose words are not all known."""
        if batch.table == "operations":
            self._note_read(batch)
            return
        for row, groups, group in _rows(batch):
            cause = self._deviation(row)
            if row.transport == "udp" and row.closed and len(self._unanswered) < MOST_READ:
                self._unanswered[row.realm, row.client, row.server] = row.service
            if cause is None:
                continue
            rows = groups.rows(group)
            stranger = ("m", row.realm, row.client) not in self.words
            outside = row.closed and row.transport == "tcp" and outside_of(row.realm, row.server, context)
            if outside and not row.searches:
                cause = (*cause[:2], "", "outside")
            elif not cause[2]:
                rows = self._knocked(row, cause, batch.times_ns(), rows, context, stranger=stranger)
                if not len(rows):
                    continue
            tally = self.tallies[cause]
            tally.add_rows(row.source, batch, rows)
            unheard = ("m", row.realm, row.server) not in self.words
            noted = {"server": row.server, "service": row.service, "state": row.state, "protocol": row.protocol,
                     "door": f"{row.server} {row.service}", "outside": "yes" if outside else "",
                     "stranger": "yes" if stranger else "", "unheard": "yes" if unheard else "",
                     "mute": "yes" if row.mute else ""}  # fmt: skip
            for kind, word in noted.items():
                if word:
                    tally.note(kind, word, len(rows))
            for time in batch.times_ns()[rows][:64].tolist():
                tally.note("at", str(time // 1_000_000_000))
            yield cause

    def _knocked(
        self, row: _Conversation, cause: Key, times: NDArray[np.int64], rows: NDArray[np.int64], context: Context,
        *, stranger: bool,
    ) -> NDArray[np.int64]:  # fmt: skip
        """First contacts without a word that no order covers, and that may be a search.

        Who asks everybody at one port looks for devices of his own maker, as a tool for them does; at more, for any.
        """
        if not (row.searches or row.calls_all):
            return rows[:0]
        if context.site.work_orders:
            rows = rows[unordered(context.site, (row.realm, row.client, row.server), "", times[rows])]
        if len(rows):
            begin = self.observed.at_share(1 - HELD_BACK)
            rate = self.doors.rate_a_day(begin, self.observed.since(begin))
            first = row.calls_all and set(self.tallies[cause].noted("service")) <= {row.service}
            whom = f"{row.server} {row.service}" if row.calls_all else row.server
            for time in times[rows][: not first].tolist():
                self.doors.knock(
                    (*cause[:2], *cause[3:]) if row.calls_all else cause[:2], (time, whom, row.service),
                    stranger=stranger and not row.calls_all, rate_a_day=rate,
                )  # fmt: skip
            if row.controls and not row.calls_all:
                minutes, counts = np.unique(times[rows] // MINUTE_NS, return_counts=True)
                for minute, count in zip(minutes.tolist(), counts.tolist(), strict=True):
                    self.doors.tried(cause[:2], (row.server, row.service), minute, count)
        return rows

    def _note_read(self, batch: Batch) -> None:
        """What is read of conversations: their deeds are judged as such."""
        for _, (_, realm, client, server, protocol, *_) in batch.relations():
            if len(self._read) < MOST_READ:
                self._read.add((realm or "", client or "", server or "", protocol or ""))

    def _deviation(self, row: _Conversation) -> Key | None:
        link = row.transport.startswith("eth/") and (
            row.protocol != CYCLE or row.answered or is_group(row.server)
        )
        if row.protocol in INFRASTRUCTURE or link or is_group(row.client):
            return None  # nobody calls from a group's address: it is an answer to all, who asked was not seen
        if row.nobody:
            called = not row.calls_all or ("c", *row.key) in self.words
            return None if called else (row.realm, row.client, "", "everybody")
        if row.closed:
            if ("p", row.realm, row.client, row.server) in self.words:
                return None if ("c", *row.key) in self.words else (row.realm, row.client, "", "knock")
            return (row.realm, row.client, "", "knock")
        both = (("c", *row.key), ("c", row.realm, row.server, row.client, row.service))
        if any(word in self.words for word in both):
            return None
        return row.key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say who calls whom, and whether it looks like a program that reports somewhere."""
        realm, client, server, service = key
        if service in ("knock", "outside", "everybody"):
            here = (realm, client, tally, context)
            dials = dials_out(*here) or (service == "knock" and strays(*here))
            caller: Key = {"everybody": (*key[:2], service), "outside": ()}.get(service, key[:2])
            if dials or self.doors.searches(caller):
                return knocked(key, tally, context, _SILENT, _ACTIONS)
            return None
        if service == "icmp" and (door := self._unanswered.get((realm, server, client))):
            if door in _ASKED_FOR and not tally.noted("unheard"):
                return None
            return nobody_listens(key, door, tally, context, _SILENT, _ACTIONS)
        search = (realm, client, "", "knock")
        told = search in self.tallies and self.doors.searches(key[:2])
        if told and belongs(tally, self.tallies[search], server):
            return None
        protocols = set(tally.noted("protocol"))
        if protocols and all((realm, client, server, p) in self._read for p in protocols):
            return None
        return _called(realm, client, server, service, tally, context)

    def knowledge(self) -> Any:
        """Give all known words, and strays."""
        return [
            *self.words.state(),
            [[list(door), minute] for door, minute in sorted(self.doors.strays.items())],
        ]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.words)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back; what the first versions learned has no strays."""
        self.words.restore(known)
        strays = known[2] if len(known) > 2 else []
        self.doors.strays = {tuple(str(w) for w in door): int(minute) for door, minute in strays}

    def besides(self) -> Any:
        """Give what is read of conversations, and who knocked lately."""
        unanswered = [[*pair, door] for pair, door in self._unanswered.items()]
        return {"read": sorted(self._read), "doors": self.doors.state(), "unanswered": unanswered}

    def restore_besides(self, state: Any) -> None:
        """Take it back; the first versions kept only what is read."""
        read, doors = (state["read"], state["doors"]) if isinstance(state, dict) else (state, [[], []])
        self._read = {tuple(str(w) for w in key) for key in read}
        self.doors.restore(doors)
        unanswered = state.get("unanswered", ()) if isinstance(state, dict) else ()
        self._unanswered = {(str(r), str(c), str(s)): str(door) for r, c, s, door in unanswered}


class _Conversation:
    """Conversations that agree in all that matters."""

    __slots__ = (
        *("answered", "calls_all", "client", "closed", "controls", "nobody", "protocol", "realm"),
        *("mute", "searches", "server", "service", "source", "state", "transport"),
    )

    def __init__(self, key: tuple[Any, ...]) -> None:
        source, realm, client, server, transport, protocol, basis, state, marks = key
        self.source, self.realm, self.client, self.server = (
            source or "",
            realm or "",
            client or "",
            server or "",
        )
        self.transport, self.state = transport or "", state or ""
        port, answered, short = marks & 0xFFFF, bool(marks & _ANSWERED), bool(marks & _SHORT)
        self.answered, self.nobody = answered, nobodys(self.server)
        self.protocol = (protocol or "") if basis in ("parsed", "heuristic") else ""
        where = "dynamic" if port >= _DYNAMIC else str(port)
        self.service = self.protocol or (f"{self.transport}/{where}" if port else self.transport)
        tcp = self.transport == "tcp"
        self.mute = tcp and (short or not answered) and not self.protocol
        tried = tcp and self.state in ("opened", "refused")
        tried |= short and not self.protocol and port in CONTROL_PORTS
        self.closed = tried or (self.transport == "udp" and not answered)
        if self.closed:
            self.service = f"{self.transport}/{port}"
        self.controls = port in CONTROL_PORTS
        # Whom nobody of the plant answers outside of it, and datagrams without an answer, are everyday in offices.
        self.searches = self.closed and not is_public(self.server) and (tcp or port in CONTROL_PORTS)
        unread = self.nobody and self.closed and not tcp and not self.protocol
        self.calls_all = unread and 0 < port < _DYNAMIC and port not in ANNOUNCED

    @property
    def key(self) -> Key:
        """Who calls whom at what."""
        return (self.realm, self.client, self.server, self.service)

    def words(self) -> Iterator[Key]:
        """What is learned of it."""
        yield ("m", self.realm, self.client)
        if not self.closed:
            yield ("m", self.realm, self.server)
        yield ("p", self.realm, self.client, self.server)
        yield ("c", *self.key)


def _rows(batch: Batch) -> Iterator[tuple[_Conversation, Groups, int]]:
    """Group conversations by their words, their server's port and whether it answered."""
    asked, answered = batch.integers("client_packets"), batch.integers("server_packets")
    short = (asked <= FEW_PACKETS) & (answered <= FEW_PACKETS) & (answered > 0)
    marks = batch.integers("server_port") | (answered > 0) * _ANSWERED | short * _SHORT
    groups = batch.groups(*_COLUMNS, bins=marks, named="port, answer, length")
    for group, key in groups:
        yield _Conversation(key), groups, group


def _regular(tally: Tally) -> float | None:
    """Seconds between calls, where there are enough and they come steadily; else None."""
    at = np.array(sorted(int(second) for second in tally.noted("at")), np.float64)
    if len(at) < LEAST_CALLS:
        return None
    pauses = np.diff(at)
    mean = float(pauses.mean())
    return mean if mean >= 1 and float(pauses.std()) <= STEADY * mean else None


def _called(realm: str, client: str, server: str, service: str, tally: Tally, context: Context) -> Verdict:
    steady = _regular(tally)
    ends = standing(context, (realm, client, server), tally, stranger=bool(tally.noted("stranger")))
    name, told = context.name, _told(service)
    public = is_public(server) and not context.site.owns(realm, server)
    rhythm = f"every {steady:.0f} s" if steady else ""
    usual = _usual(service, tally, ends, public=public, steady=steady is not None)
    who = f"A machine never seen before, {name(realm, client)}," if ends.stranger else name(realm, client)
    return Verdict(
        realm=realm,
        machines=(client, server),
        cause=service,
        kind="change" if ends.ordered else "alert",
        severity=ends.severity(usual),
        confidence=0.8 if steady or public else 0.6,
        title=f"{who} calls {name(realm, server)} at {told}{f' {rhythm}' if rhythm else ''}, which it had never done",
        seen=f"Seen {counted(tally.count, 'conversation')} at {told}, of which no deed could be read"
        f"{f', {rhythm}' if rhythm else ''}{', outside the plant' if public else ''}. {ends.told()}".strip(),
        matters="Whoever has got in reports home and is told what to do next by such calls, mostly small and regular."
        if steady or public
        else "A way between two machines that was not used before is how somebody moves on from one to the next.",
        silent=_SILENT,
        actions=_ACTIONS,
        deed=deed_at(realm, client, (server,)),
        techniques=_techniques(service, tally, steady=steady is not None, public=public),
        requirements=(
            "IEC 62443-3-3 SR 5.2",
            "IEC 62443-3-3 SR 6.2",
            "IEC 62443-3-3 SR 1.13",
            "NIS2 Art. 21(2)(b)",
        ),
        data=(
            ("service", told),
            ("state", ", ".join(tally.noted("state"))),
            ("period-s", f"{steady or 0:.0f}"),
        ),
    )


def _usual(service: str, tally: Tally, ends: Standing, *, public: bool, steady: bool) -> Severity:
    """How grave a call is; who is set over machines looks whether they are there."""
    if ends.named and service == "icmp":
        return "low"
    if ends.stranger or _remote(service):
        return "high" if public else "medium"
    return "high" if public and steady else "medium" if public or steady or tally.noted("unheard") else "low"


def _remote(service: str) -> bool:
    return service in REMOTE or any(service == f"tcp/{port}" for port in _REMOTE_PORTS)


def _techniques(service: str, tally: Tally, *, steady: bool, public: bool) -> tuple[str, ...]:
    if _remote(service):
        return named("remote-work")
    if service == CYCLE:
        return named(cycle_seen(tally))
    if service in _CARRIERS:  # as far as the transport and no word beyond it: what is behind it is tried
        return named("search-doors" if tally.count >= LEAST_CALLS else "control-port-called")
    if tally.count >= MANY_CALLS * max(1.0, (tally.last - tally.first) / MINUTE_NS) and not public:
        return named("flood-of-connections")
    if service.rpartition("/")[2].isdecimal() and int(service.rpartition("/")[2]) in CONTROL_PORTS:
        return named("control-port-called")
    web = service in ("http", "tls", "mqtt", "dns") or any(service.endswith(f"/{port}") for port in _WEB)
    if steady or public or web:
        return named("call")
    return named("port-called")


def _told(service: str) -> str:
    if "/" not in service:
        return spoken(service)
    port = service.rpartition("/")[2]
    known = CONTROL_PORTS.get(int(port)) or _REMOTE_PORTS.get(int(port)) if port.isdecimal() else None
    return f"{service} ({known})" if known else service


_SILENT: Final = (
    "Silent for whom it called so while learning, and once accepted (`interlock baseline accept`); info where a work "
    "order of the site file covers it."
)
_ACTIONS: Final = (
    Action(
        text="Find the program on the client that opens these conversations, and ask who put it there.",
        risk="None while only looking; a scan of the client for it may disturb a panel.",
    ),
    Action(
        text="Block this way at the firewall or switch between the two.",
        risk="If it belongs to a service that was only never seen before (updates, backups), that service ends.",
    ),
)
