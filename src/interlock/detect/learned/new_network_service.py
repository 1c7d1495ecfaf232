"""Somebody new who tells the network where everything is: addresses, names, time, or who the neighbours are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.learned.deeds import is_group
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.lexicon import Lexicon
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["NewNetworkService"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """does: after who. matters: what follows. from_server: whether the server of a row serves it, else its client."""

    does: str
    matters: str
    severity: Severity
    techniques: tuple[str, ...]
    from_server: bool = True


_POSES: Final = "a machine that is asked for by name"
_SERVICES: Final[dict[str, _Service]] = {
    "dhcp": _Service(
        does="gives addresses (DHCP)",
        matters="Who gives a machine its address also says which way its traffic goes, and can lead it past itself.",
        severity="high", techniques=named("gives-addresses"),
    ),
    "dhcpv6": _Service(
        does="gives addresses (DHCPv6)",
        matters="Who gives a machine its address also says whom it asks for names, and can lead it astray.",
        severity="high", techniques=named("gives-addresses"),
    ),
    "ntp": _Service(
        does="tells the time (NTP)",
        matters="With a false time, events and alarms are out of order, certificates are refused, and what is timed "
        "runs at the wrong hour.",
        severity="medium", techniques=named("gives-time"),
    ),
    "llmnr": _Service(
        does=f"answers for {_POSES} (LLMNR)",
        matters="Who answers for names that are asked of everybody is given what was meant for others: mostly logons.",
        severity="medium", techniques=named("answers-for-names"),
    ),
    "nbns": _Service(
        does=f"answers for {_POSES} (NetBIOS)",
        matters="Who answers for names that are asked of everybody is given what was meant for others: mostly logons.",
        severity="medium", techniques=named("answers-for-names"),
    ),
    "lldp": _Service(
        does="announces itself as a neighbour (LLDP)",
        matters="Management follows such announcements: false ones hide what is really plugged in, and draw traffic.",
        severity="medium", techniques=named("false-neighbour"), from_server=False,
    ),
    "cdp": _Service(
        does="announces itself as a neighbour (CDP)",
        matters="Management follows such announcements: false ones hide what is really plugged in, and draw traffic.",
        severity="medium", techniques=named("false-neighbour"), from_server=False,
    ),
    "stp": _Service(
        does="takes part in the spanning tree (STP)",
        matters="Who takes part decides which way frames take: the root of the tree sees what passes between its "
        "branches, and each change stops the network for seconds to half a minute.",
        severity="high", techniques=named("takes-part-in-tree"), from_server=False,
    ),
    "redirect": _Service(
        does="tells others another way to send (ICMP Redirect)",
        matters="Who was told a nearer way sends there from then on: whoever tells can have traffic come by.",
        severity="high", techniques=named("directs-traffic"), from_server=False,
    ),
    "router-advertisement": _Service(
        does="announces itself as a router (ICMP Router Advertisement)",
        matters="Machines take the first router that announces itself, over IPv6 even where nobody set one up: what "
        "they send beyond the network, and whom they ask for names, is the announcer's to choose.",
        severity="high", techniques=named("directs-traffic"), from_server=False,
    ),
    "ptp": _Service(
        does="takes part in setting clocks (PTP)",
        matters="The best clock that announces itself sets all others: with a false time, samples of protection, "
        "drives that move together and the order of events are wrong.",
        severity="medium", techniques=named("gives-time"), from_server=False,
    ),
    "mrp": _Service(
        does="takes part in a ring (MRP)",
        matters="The manager of a ring opens and closes it: a false one makes a loop that drowns the network, or "
        "cuts it.",
        severity="high", techniques=named("takes-part-in-tree"), from_server=False,
    ),
    "vrrp": _Service(
        does="announces itself as everybody's router (VRRP)",
        matters="The router of the highest priority is sent all that leaves the network, and may read and change it.",
        severity="high", techniques=named("directs-traffic"), from_server=False,
    ),
    "standby": _Service(
        does="announces itself as everybody's router (HSRP or GLBP)",
        matters="The router of the highest priority is sent all that leaves the network, and may read and change it.",
        severity="high", techniques=named("directs-traffic"), from_server=False,
    ),
    "querier": _Service(
        does="asks everybody who listens to which group (IGMP querier)",
        matters="Switches follow the querier of the lowest address: one that asks wrongly, or stops to ask, takes "
        "GOOSE, samples and other groups from those who listen, or pours them out to everybody.",
        severity="medium", techniques=named("takes-part-in-tree"), from_server=False,
    ),
    "trunk": _Service(
        does="speaks to switches as a switch does (DTP, VTP, PAgP or UDLD)",
        matters="A port that becomes a trunk carries every VLAN: whoever is behind it reaches, and hears, all of them.",
        severity="high", techniques=named("takes-part-in-tree"), from_server=False,
    ),
    **{
        protocol: _Service(
            does=f"tells routers which way to send ({protocol.upper()})",
            matters="Routers believe each other: who tells of a shorter way has traffic come by.",
            severity="high", techniques=named("directs-traffic"), from_server=False,
        )
        for protocol in ("ospf", "eigrp", "rip")
    },
}  # fmt: skip
"""Protocol of the network, or how traffic is directed (clue `directs`) → what it means that somebody new serves it."""

_SPEAKS_FOR_ALL: Final = frozenset({"ntp"})
"""Here, a client's message to a group is the service, too."""
_BY_FLOW: Final = frozenset({"ptp", "mrp", "vrrp", "ospf", "eigrp", "rip"})
"""Here no message is read: who speaks so to a group at all."""
_BY_GROUP: Final = {"224.0.0.1": "querier", "01:00:0c:cc:cc:cc": "trunk"}
"""To whom only they speak: all systems are asked by IGMP's queriers (RFC 2236, 3), Cisco's switches by each other."""
_READ_ELSEWHERE: Final = frozenset({"cdp"})
_IGMP: Final = "ip/2"
_OF_MEMBERS: Final = frozenset({"mrp"})
"""Of those who take part most speak only where a link is lost: nobody is new where others spoke so before."""
_OF_SWITCHES: Final = frozenset({"stp", "mrp"})
_NEIGHBOURS: Final = frozenset({"lldp", "cdp"})
_FORWARD: Final = frozenset({"switch", "router", "firewall", "access-point", "gateway", "modem"})
"""Roles of those whose announcements others follow; a telephone or a camera announces itself, too."""
LEAST_NAMES: Final = 2
"""Names of others that are answered for: one may be its own."""


class NewNetworkService(Learner):
    """One finding per protocol and server. Keys: realm, who, protocol; words are the same."""

    name: ClassVar[str] = "new-network-service"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "time", "frame", "response_frame", "client", "server"),
            *("protocol", "verb", "object", "outcome", "item"),
        ),
        "clues": ("source", "realm", "time", "frame", "who", "field", "value"),
        "flows": (
            *("source", "realm", "client", "server", "protocol", "first", "last", "first_frame"),
            *("transport", "client_port", "server_port", "client_mac"),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.words = Lexicon()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Who serves what."""
        for key, _, _, times in self._served(batch):
            begin, end = int(times.min()) // MINUTE_NS, int(times.max()) // MINUTE_NS
            if len(self.words) and key not in self.words:
                self.surprise(key, begin)
            self.words.meet(key, begin, end)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Look who serves what nobody had served."""
        for key, source, rows, _ in self._served(batch):
            if key in self.words or self._takes_part(key):
                continue
            tally = self.tallies[key]
            tally.add_rows(source, batch, rows)
            tally.note_rows("client_mac", batch, rows)
            if batch.table == "operations":
                other = "client" if _SERVICES[key[2]].from_server else "server"
                tally.note_rows(other, batch, rows)
                tally.note_rows("object", batch, rows)
            yield key

    def _takes_part(self, key: Key) -> bool:
        return key[2] in _OF_MEMBERS and any((word[0], word[2]) == (key[0], key[2]) for word in self.words)

    def _served(self, batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.int64]]]:
        """Give who serves what, source, rows and their times."""
        if batch.table == "clues":
            yield from _directed(batch)
            return
        if batch.table == "flows":
            yield from _spoken(batch)
            yield from _sent_to(batch)
            return
        if batch.table != "operations" or not batch.among("protocol", _SERVICES).any():
            return
        groups = batch.groups("source", "realm", "client", "server", "protocol", "outcome")
        for group, (source, realm, client, server, protocol, outcome) in groups:
            service = _SERVICES.get(protocol or "")
            if service is None or outcome not in ("ok", "unsolicited"):
                continue
            told = outcome == "unsolicited" and protocol in _SPEAKS_FOR_ALL and is_group(server or "")
            who = (server if service.from_server and not told else client) or ""
            if is_group(who) or who in ("", "0.0.0.0", "255.255.255.255"):  # noqa: S104 - addresses that nobody has
                continue
            rows = groups.rows(group)
            yield (realm or "", who, protocol or ""), source or "", rows, batch.times_ns()[rows]

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say who, what, and whom it reaches."""
        realm, who, protocol = key
        service, reached = _SERVICES[protocol], list(tally.noted("client"))
        if protocol in ("llmnr", "nbns") and len(tally.noted("object")) < LEAST_NAMES:
            return None
        ends = standing(context, (realm, who, ""), tally, stranger=False)
        name = context.name
        return Verdict(
            realm=realm,
            machines=(who, *_cards(protocol, tally)),
            others=tuple(machine for machine in reached if not is_group(machine)),
            cause=protocol,
            kind="change"
            if (small := self._takes_up(key, context) or _only_itself(key, tally, context))
            else "alert",
            severity=ends.severity("low" if small else service.severity),
            confidence=0.7,
            title=f"{name(realm, who)} {service.does}, which it had never done",
            seen=f"Seen {counted(tally.count, 'message')}"
            + (f", for {', '.join(name(realm, m) for m in reached[:4])}" if reached else "")
            + f". {ends.told()}".rstrip(),
            matters=service.matters,
            silent="Silent for who served it while learning, for a single name that is answered for, where a work "
            "order covers it, and once accepted (`interlock baseline accept`); a change where a machine that passes "
            "nothing on announces itself alone, or a switch that is known as one takes part in a tree or ring.",
            actions=_ACTIONS,
            deed=deed_at(realm, "", (who,)),
            techniques=service.techniques,
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("names", ", ".join(tally.noted("object"))[:500]),),
        )

    def _takes_up(self, key: Key, context: Context) -> bool:
        """Whether a switch that announced itself to its neighbours while learning begins to do a switch's work."""
        realm, who, protocol = key
        known = any((realm, who, neighbour) in self.words for neighbour in _NEIGHBOURS)
        asset = context.asset(realm, who) if known and protocol in _OF_SWITCHES else None
        return asset is not None and asset.role in _FORWARD

    def knowledge(self) -> Any:
        """Give all known words."""
        return self.words.state()

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.words)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.words.restore(known)


def _directed(batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.int64]]]:
    """Give who directs traffic and how, source, rows and their times."""
    if not batch.among("field", ("directs",)).any():
        return
    for group, (source, realm, who, field, value) in (
        groups := batch.groups("source", "realm", "who", "field", "value")
    ):
        if field == "directs" and value in _SERVICES:
            rows = groups.rows(group)
            yield (realm or "", who or "", value), source or "", rows, batch.times_ns()[rows]


def _spoken(batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.int64]]]:
    """Give who speaks to the network's groups, source, rows and their times."""
    if not (batch.among("protocol", _BY_FLOW) | batch.among("server", _BY_GROUP)).any():
        return
    groups = batch.groups("source", "realm", "client", "server", "protocol", "transport")
    for group, (source, realm, client, server, protocol, transport) in groups:
        if is_group(server or "") and not is_group(client or ""):
            spoken = protocol if protocol in _BY_FLOW else _of_group(server, protocol, transport)
            if spoken:
                rows = groups.rows(group)
                yield (realm or "", client or "", spoken), source or "", rows, batch.times_ns()[rows]


def _of_group(server: str, protocol: str | None, transport: str | None) -> str:
    """What somebody serves who speaks to a group, of which no message is read; nothing for everybody else."""
    service = _BY_GROUP.get(server, "")
    asks = transport == _IGMP if service == "querier" else protocol not in _READ_ELSEWHERE
    return service if asks else ""


def _sent_to(batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.int64]]]:
    """Give who sends as DHCPv6 servers do, from their port to that of clients (RFC 8415, 7.2), or as routers in turn.

    These speak to a group at a port of their own, in datagrams that nobody reads (RFC 2281, 5).
    """
    ports = batch.integers("client_port"), batch.integers("server_port")
    datagrams = batch.among("transport", ("udp",))
    leases = datagrams & (ports[0] == _SERVERS) & (ports[1] == _CLIENTS)
    standing_by = datagrams & np.isin(ports[1], _STANDBY) & batch.among("server", _ROUTERS)
    for spoken, sent in (("dhcpv6", leases), ("standby", standing_by)):
        if not sent.any():
            continue
        at = np.flatnonzero(sent)
        groups = batch.take(sent).groups("source", "realm", "client")
        for group, (source, realm, client) in groups:
            rows = at[groups.rows(group)]
            yield (realm or "", client or "", spoken), source or "", rows, batch.times_ns()[rows]


def _only_itself(key: Key, tally: Tally, context: Context) -> bool:
    """Whether who announces itself is known as something that passes nothing on, and announces nobody else."""
    realm, who, protocol = key
    asset = context.asset(realm, who) if protocol in _NEIGHBOURS else None
    return asset is not None and asset.role not in _FORWARD and set(tally.noted("object")) <= {who}


def _cards(protocol: str, tally: Tally) -> list[str]:
    """The link addresses of who may well have made its address itself: few know it by that."""
    return list(tally.noted("client_mac"))[:2] if protocol in ("dhcpv6", "querier") else []


_SERVERS, _CLIENTS = 547, 546
_STANDBY: Final = (1985, 3222)
_ROUTERS: Final = frozenset({"224.0.0.2", "224.0.0.102", "ff02::66"})
"""Ports and groups of HSRP and GLBP."""
_ACTIONS: Final = (
    Action(
        text="Ask who set this service up; if it is meant to be, accept it with its reason.",
        risk="None while only asking.",
    ),
    Action(
        text="Find its switch port and take it down; then renew addresses, names and clocks of whom it reached.",
        risk="If it is the only one left, machines that begin anew get no address or time: have the true one ready.",
    ),
)
