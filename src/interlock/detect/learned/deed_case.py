"""What is said of a deed that was never done here: title, weight, techniques, what follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.deeds import ACTS, DEEDS, REMOTE, is_group
from interlock.detect.learned.outside import outside_of
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.silencing import named_by_functions
from interlock.detect.techniques import SEEN, named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["Case", "appeared", "much", "pours"]

_NOVELTY: Final = {"machine": 4, "relation": 3, "verb": 2, "function": 1, "object": 1, "user": 1, "look": 1}

_ASKED_FOR: Final = frozenset({"dnp3", "iec104"})
"""Before a station reports values its master starts data transfer (IEC 104: STARTDT), or enables reports (DNP3)."""
FLOOD: Final = 120
"""Requests, and requests a minute."""


SAME_AGAIN: Final = 50
A_SECOND: Final = 10
"""Requests for each thing, and of all of them each second, of who wants no answer; panels ask some times a second."""


def pours(tally: Tally) -> bool:
    """Whether requests of any kind come so fast that they may keep the server from its work."""
    return tally.count >= FLOOD and tally.count >= FLOOD * _minutes(tally)


MANY_READ: Final = 16
"""Objects that a client reads for the first time, where it had read fewer than that before."""
FEW_READ: Final = 5
ONCE: Final = 1.5
AFTER_NS: Final = 10_000_000_000
"""The same of who reads each of them once, and then none for so long: a new page of a panel is read over and over."""
GUESSED: Final = 3
"""Of them, where most are not there: who is given what to read by a project asks for nothing that is not."""


def much(tally: Tally, before: int, now: int, *, looked: bool) -> bool:
    """Whether so much is read, or asked, for the first time that it is news.

    before: objects read until then. now: UTC ns. looked: asks what is there, and reads nothing.
    """
    new, refused = len(tally.noted("new")), tally.noted("outcome").get("refused", 0)
    guesses = refused >= GUESSED and 2 * refused >= tally.count
    unknown = "function" in tally.noted("news") and refused == tally.count
    walks = tally.count < ONCE * new and now - tally.last >= AFTER_NS
    least = FEW_READ if walks and not looked else MANY_READ
    return unknown or new >= max(least, before) or (new >= GUESSED and guesses)


class Case:
    """One cause, looked at from all sides."""

    def __init__(self, key: Key, tally: Tally, context: Context, unsettled: str = "") -> None:
        """unsettled: a sentence that says why something new was to be expected there; empty where it was not."""
        self.realm, self.client, self.server, self.protocol, self.name = key
        self.tally, self.context = tally, context
        self.deed = DEEDS["authenticate" if self.name == "user" else self.name]
        self.news = max(tally.noted("news"), key=lambda n: _NOVELTY[n], default="object")
        self.standing = standing(
            context, (self.realm, self.client, self.server), tally, stranger=self.news == "machine"
        )
        self.servers = list(tally.noted("server"))
        self.unsettled = "" if self._floods or self.standing.safety else unsettled

    def verdict(self) -> Verdict:
        """All of it."""
        deed, grave = self.deed, self.news in ("machine", "relation")
        return Verdict(
            realm=self.realm,
            machines=(self.client, self.server) if self.server else (self.client,),
            others=() if self.server else tuple(self.servers),
            cause=f"{self.protocol} {self.name}",
            kind="change" if self.standing.ordered or self.spare or self.unsettled else "alert",
            severity=self.severity(),
            confidence=0.8 if grave else 0.7,
            title=self.title(),
            seen=self.seen(),
            matters=deed.matters,
            silent="Silent for what was done while learning (`interlock baseline learn`), for handshakes and restarts "
            "of machines that work together, where a work order of the site file covers it, and once accepted "
            "(`interlock baseline accept`); info in a maintenance window.",
            actions=_ACTIONS,
            deed=None
            if self.standing.safety and self.name in ACTS
            else deed_at(self.realm, self.client, self.servers, self.tally.noted("verb")),
            techniques=self.techniques(),
            requirements=(*deed.requirements, "NIS2 Art. 21(2)(b)"),
            data=tuple((kind, ", ".join(self.tally.noted(kind))[:500]) for kind in sorted(self.tally.words)),
        )

    def severity(self) -> Severity:
        """As the deed is; no milder than high for a flood of commands, unless it was ordered."""
        usual = self.deed.stranger if self.news in ("machine", "relation") else self.deed.known
        if self.spare and not self.standing.safety:
            return "low"
        given = self.standing.severity(usual)
        if given == "info" and usual != "info" and self._asks_in_vain:
            given = "low"
        if self.unsettled:
            return "medium" if given in ("high", "critical") else given
        return "high" if self._floods and given in ("low", "medium") else given

    @property
    def _asks_in_vain(self) -> bool:
        """Whether all that it asks as the two never asked is refused: its program knows better.

        Of reading and looking around as usual only what is in vain is told: that weighs nothing less for it. What an
        engineering station asks of a device that it was bought for is not all refused, or left unanswered.
        """
        here, outcomes = self.standing, set(self.tally.noted("outcome"))
        fresh = self.news in ("machine", "relation") and self.tally.count >= MANY_IN_VAIN
        expected = here.ordered or here.lab or (here.named and not fresh)
        kinds = self.news in ("verb", "function", "look") or (self.news == "object" and self.name == "watch")
        return ((kinds and outcomes == {"refused"}) or (fresh and here.refused)) and not expected

    @property
    def _floods(self) -> bool:
        commands = self.name in ("write", "operate", "force")
        return commands and self.tally.count >= 30 and self.tally.count >= 60 * _minutes(self.tally)

    @property
    def _pours(self) -> bool:
        return pours(self.tally)

    @property
    def _asks_the_same_without_end(self) -> bool:
        """Whether it asks, or tells, the same few things so fast that no answer can be what it is after."""
        if self.name not in ("explore", "watch", "tell", "connect") or self.tally.count < FLOOD:
            return False
        things = max(len(self.tally.noted(kind)) for kind in ("object", "unit", "server", "function"))
        lasts_s = max(1.0, (self.tally.last - self.tally.first) * 60 / MINUTE_NS)
        return self.tally.count >= SAME_AGAIN * max(1, things) and self.tally.count >= A_SECOND * lasts_s

    @property
    def _starts_again_and_again(self) -> bool:
        """Whether it does nothing but open what is open: once is enough for who wants to be told something."""
        functions = set(self.tally.noted("function"))
        often = self.tally.count >= MANY_STARTS * _minutes(self.tally)
        return bool(functions) and functions <= _STARTS and often

    @property
    def spare(self) -> bool:
        """Whether all of it is a controller that takes in a device never seen before."""
        return self.tally.noted("spare").get("yes", 0) == self.tally.count

    def _at(self) -> str:
        name = self.context.name
        if len(self.servers) > 3:
            return f"{len(self.servers)} machines"
        return ", ".join(name(self.realm, server) for server in self.servers) or "others"

    def title(self) -> str:
        """Who did what to whom, and what of it is new."""
        did = self.deed.asked if self.standing.refused else self.deed.did
        who = self.context.name(self.realm, self.client)
        if self.news == "machine":
            who = f"A machine never seen before, {who},"
        told = " and ".join(spoken(p) for p in list(self.tally.noted("protocol"))[:3])
        asked = "asked " if self.standing.refused else ""
        whom = f"{self._at()} {did}" if asked else f"{did} {self._at()}"
        return f"{who} {asked}{whom.rstrip(':')} ({told}), {_NEW[self.news]}"

    def seen(self) -> str:
        """How often, with which functions and objects."""
        parts = [
            f"Seen {counted(self.tally.count, 'time')} with the verbs {', '.join(self.tally.noted('verb'))}"
        ]
        for kind in ("function", "object", "user"):
            words = list(self.tally.noted(kind))
            if words:
                more = f" and {len(words) - 6} more" if len(words) > 6 else ""
                parts.append(f"{kind}s {', '.join(words[:6])}{more}")
        ends = ", ".join(f"{n} {outcome}" for outcome, n in self.tally.noted("outcome").items())
        told = f"{self.unsettled} {self.standing.told()}".strip()
        return f"{'; '.join(parts)} (outcomes: {ends}). {told}".strip()

    def techniques(self) -> tuple[str, ...]:
        """Those of the deed, by what protocol, objects, number of targets and of requests make of it."""
        protocols = set(self.tally.noted("protocol"))
        if self._floods:
            return named("flood-of-switching" if self._switches else "flood-of-writes")
        if protocols & REMOTE and self.name != "file-write":
            return named("remote-work", self._deed_seen())
        if self.name == "file-write" and self.tally.count >= MASS_FILES:
            return named("mass-file-write")
        if self._starts_again_and_again or self._asks_the_same_without_end:
            return named("pouring", self._deed_seen())
        beside = "pouring" if self._pours else ""
        return named_by_functions(self._deed_seen(), self.tally.noted("function"), beside)

    def _deed_seen(self) -> str:
        """Its name in techniques.SEEN."""
        if self.name == "call" and self._calls_in_vain:
            return "search-doors"
        if self.name == "connect" and self.news in ("machine", "relation") and self._owns_outputs:
            return "owns-outputs"
        if self.name == "explore":
            return "explore-one" if self._asks_what else "explore"
        if self.name == "watch":
            if set(self.tally.noted("protocol")) == {"snmp"}:
                return "explore-one"  # what a device is and how it is set up, not values of a process
            if len(self.tally.noted("unit")) >= MANY_UNITS:
                return "watch-units"
            if set(self.tally.noted("verb")) == {"report"}:
                return self._tells()
            if self._mostly_in_vain:
                return "search-points"
            if self._walks:
                return "walk-points"
            return "watch-much" if len(self.tally.noted("object")) >= MANY_OBJECTS else "watch"
        name = "authenticate" if self.name == "user" else self.name
        stranger = f"stranger-{name}"
        return stranger if self.news in ("machine", "relation") and stranger in SEEN else name

    @property
    def _calls_in_vain(self) -> bool:
        """Whether nobody answers in its own words, and all of them are machines of the plant: what listens is tried."""
        inside = not any(outside_of(self.realm, server, self.context) for server in self.servers)
        return inside and "ok" not in self.tally.noted("outcome")

    @property
    def _owns_outputs(self) -> bool:
        """Whether it asks for a connection to a device's assemblies: who has one owns its outputs (CIP, class 4)."""
        return any(_ASSEMBLY.match(place) for place in self.tally.noted("object"))

    @property
    def _mostly_in_vain(self) -> bool:
        """Whether most of what it asks for is not there: who knows a device does not ask so."""
        refused = self.tally.noted("outcome").get("refused", 0)
        return refused >= MANY_IN_VAIN and 2 * refused >= self.tally.count

    @property
    def _walks(self) -> bool:
        """Whether it reads one object after another, hardly any of them twice: who watches a process does it again."""
        objects = len(self.tally.noted("object"))
        return objects >= WALKED and self.tally.count < WALKED_AGAIN * objects

    def _tells(self) -> str:
        """Who only reports may be the one who tells, whoever began; where nothing comes unasked, he is.

        Whom others ask for the same is no false teller.
        """
        asked_for = set(self.tally.noted("protocol")) <= _ASKED_FOR
        usual = self.tally.noted("teller").get("usual", 0) == self.tally.count
        return "watch" if asked_for and usual else "tell-or-watch" if asked_for else "watch-or-tell"

    @property
    def _asks_what(self) -> bool:
        """Whether it asks a few machines what they are, rather than who is there: one machine is there, as it knows."""
        if len(self.servers) == 1 and not is_group(self.servers[0]):
            return True
        verbs = self.tally.noted("verb")
        what = verbs.get("identify", 0) + verbs.get("diagnose", 0)
        return what >= verbs.get("discover", 0) and len(self.servers) < MANY_MACHINES

    @property
    def _switches(self) -> bool:
        """Whether what it commands are points that are on or off."""
        objects = list(self.tally.noted("object"))
        return self.name != "write" or (bool(objects) and all(_SWITCH.search(thing) for thing in objects))


MASS_FILES: Final = 30
MANY_STARTS: Final = 20
_STARTS: Final = frozenset({"STARTDT"})
"""How many a minute of functions of which one is enough for a whole conversation (IEC 60870-5-104, 5.3)."""
MANY_UNITS: Final = 8
MANY_OBJECTS: Final = 64
WALKED: Final = 24
WALKED_AGAIN: Final = 1.5
"""Objects, and requests for each, of who reads them one after another."""
MANY_MACHINES: Final = 8
MANY_IN_VAIN: Final = 8
_ASSEMBLY: Final = re.compile(r"(\S+ )?class:0x04/")
_SWITCH: Final = re.compile(r"coil|binary|digital|relay|single|double|DBX|(^|[ .])[QMI]X?\d")
"""Objects of one bit, as the protocols spell them."""

_NEW: Final = {
    "machine": "which nobody had done here",
    "relation": "to which it had never spoken so",
    "verb": "which it had never done there",
    "function": "with functions that it had never used there",
    "object": "at objects that it had never touched",
    "look": "in ways in which it had never asked",
    "user": "as a user never seen there",
}


def _minutes(tally: Tally) -> float:
    return max(1.0, (tally.last - tally.first) / MINUTE_NS)


def appeared(key: Key, tally: Tally, context: Context) -> Verdict:
    """What is said of a machine of which nothing else can be said yet."""
    realm, client = key[:2]
    who = context.name(realm, client)
    told = ", ".join(spoken(p) for p in tally.noted("new"))
    return Verdict(
        realm=realm,
        machines=(client,),
        cause="appeared",
        kind="change",
        severity="low",
        confidence=0.8,
        title=f"{who} is a machine that was not there before",
        seen=f"Seen {counted(tally.count, 'time')} in the network's own speech only ({told}): so far it asks no "
        "machine of the plant for anything.",
        matters="A machine that nobody announced may be a visitor's, a spare part's or an intruder's first step.",
        silent="Silent for machines that were there while learning, and once accepted (`interlock baseline accept`).",
        actions=_ACTIONS[:1],
        techniques=named("stranger-appears"),
        requirements=("IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 6.2", "NIS2 Art. 21(2)(i)"),
        data=(("protocols", told[:500]),),
    )


_ACTIONS: Final = (
    Action(
        text="Ask who runs the client and whether this was planned; if so, accept it with its reason, or write the "
        "work order into the site file.",
        risk="None while only asking.",
    ),
    Action(
        text="If nobody knows of it, look at the server's state and values at the place itself, then cut the client "
        "off at its switch port.",
        risk="A client that also serves the process (a panel, a recorder) leaves its users blind: look at its other "
        "relations first.",
    ),
)
