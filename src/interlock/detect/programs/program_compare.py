"""A program, firmware or file of settings that is not the one last seen, or none that was approved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict, milder
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.programs.approved import Approved
from interlock.detect.programs.matters import Matter, matter_of
from interlock.detect.programs.verdicts import CHANGED, RESTAMPED, SAME, UNAPPROVED, UNKNOWN, verdict
from interlock.detect.wording import counted
from interlock.errors import SourceError
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["MAX_KNOWN", "ProgramCompare", "Seen"]

MAX_KNOWN: Final = 65_536
"""Programs and files whose last hash is remembered; the one that was not seen for longest goes first."""
_COLUMNS: Final = (
    *(
        "source",
        "realm",
        "client",
        "server",
        "protocol",
        "unit",
        "user",
        "direction",
        "kind",
        "name",
        "sha256",
    ),
    *("code_sha256", "state", "detail"),
)


class Seen(NamedTuple):
    """What was last seen of a program: its hashes, size, header, when (UTC ns), and which way."""

    sha256: str
    code: str
    size: int
    detail: str
    time: int
    direction: str


class ProgramCompare(CauseDetector):
    """One finding per machine, program and outcome. The same as last time is no finding."""

    name: ClassVar[str] = "program-compare"
    table: ClassVar[str] = "artifacts"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"artifacts": (*_COLUMNS, "time", "frame", "size")}

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Key, Seen] = {}
        self._approved = Approved()

    def approve(self, approved: Approved) -> None:
        """Judge by this from now on. It is files' business: no memory keeps it."""
        self._approved = approved

    def load(self, state: bytes) -> None:
        """See CauseDetector; what was approved stays."""
        approved = self._approved
        super().load(state)
        self._approved = approved

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Compare each transfer that is whole with the last of its name; transfers are few."""
        for row, words in _rows(batch):
            before, seen, place = self._take(words)
            outcome = self._outcome(before, seen, words["kind"])
            if outcome is None:
                continue
            key = (*place, outcome)
            tally = self.tallies[key]
            tally.add_rows(words["source"], batch, np.array([row]))
            for kind in ("client", "protocol", "user", "direction"):
                if words[kind]:
                    tally.note(kind, words[kind])
            tally.note("sha256", seen.sha256)
            tally.note("size", str(seen.size))
            if before is not None and outcome in (CHANGED, RESTAMPED, UNAPPROVED):
                for told in _differences(before, seen):
                    tally.note("difference", told)
            if self._approved and self._approved.place(seen.sha256, seen.code):
                tally.note("approved", str(self._approved.place(seen.sha256, seen.code)))
            yield key

    def learn(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Take the programs as they are now for known."""
        for _, words in _rows(batch):
            self._take(words)

    def _take(self, words: dict[str, Any]) -> tuple[Seen | None, Seen, Key]:
        place = (words["realm"], words["server"], words["unit"], words["kind"], words["name"])
        before = self._known.pop(place, None)
        seen = self._known[place] = Seen(
            words["sha256"],
            words["code_sha256"],
            words["size"],
            words["detail"],
            words["time"],
            words["direction"],
        )
        if len(self._known) > MAX_KNOWN:
            self._known.pop(next(iter(self._known)))
        return before, seen, place

    def _outcome(self, before: Seen | None, seen: Seen, kind: str) -> str | None:
        """None for what is the same, and approved where anything is."""
        if self._approved and kind != "file" and self._approved.place(seen.sha256, seen.code) is None:
            return UNAPPROVED
        outcome = verdict(None if before is None else before[:2], seen[:2])
        return None if outcome == SAME else outcome

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Grave where it was written and nobody planned it; a read that shows another one is a change out of sight."""
        realm, server, unit, kind, name, outcome = key
        matter, written = matter_of(kind, name), "written" in tally.noted("direction")
        if not written and not matter.told:
            return None  # logs and recipes that are fetched differ every time
        clients = list(tally.noted("client"))
        at = context.name(realm, server) + (f", unit {unit}" if unit else "")
        approved = ", ".join(tally.noted("approved"))
        plan = _Plan(context, realm, server, clients, tally)
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{unit} {kind} {name} {outcome}",
            kind="change" if outcome in (UNKNOWN, RESTAMPED) or plan.planned or approved else "alert",
            severity=_severity(outcome, matter, plan, written=written, approved=bool(approved)),
            confidence=0.95,
            title=_title(matter, name, at, outcome, written=written),
            seen=f"Seen {counted(tally.count, 'transfer')} over {', '.join(map(spoken, tally.noted('protocol')))} "
            f"{'by' if written else 'to'} {', '.join(clients[:5])}; {_told(tally, outcome)} "
            + (f"It is approved ({approved}). " if approved else "")
            + plan.told(),
            matters=matter.why,
            silent=_SILENT,
            actions=_ACTIONS,
            techniques=matter.written if written else matter.read,
            requirements=_REQUIREMENTS,
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            deed=None if outcome == UNAPPROVED else _deed(key, clients, written=written),
        )

    def learned(self) -> bytes:
        """Give the last hash of every program, as JSON."""
        return json.dumps(self._state(), separators=(",", ":")).encode()

    def know(self, learned: bytes, /) -> None:
        """Go on from `learned`. Raises SourceError where it is not its own."""
        try:
            self._known = _known(json.loads(learned))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"what {self.name} learned cannot be read: {error}") from error

    def own_state(self) -> Any:
        """The last hash of every program."""
        return self._state()

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        self._known = _known(state)

    def _state(self) -> list[Any]:
        return [[list(place), list(seen)] for place, seen in self._known.items()]


class _Plan:
    """Whether somebody who may do it did it when it was planned, as the site file says."""

    def __init__(self, context: Context, realm: str, server: str, clients: list[str], tally: Tally) -> None:
        site = context.site
        self.named = bool(clients) and all(
            site.engineering_station(realm, c, server) is not None for c in clients
        )
        self.window = all(site.maintenance(realm, server, at) is not None for at in (tally.first, tally.last))

    @property
    def planned(self) -> bool:
        return self.named and self.window

    def told(self) -> str:
        if self.planned:
            return "A named engineering station did it within a maintenance window or work order."
        if self.window:
            return (
                "It falls into a maintenance window or work order, but no named engineering station did it."
            )
        return "No maintenance window or work order covers it." + (
            " A named engineering station did it." if self.named else ""
        )


def _deed(key: Key, clients: list[str], *, written: bool) -> Deed:
    """What a work order may make expected; it is told all the same, as info: which program it was matters later."""
    verbs = ("program-write", "firmware-write", "file-write") if written else ("program-read", "file-read")
    realm, server, _, _, name, _ = key
    return Deed(
        realm=realm, stations=tuple(clients), machines=(server,), verbs=verbs, objects=(name,), mild=True
    )


def _known(state: Any) -> dict[Key, Seen]:
    return {
        tuple(str(p) for p in place): Seen(str(s), str(c), int(n), str(d), int(t), str(way))
        for place, (s, c, n, d, t, way) in state
    }


def _rows(batch: Batch) -> Iterable[tuple[int, dict[str, Any]]]:
    """Each whole transfer as its words, in the table's order."""
    read = {column: batch.words(column) for column in _COLUMNS}
    sizes, times = batch.integers("size"), batch.times_ns()
    for row in range(len(batch)):
        words: dict[str, Any] = {c: values[codes[row]] or "" for c, (values, codes) in read.items()}
        if words["state"] == "whole" and words["sha256"]:
            yield row, {**words, "size": int(sizes[row]), "time": int(times[row])}


def _fields(detail: str) -> dict[str, str]:
    return dict(part.split(": ", 1) for part in detail.split("; ") if ": " in part)


def _differences(before: Seen, now: Seen) -> list[str]:
    """What changed, where the format shows it: fields of the header, size, and whether what runs did."""
    old, new = _fields(before.detail), _fields(now.detail)
    told = [
        f"{name} {old.get(name, 'none')} → {new.get(name, 'none')}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if before.size != now.size:
        told.append(f"size {before.size} → {now.size} octets")
    if before.code and now.code:
        told.append("the code is the same" if before.code == now.code else "the code differs")
    return told[:16]


def _told(tally: Tally, outcome: str) -> str:
    differences = ", ".join(tally.noted("difference"))
    size, mark = ", ".join(tally.noted("size")), next(iter(tally.noted("sha256")), "")[:16]
    what = f"{size} octets, SHA-256 {mark}…"
    if outcome == UNKNOWN:
        return f"{what}, the first that was seen of it."
    if outcome == UNAPPROVED:
        return f"{what}, which is in no folder of approved projects." + (
            f" Against the last one: {differences}." if differences else ""
        )
    return f"{what}, not the one last seen{': ' + differences if differences else ''}."


def _title(matter: Matter, name: str, at: str, outcome: str, *, written: bool) -> str:
    what = f"{matter.word} {name}"
    if outcome == UNKNOWN:
        return f"{what[0].upper()}{what[1:]} was {'written to' if written else 'read from'} {at} for the first time"
    if outcome == RESTAMPED:
        return f"The {what} of {at} has another header, its code is the same"
    if outcome == UNAPPROVED:
        return f"{'Written to' if written else 'Read from'} {at}: {what}, which nobody approved"
    return f"The {what} of {at} was changed" + ("" if written else " since it was last seen")


def _severity(outcome: str, matter: Matter, plan: _Plan, *, written: bool, approved: bool) -> Severity:
    if outcome == UNKNOWN:
        return "info" if not written else milder(matter.severity, 3 if plan.planned or approved else 2)
    if outcome == RESTAMPED:
        return "low"
    if approved or plan.planned:
        return milder(matter.severity, 3)
    return milder(matter.severity, (not written) + (plan.named or plan.window))


_REQUIREMENTS: Final = (
    *("IEC 62443-3-3 SR 3.4", "IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 7.6"),
    *("NIS2 Art. 21(2)(e)", "NIS2 Art. 21(2)(g)"),
)
_SILENT: Final = (
    "Silent where it is the same as the last one seen (and approved, where projects are named); transfers of which "
    "parts were not captured, and those inside a cipher, cannot be compared."
)
_ACTIONS: Final = (
    Action(
        text="Compare it with the released version in the engineering tool (`interlock program show` has what was "
        "kept), and ask who worked on this machine then.",
        risk="None: reading a program with the engineering tool only adds some load to the controller.",
    ),
    Action(
        text="Where it was not meant, load the released version again, and change the access of whoever wrote it.",
        risk="Loading a program stops or disturbs the process: do it with the operators, in a safe state.",
    ),
)
