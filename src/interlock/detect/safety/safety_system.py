"""A safety system's program, settings or mode touched: critical outside of a window that approvers have signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.techniques import at_safety_system, named
from interlock.detect.verb_causes import VerbCauses
from interlock.detect.wording import counted
from interlock.records.finding import Action
from interlock.records.site import covers

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Approval, MaintenanceWindow, WorkOrder
    from interlock.records.vocabulary import Severity

__all__ = ["SafetySystemTouched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """did: the client to the safety system, once answered so. asked: what it asked it for, before or if not."""

    did: str
    asked: str
    severity: Severity = "critical"


_RULES: Final[dict[str, _Rule]] = {
    "program-write": _Rule(did="wrote a program into", asked="to take a program"),
    "firmware-write": _Rule(did="wrote firmware into", asked="to take firmware"),
    "configure": _Rule(did="changed settings of", asked="to change its settings"),
    "force": _Rule(did="forced values in", asked="to force values"),
    "mode-set": _Rule(did="changed the operating mode of", asked="to change its mode"),
    "file-write": _Rule(did="wrote a file into", asked="to take a file"),
    "time-set": _Rule(did="set the clock of", asked="to set its clock"),
    "alarm-suppress": _Rule(did="silenced alarms of", asked="to silence alarms"),
    "start": _Rule(did="started", asked="to start"),
    "stop": _Rule(did="stopped", asked="to stop"),
    "reset": _Rule(did="reset", asked="to reset"),
    "program-read": _Rule(did="read the program of", asked="for its program", severity="high"),
}  # fmt: skip
_DONE: Final = frozenset({"ok", "unsolicited"})
_ACTIONS: Final = (
    Action(
        text="Treat the protection as absent until its program is compared with the released one: tell operations now.",
        risk="Going on without proven protection is the danger; an orderly shutdown is the operators' decision.",
    ),
    Action(
        text="Ask who did it. Put the key switch of the safety controller to RUN and cut the client off its network.",
        risk="The client may be the only engineering station of other controllers too: agree with its owner.",
    ),
    Action(
        text="For planned work write a window for this machine into the site file and let approvers sign it with "
        "`interlock window sign`.",
        risk="None.",
    ),
)


class SafetySystemTouched(VerbCauses):
    """One finding per client, safety system and verb."""

    name: ClassVar[str] = "safety-system"
    verbs: ClassVar[frozenset[str]] = frozenset(_RULES)
    noted: ClassVar[tuple[str, ...]] = ("user", "object", "function_name")

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Critical, unless every part of it fell into a window that enough approvers have signed."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, client, server, verb = key
        named = context.site.safety_system(realm, server)
        if named is None and context.role(realm, server) != "safety-controller":
            return None
        rule, standing = _RULES[verb], _Standing(key, tally, context)
        outcomes = set(tally.noted("outcome"))
        by, at = context.name(realm, client), context.name(realm, server)
        protocol = " and ".join(spoken(p) for p in tally.noted("protocol"))
        done = bool(outcomes & _DONE)
        functions = ", ".join(tally.noted("function_name")) or "functions without a name"
        ended = ", ".join(f"{n} {o}" for o, n in tally.noted("outcome").items())
        sil = f" It is rated SIL {named.sil}." if named is not None and named.sil else ""
        signed = standing.approval is not None
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"safety system {verb}",
            kind="change" if signed else "alert",
            severity="info" if signed else rule.severity,
            confidence=0.95 if done else 0.8,
            title=f"{by} {rule.did} the safety system {at} ({protocol})"
            if done
            else f"{by} asked the safety system {at} {rule.asked} ({protocol})",
            seen=f"Seen {counted(tally.count, 'time')} with the verb '{verb}' ({functions}; outcomes: {ended})."
            f"{sil} {standing.told}",
            matters="A safety system is the last thing between a process out of control and people: who changes it "
            "can take it away without anything being seen until it is needed.",
            silent="Silent where nothing of it is touched; information, not an alarm, inside a window or order that "
            "names this machine and that enough enrolled approvers have signed.",
            actions=_ACTIONS,
            techniques=_techniques(verb),
            requirements=(
                *(
                    "IEC 62443-3-3 SR 2.1",
                    "IEC 62443-3-3 SR 3.4",
                    "IEC 62443-3-3 SR 3.6",
                    "IEC 62443-3-3 SR 5.2",
                ),
                *("NIS2 Art. 21(2)(b)", "NIS2 Art. 21(2)(e)"),
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
        )


def _techniques(verb: str) -> tuple[str, ...]:
    """Who reads a program has not yet touched protection; a file there is its program."""
    if verb == "program-read":
        return named(verb)
    return at_safety_system("program-write" if verb == "file-write" else verb)


class _Standing:
    """approval: what covers every part of a deed, or None. told: that, or why not, as a sentence."""

    def __init__(self, key: Key, tally: Tally, context: Context) -> None:
        realm, client, server, verb = key
        site = context.site
        approvals = {a.id: a for a in site.approvals}
        every: tuple[MaintenanceWindow | WorkOrder, ...] = (*site.maintenance_windows, *site.work_orders)
        # A window without machines is one for everything: no approver had this safety system before their eyes.
        fitting = {
            e.id: e
            for e in every
            if e.id is not None
            and e.realm == realm
            and covers(e.machines, server)
            and (not e.stations or covers(e.stations, client))
            and (not e.verbs or verb in e.verbs)
        }
        held = [[i for i in ids.split("\n") if i in fitting] for ids in tally.orders]
        whole = bool(held) and all(held) and sum(tally.orders.values()) >= tally.count
        signed = [i for ids in held for i in ids if i in approvals and approvals[i].enough]
        covered = whole and all(any(i in signed for i in ids) for ids in held)
        self.approval: Approval | None = approvals[signed[0]] if covered and signed else None
        self.told = self._told(whole, [i for ids in held for i in ids], approvals)

    def _told(self, whole: bool, held: list[str], approvals: dict[str, Approval]) -> str:
        if self.approval is not None:
            return (
                f"It happened inside {self.approval.id}, approved by {' and '.join(self.approval.approvers)}."
            )
        if not held:
            return (
                "No window or work order of the site file allows this client this verb at this machine then."
            )
        unsigned = [approvals[i] for i in dict.fromkeys(held) if i in approvals and not approvals[i].enough]
        if unsigned:
            return f"The window {unsigned[0].id} does not count: {unsigned[0].problem}."
        return (
            "Only a part of it happened inside a signed window." if not whole else "Its window is not signed."
        )
