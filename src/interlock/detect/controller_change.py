"""A controller's program or firmware written or read; a controller stopped, started, reset, switched over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import Verdict, milder
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.silencing import named_by_functions
from interlock.detect.verb_causes import VerbCauses
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["ControllerChange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What a verb means at a machine. severity: from a machine that nobody named as engineering station.

    did: the client to the server, once that has answered so. asked: the client the server, before it did, or if not.
    """

    did: str
    asked: str
    severity: Severity
    matters: str
    requirements: tuple[str, ...] = ("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 3.4", "IEC 62443-3-3 SR 2.8")


_RULES: Final[dict[str, _Rule]] = {
    "program-write": _Rule(
        did="wrote a program into",
        asked="to take a program",
        severity="critical",
        matters="A controller does what its program says: whoever writes it decides how the machine "
        "moves, and its interlocks with it.",
    ),
    "firmware-write": _Rule(
        did="wrote firmware into",
        asked="to take firmware",
        severity="critical",
        matters="Firmware runs below the program and survives its reload; a wrong one can turn the "
        "controller into scrap or hide what it really does.",
    ),
    "stop": _Rule(
        did="stopped",
        asked="to stop",
        severity="high",
        matters="A stopped controller leaves its outputs at their safe or last state: the process halts "
        "or runs on unwatched.",
    ),
    "start": _Rule(
        did="started",
        asked="to start",
        severity="medium",
        matters="A controller that starts sets machines in motion, perhaps with people near them.",
    ),
    "mode-set": _Rule(
        did="changed the operating mode of",
        asked="to change its operating mode",
        severity="high",
        matters="In programming or test mode a controller takes changes, or no longer follows its program.",
    ),
    "reset": _Rule(
        did="reset",
        asked="to reset",
        severity="high",
        matters="While it restarts, a controller neither controls nor watches; a reset to factory "
        "settings loses its program and address.",
    ),
    "program-read": _Rule(
        did="read the program of",
        asked="for its program",
        severity="medium",
        matters="A program is the plan of the process: who has it knows what to change to do harm.",
        requirements=("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 4.1", "IEC 62443-3-3 SR 2.8"),
    ),
}
"""Verb → rule: one for all protocols, since all speak these verbs; the next protocol needs no new one."""

_DONE: Final = frozenset({"ok", "unsolicited"})
_ENDS: Final = {"pending": "not answered yet"}

_CHECK: Final = (
    Action(
        text="Ask who worked on this controller at that time and compare its program with the released one.",
        risk="None: reading a program with the engineering tool only adds some load to the controller.",
    ),
    Action(
        text="If it was planned, name the machine under engineering_stations in the site file; if not, "
        "take the client off the network after making sure that no running process depends on it.",
        risk="Cutting a client that also visualises or records the process blinds its operators: ask "
        "them first.",
    ),
)


class ControllerChange(VerbCauses):
    """One finding per client, controller and verb."""

    name: ClassVar[str] = "controller-change"
    verbs: ClassVar[frozenset[str]] = frozenset(_RULES)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Grave where nobody named the client; a change to be checked where somebody did."""
        realm, client, server, verb = key
        rule = _RULES[verb]
        standing = _Standing(context, realm, client, server, tally)
        if standing.safety:
            return None  # safety-system says it, by other rules
        protocol = " and ".join(spoken(p) for p in tally.noted("protocol"))
        outcomes = set(tally.noted("outcome"))
        by, at = context.name(realm, client), context.name(realm, server)
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=verb,
            kind="change" if standing.named else "alert",
            severity=standing.severity(rule.severity),
            confidence=0.9 if outcomes - {"refused", "no-answer", "pending"} else 0.7,
            title=f"{by} {rule.did} {at} ({protocol})"
            if outcomes & _DONE
            else f"{by} asked {at} {rule.asked} ({protocol})",
            seen=f"{_seen(tally, verb)} {standing.told()}",
            matters=rule.matters,
            silent="Graver or milder by who did it: silent only where no such request is seen; a change, "
            "not an alert, where the site file names the client under engineering_stations.",
            actions=_CHECK,
            techniques=named_by_functions(verb, tally.noted("function_name")),
            requirements=(*rule.requirements, "NIS2 Art. 21(2)(e)", "NIS2 Art. 21(2)(i)"),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            deed=Deed(
                realm=realm,
                stations=(client,),
                machines=(server,),
                verbs=(verb,),
                objects=tuple(tally.noted("object")),
            ),
        )


class _Standing:
    """Who did it to what: what the site file says of both ends, at the time of the deed."""

    def __init__(self, context: Context, realm: str, client: str, server: str, tally: Tally) -> None:
        site = context.site
        self.any_named = bool(site.engineering_stations)
        self.named = site.engineering_station(realm, client, server) is not None
        windows = [site.maintenance(realm, server, at) for at in (tally.first, tally.last)]
        self.window = windows[0] if all(windows) else None
        self.safety = (
            site.safety_system(realm, server) is not None
            or context.role(realm, server) == "safety-controller"
        )
        self.lab = site.in_lab(realm, server)
        # An inventory may take a machine for an engineering station because it writes programs: that it
        # did so is the charge, not the alibi, and so it is told but lowers nothing.
        self.looks_so = not self.named and context.role(realm, client) == "engineering-station"
        self.refused = set(tally.noted("outcome")) == {"refused"}

    def severity(self, usual: Severity) -> Severity:
        """Lower by two for a named station or a lab, one for maintenance or a refusal."""
        steps = 2 * self.named + (self.window is not None) + self.refused + 2 * self.lab
        return milder(usual, steps)

    def told(self) -> str:
        """Say it."""
        parts = []
        if self.named:
            parts.append("The site file names the client as engineering station for it.")
        elif self.any_named:
            parts.append("The site file does not name the client as engineering station for it.")
        else:
            parts.append("The site file names no engineering stations, so any client counts as unknown.")
        if self.looks_so:
            parts.append("The client looks like an engineering station, which proves no permission.")
        if self.window is not None:
            parts.append("It happened inside a maintenance window or work order.")
        if self.lab:
            parts.append("The machine stands in a lab range.")
        return " ".join(parts)


def _seen(tally: Tally, verb: str) -> str:
    outcomes = tally.noted("outcome")
    ended = ", ".join(f"{n} {_ENDS.get(outcome, outcome)}" for outcome, n in outcomes.items())
    functions = ", ".join(tally.noted("function_name")) or "functions without a name"
    users = tally.noted("user")
    who = f", as user {', '.join(users)}," if users else ""
    times = counted(tally.count, "time")
    return f"Seen {times}{who} with the verb '{verb}' ({functions}; outcomes: {ended})."
