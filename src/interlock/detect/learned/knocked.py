"""What is said of somebody who knocks at doors and goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.causes import Verdict
from interlock.detect.learned.deeds import is_group
from interlock.detect.learned.doors import ALARMS_APART_DAYS, MANY_TRIES
from interlock.detect.learned.outside import outside_of
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.learned.standing import Standing
    from interlock.detect.tally import Key, Tally
    from interlock.records.finding import Action
    from interlock.records.vocabulary import Severity

__all__ = ["belongs", "dials_out", "knocked", "nobody_listens", "strays"]

LEAST_OUTSIDE: Final = 4
"""Calls outside that nobody takes: a beacon that finds nobody tries again."""

COMMANDING: Final = frozenset(
    f"tcp/{port}" for port in (22, 23, 1080, 1194, 1723, 3389, 5900, 5938, 6568, 7070, 9001, 9050, 9150)
)
"""Doors of remote control, tunnels and proxies (SSH, Telnet, SOCKS, OpenVPN, PPTP, RDP, VNC, TeamViewer, AnyDesk, Tor):
what looks for updates by itself calls others."""
LEAST_DOORS: Final = 5
"""Of one machine that somebody tried in vain, with which other calls without a word belong to his search."""
LEAST_INSIDE: Final = 3
"""Knocks of a controller at doors of the plant that nobody opens: no person mistypes an address there."""
_AT_THE_PROCESS: Final = frozenset(
    {"plc", "rtu", "io", "drive", "safety-controller", "ied", "building-controller"}
)
"""Roles of machines that call nobody outside a plant but what they were set up for."""

_UNHEARD: Final = frozenset({"opened", "refused"})
"""States of TCP conversations that nobody accepted."""


def knocked(key: Key, tally: Tally, context: Context, silent: str, actions: tuple[Action, ...]) -> Verdict:
    """Say at how many machines and ports. silent, actions: as of all new conversations."""
    realm, client = key[:2]
    servers, doors = list(tally.noted("server")), list(tally.noted("service"))
    ends = standing(context, (realm, client, ""), tally, stranger=bool(tally.noted("stranger")))
    name = context.name(realm, client)
    return Verdict(
        realm=realm,
        machines=(client,),
        others=tuple(server for server in servers if not is_group(server)),
        cause=key[3],
        kind="change" if ends.ordered else "alert",
        severity=_severity(key[3], ends),
        confidence=0.8,
        title=_title(name, servers, doors, tally, context, realm),
        seen=f"Seen {counted(tally.count, 'conversation')} without a word, at {', '.join(doors[:8])}. "
        f"{ends.told()}".strip(),
        matters="Whoever tries doors looks for a way on; some controllers stop when many are tried at once.",
        silent="Silent where mistakes alone would make so many first contacts in so short a time more often than "
        f"once in {ALARMS_APART_DAYS:.0f} days: one machine, or three ports of it, are not enough where the client "
        f"is known, unless it tries one control port {MANY_TRIES} times within two minutes, or a controller calls "
        f"outside the plant, or any machine {LEAST_OUTSIDE} times at doors of remote control, tunnels and proxies, or, "
        f"{LEAST_INSIDE} times, at a closed door inside. {silent}",
        actions=actions,
        deed=deed_at(realm, client, servers),
        techniques=named(_meant(realm, servers, doors, tally, context)),
        requirements=("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2", "NIS2 Art. 21(2)(b)"),
        data=(("servers", ", ".join(servers)[:500]), ("ports", ", ".join(doors)[:500])),
    )


def _severity(service: str, ends: Standing) -> Severity:
    """Who asks everybody may be a tool for devices that nobody has here: milder than doors that were tried."""
    if ends.ordered:
        return "info"
    return "low" if service == "everybody" else "high" if ends.stranger else "medium"


def _title(
    name: str, servers: list[str], doors: list[str], tally: Tally, context: Context, realm: str
) -> str:
    what = _meant(realm, servers, doors, tally, context)
    if all(map(is_group, servers)):
        return f"{name} called everybody at {counted(len(doors), 'port')} at which it had never called"
    if what == "flood-of-connections":
        return (
            f"{name} opened {counted(tally.count, 'connection')} to {context.name(realm, servers[0])} "
            f"at {doors[0]} and said nothing in them"
        )
    if what == "calls-outside":
        at = " and ".join(doors)
        return (
            f"{name} called {servers[0]} outside the plant at {at} in vain ({counted(tally.count, 'time')})"
        )
    return (
        f"{name} knocked and went away: {counted(len(servers), 'machine')}, "
        f"{counted(len(doors), 'port')}, none of which it had ever called"
    )


def _meant(realm: str, servers: list[str], doors: list[str], tally: Tally, context: Context) -> str:
    """What it is called: one door is no search.

    Behind one outside somebody was to answer; one that lets everybody in, over and over, is kept busy.
    """
    if len(doors) < LEAST_DOORS and len(servers) == 1 and outside_of(realm, servers[0], context):
        return "calls-outside"
    if len(servers) == len(doors) == 1:
        accepted = not _UNHEARD & set(tally.noted("state"))
        if accepted and tally.count >= MANY_TRIES and doors[0].startswith("tcp/"):
            return "flood-of-connections"
    if all(map(is_group, servers)):
        return "search-machines"
    return "search-machines" if len(servers) >= len(doors) else "search-doors"


def dials_out(realm: str, client: str, tally: Tally, context: Context) -> bool:
    """Whether a controller calls outside the plant, over and over, where it has no business that it was set up for.

    Or any machine, at doors by which it would be commanded from there.
    """
    outside, tried = tally.noted("outside").get("yes", 0), tally.noted("service")
    commanding = sum(tried.get(door, 0) for door in COMMANDING) - (tally.count - outside)
    return (
        outside >= LEAST_OUTSIDE and context.role(realm, client) in _AT_THE_PROCESS
    ) or commanding >= LEAST_OUTSIDE


def strays(realm: str, client: str, tally: Tally, context: Context) -> bool:
    """Whether a controller knocks where it never knocked, over and over, within the plant."""
    within = tally.count - tally.noted("outside").get("yes", 0)
    return within >= LEAST_INSIDE and context.role(realm, client) in _AT_THE_PROCESS


def belongs(calls: Tally, search: Tally, server: str) -> bool:
    """Whether in none of some calls anything was said, and their caller tried many other doors of the same machine.

    What answers him with a reset is as much part of his search as what does not answer: that is told as one.
    """
    if calls.noted("mute").get("yes", 0) < calls.count:
        return False
    doors = sum(door.partition(" ")[0] == server for door in search.noted("door"))
    return doors >= LEAST_DOORS


def nobody_listens(
    key: Key, door: str, tally: Tally, context: Context, silent: str, actions: tuple[Action, ...]
) -> Verdict:
    """Say who sent datagrams to where nobody listens. key: of the machine's ICMP message that says so (RFC 792).

    Whoever answers so calls nobody: it was called. door: where the datagrams went.
    """
    realm, server, client, _ = key
    ends = standing(context, (realm, client, server), tally, stranger=bool(tally.noted("unheard")))
    name = context.name
    who = f"A machine never seen before, {name(realm, client)}," if ends.stranger else name(realm, client)
    return Verdict(
        realm=realm,
        machines=(client, server),
        cause="datagrams to a closed port",
        kind="change" if ends.ordered else "alert",
        severity=ends.severity("medium" if ends.stranger else "low"),
        confidence=0.6,
        title=f"{who} sent datagrams to {name(realm, server)} at {door}, where nobody listens",
        seen=f"Seen {counted(tally.count, 'conversation')} in which the machine says by ICMP that it takes no such "
        f"datagrams. {ends.told()}".strip(),
        matters="Whoever sends to ports that are closed looks for a service, or for a fault in what may listen there.",
        silent=silent,
        actions=actions,
        deed=deed_at(realm, client, (server,)),
        techniques=named("calls-outside" if outside_of(realm, server, context) else "search-doors"),
        requirements=("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2", "NIS2 Art. 21(2)(b)"),
        data=(("ports", door),),
    )
