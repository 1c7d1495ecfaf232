"""A plant device that talks to a public address."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from interlock.detect.batch import CALL, REQUEST
from interlock.detect.causes import CauseDetector, Verdict, milder
from interlock.detect.control import CONTROL_PROTOCOLS, PLANT_ROLES, spoken
from interlock.detect.facts import Facts
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action
from interlock.records.ipv4 import ipv4_number, is_multicast_ipv4, is_public_ipv4

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["PublicAddress"]

_SITE_BITS: Final = {4: 16, 6: 48}
"""Two public addresses that share this many leading bits are taken for one site's own network."""
_SEEN_SPEAKING: Final = ("parsed", "heuristic")
_INFRASTRUCTURE: Final = frozenset({"ntp", "dns"})


class PublicAddress(CauseDetector):
    """One finding per plant device."""

    name: ClassVar[str] = "public-address"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "flows": (*CALL, "last", "protocol", "basis"),
        "operations": (*REQUEST,),
    }

    def __init__(self) -> None:
        super().__init__()
        self._plant = Facts(each=1)
        self.facts = {"plant": self._plant}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Learn who serves control protocols; count conversations with public addresses."""
        if batch.table == "flows":
            return self._flows(batch, context)
        for _, (_, realm, _, server, protocol, _, outcome, _) in batch.relations():
            if protocol in CONTROL_PROTOCOLS and outcome in ("ok", "refused") and server:
                self._plant.add((realm or "", server), protocol)
        return ()

    def _flows(self, batch: Batch, context: Context) -> Iterator[Key]:
        answered = batch.integers("server_packets") > 0
        spoken_to = (
            answered & batch.among("protocol", CONTROL_PROTOCOLS) & batch.among("basis", _SEEN_SPEAKING)
        )
        for _, (realm, server, protocol) in batch.take(spoken_to).groups("realm", "server", "protocol"):
            if server:
                self._plant.add((realm or "", server), protocol)
        yield from self._outward(batch.take(_public_end(batch)), context)

    def _outward(self, batch: Batch, context: Context) -> Iterator[Key]:
        """Count conversations of which at least one end has a public address."""
        columns = ("source", "realm", "client", "server", "protocol", "transport")
        port_answered = 2 * batch.integers("server_port") + (batch.integers("server_packets") > 0)
        groups = batch.groups(*columns, bins=port_answered, named="port, answered")
        for group, (source, realm, client, server, protocol, transport, number) in groups:
            service = protocol or f"{transport}/{number >> 1}"
            for device, peer, way in ((client, server, "asks"), (server, client, "is asked by")):
                if device and peer and _abroad(device, peer) and not context.site.owns(realm or "", peer):
                    answered = "yes" if number & 1 else "no"
                    words = {"peer": peer, "service": service, "way": way, "answered": answered}
                    yield self._count((realm or "", device), source or "", groups, group, words)

    def _count(self, key: Key, source: str, groups: Groups, group: int, words: Mapping[str, str]) -> Key:
        tally = self.tallies[key]
        tally.add_group(source, groups, group)
        for kind, word in words.items():
            tally.note(kind, word, groups.summary(group)[0])
        control = words["service"] in CONTROL_PROTOCOLS
        if control and words["answered"] == "yes":
            tally.note("control", words["way"])
        return key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Silent for machines that are not the plant's; gravest where control is asked for from outside."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, device = key
        control = tally.noted("control")
        plant = key in self._plant or context.role(realm, device) in PLANT_ROLES
        plant = plant or context.site.safety_system(realm, device) is not None
        if not plant and "asks" not in control:
            return None
        peers, services = list(tally.noted("peer")), list(tally.noted("service"))
        way = " and ".join(tally.noted("way"))
        return Verdict(
            realm=realm,
            machines=(device,),
            others=tuple(peers),
            cause="public address",
            kind="exposure",
            severity=_severity(tally, set(services)),
            confidence=0.9 if tally.noted("answered").get("yes") else 0.7,
            title=f"{context.name(realm, device)} {way} "
            f"{counted(len(peers), 'public address', 'public addresses')}",
            seen=f"Seen {counted(tally.count, 'conversation')} with {', '.join(peers[:5])} over "
            f"{', '.join(spoken(s) for s in services[:5])}; {tally.noted('answered').get('yes', 0)} were "
            "answered.",
            matters="A path to the internet is a way in for whoever finds it and a way out for what is "
            "stolen: "
            + (
                "here a control protocol itself runs over it, and anyone may be at the other end."
                if control
                else "a plant device seldom needs it, and nobody patches it as often as the internet demands."
            ),
            silent="Silent for machines that serve no control protocol and have no role at the process, "
            "and for public addresses that the site file lists as the plant's own (realms.networks) or "
            "that share the device's network.",
            actions=_ACTIONS,
            techniques=named(
                "asked-from-outside" if "is asked by" in tally.noted("way") else "calls-outside"
            ),
            requirements=(
                *("IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 1.13", "IEC 62443-3-3 SR 5.1"),
                *("NIS2 Art. 21(2)(e)", "NIS2 Art. 21(2)(g)"),
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:1000]) for kind in sorted(tally.words)),
        )


def _severity(tally: Tally, services: set[str]) -> Severity:
    answered = bool(tally.noted("answered").get("yes"))
    if "is asked by" in tally.noted("control"):
        return "critical"
    usual: Severity = "medium" if services <= _INFRASTRUCTURE else "high"
    return usual if answered else milder(usual)


def _public_end(batch: Batch) -> NDArray[np.bool_]:
    """Tell per row whether one of its ends has a public address."""
    mask = np.zeros(len(batch), np.bool_)
    for end in ("client", "server"):
        words, _ = batch.words(end)
        mask |= batch.among(end, {word for word in words if word and _network(word)[1]})
    return mask


def _abroad(device: str, peer: str) -> bool:
    """Tell whether the peer's address is public and no neighbour of the device's."""
    ours, theirs = _network(device), _network(peer)
    return theirs[1] and ours[0] not in ("", theirs[0])


@lru_cache(maxsize=16_384)
def _network(address: str) -> tuple[str, bool]:
    """Name the network that a site would own around an address (empty: no machine's), and if it is public."""
    number = ipv4_number(address)
    if number is not None:
        nobody = number == 0 or is_multicast_ipv4(number)
        return ("", False) if nobody else (f"4/{number >> 32 - _SITE_BITS[4]:x}", is_public_ipv4(number))
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "", False
    if ip.is_multicast or ip.is_unspecified:
        return "", False
    return f"{ip.version}/{int(ip) >> (ip.max_prefixlen - _SITE_BITS[ip.version]):x}", ip.is_global


_ACTIONS: Final = (
    Action(
        text="Ask who set this up (remote maintenance, cloud service, time server) and close it at the "
        "firewall if nobody needs it.",
        risk="A maintenance contract or a cloud dashboard may depend on it; closing it does not touch "
        "the process.",
    ),
    Action(
        text="What is needed should end at a machine in a demilitarised zone, not at the device.",
        risk="Moving the path interrupts the service for as long as the change takes.",
    ),
)
