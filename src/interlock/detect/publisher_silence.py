"""GOOSE that does not come any more though its publisher lives: somebody keeps it from those who wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.learned.standing import deed_at
from interlock.detect.silences import Publisher, Silence, Watches
from interlock.detect.tally import Tally
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key
    from interlock.records.vocabulary import Kind, Severity

__all__ = ["PublisherSilence"]

MAX_PUBLISHERS: Final = 4_096
MAX_MACHINES: Final = 20_000
MOST_SILENT: Final = 2
"""Publishers: where more than this and most of all that are known fall silent, a link or the capture point does."""
_MOST: Final = 2 / 3
_ANSWERED: Final = frozenset({"ok", "refused"})
_SECOND_NS: Final = 1_000_000_000
SURE_NS: Final = 2 * _SECOND_NS
"""What machines tell may come later than what was asked for: so long a silence must go on once it is one."""


class PublisherSilence(CauseDetector):
    """One finding per publisher, or one where most of them are silent. Keys: source, realm, sender, control block.

    IEC 61850-8-1, 18.1.2: each message says for how long it holds (timeAllowedToLive); whoever subscribes takes the
    publisher for gone where none follows in that time, and blocks, or falls back.
    """

    name: ClassVar[str] = "publisher-silence"
    composed: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "time", "frame", "response_frame", "client", "server"),
            *("protocol", "verb", "object", "outcome", "item"),
        ),
        "goose": (
            *("source", "realm", "time", "frame", "client", "server", "gocb_ref", "st_num", "sq_num"),
            "time_allowed_to_live",
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "frames are missing from the capture, and with them messages that seem to be",
        "broadcast-only": "a switch may have ceased to flood this group here",
        "clock-step": "the capture's clock jumped, and how long anything took is not known",
    }

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Key, Publisher] = {}
        self._watches = Watches()
        self._spoke: dict[Key, int] = {}
        """Source, realm, address → when it last said anything but GOOSE."""
        self._suspected: dict[Key, tuple[int, int]] = {}
        """Who is overdue → its last message, and until when its source had been heard when that was seen."""
        self._found: dict[Key, list[Silence]] = {}
        """The silences of each, as long as nothing more is heard: a conclusion asks for them many times."""

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Note when each publisher spoke and what it promised; give those that are overdue."""
        self._found = {}
        if batch.table == "goose":
            self._promises(batch)
            return self._overdue()
        messages = batch.messages()
        told = messages.among("protocol", ("goose",))
        if told.any():
            self._heard(messages.take(told))
        self._watch(messages)
        if not self._known:
            return ()
        self._lives(batch)
        return self._overdue()

    def _heard(self, batch: Batch) -> None:
        groups = batch.groups("source", "realm", "client", "object")
        times, frames = batch.times_ns(), batch.frames()
        for group, words in groups:
            publisher = self._publisher(tuple(word or "" for word in words))
            if publisher is None:
                continue
            rows = groups.rows(group)
            publisher.hear(times[rows], frames[rows])

    def _publisher(self, key: Key) -> Publisher | None:
        """Who publishes that object, new if need be; None where it has no name, or there is no room."""
        publisher = self._known.get(key)
        if publisher is None and key[3] and len(self._known) < MAX_PUBLISHERS:
            publisher = self._known[key] = Publisher()
        return publisher

    def _promises(self, batch: Batch) -> None:
        """Keep how long messages hold, and where numbers began anew."""
        held = batch.known("time_allowed_to_live")
        groups = batch.groups("source", "realm", "client", "gocb_ref")
        states, numbers, times = batch.integers("st_num"), batch.integers("sq_num"), batch.times_ns()
        for group, words in groups:
            publisher = self._publisher(tuple(word or "" for word in words))
            if publisher is None:
                continue
            rows = groups.rows(group)
            publisher.promise(batch.integers("time_allowed_to_live")[rows[held[rows]]])
            publisher.number(times[rows], states[rows], numbers[rows])

    def _watch(self, batch: Batch) -> None:
        """Note until when each source was heard, and where it was not."""
        words, codes = batch.words("source")
        for at, source in enumerate(words):
            self._watches.hear(source or "", batch.times_ns()[codes == at])

    def _lives(self, batch: Batch) -> None:
        """Note when machines last said anything else."""
        ends, known = batch.relations(), self._spoke
        for (source, realm, client, server, protocol, _, outcome, _), (_, _, last, _) in zip(
            ends.keys, ends.summaries(), strict=True
        ):
            if protocol == "goose":
                continue
            for address in (client, server) if outcome in _ANSWERED else (client,):
                key = (source or "", realm or "", address or "")
                before = known.get(key)
                if before is None:
                    if len(known) < MAX_MACHINES:
                        known[key] = last
                elif last > before:
                    known[key] = last

    def _overdue(self) -> list[Key]:
        """Whose silence counts, and has gone on since that was seen first."""
        found = []
        for key, publisher in self._known.items():
            now = self._watches.now(key[0])
            if not publisher.waits_since(now):
                self._suspected.pop(key, None)
                continue
            last, since = self._suspected.setdefault(key, (publisher.last, now))
            if last != publisher.last:
                self._suspected[key] = (publisher.last, now)
            elif now - since >= SURE_NS and self._silences(key):
                found.append(key)
        return found

    def _silences(self, key: Key) -> list[Silence]:
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._known[key].silences(key[0], self._watches)
        return found

    def keys(self) -> Iterable[Key]:
        """Give every publisher that was silent."""
        return sorted(key for key in self._known if self._silences(key))

    def tally(self, key: Key) -> Tally:
        """Give the last frame before each silence and the first after it."""
        whole = Tally()
        for one in self._silences(key) if key in self._known else ():
            whole.add(key[0], one.begin, one.end, np.array(one.frames, np.int64), 1)
        return whole

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:  # noqa: ARG002 - interface
        """Say for how long, whether its machine lived, and whether its numbers went on."""
        source, realm, sender, block = key
        silences, publisher = self._silences(key), self._known[key]
        longest = max(silences, key=lambda one: one.end - one.begin)
        seconds = (longest.end - longest.begin) / _SECOND_NS
        together = self._together(source, realm, longest)
        kept, alive = longest.missed > 0, self._alive(key, longest, context)
        if longest.restarted and not kept:
            alive = False
        kind, severity, confidence = _weight(
            kept=kept, alive=alive, restarted=longest.restarted, together=together > 0
        )
        return Verdict(
            realm=realm,
            machines=(sender,),
            cause=f"goose {block} silent",
            kind=kind,
            severity=severity,
            confidence=confidence,
            title=f"The GOOSE messages of {block} ({context.name(realm, sender)}) stay away for "
            f"{seconds:.0f} s, where each holds for {publisher.alive_ms / 1000:g} s",
            seen=f"Seen {counted(len(silences), 'silence')}, the longest of {seconds:.1f} s. "
            f"{_said(longest, alive=alive, together=together)}",
            matters="Relays that wait for these messages take their sender for dead: they block, fall back or trip, "
            "and a fault that it tells of now does not reach them.",
            silent="Silent until twice the time that its messages hold has passed, for publishers heard for a short "
            "while only, where nothing else was captured meanwhile, and under a work order for the machine. A "
            "publisher that restarts, or whose machine says nothing else either, is told as a change.",
            actions=_ACTIONS,
            deed=deed_at(realm, "", (sender,)),
            techniques=named("goose-kept-away"),
            requirements=(
                *("IEC 62443-3-3 SR 7.1", "IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(c)",
            ),
            data=(("block", block), ("seconds", f"{seconds:.1f}"), ("missed", str(longest.missed))),
        )

    def _together(self, source: str, realm: str, longest: Silence) -> int:
        """How many others were silent at that time, where that is most of all that are known; else 0."""
        mine = [key for key in self._known if key[:2] == (source, realm) and self._known[key].settled]
        silent = sum(
            any(one.begin < longest.end and longest.begin < one.end for one in self._silences(key))
            for key in mine
        )
        return silent - 1 if silent > MOST_SILENT and silent >= _MOST * len(mine) else 0

    def _alive(self, key: Key, longest: Silence, context: Context) -> bool | None:
        """Whether its machine said anything else meanwhile; None where it never does."""
        source, realm, sender, _ = key
        asset = context.asset(realm, sender)
        addresses = {sender, *(() if asset is None else (*asset.macs, *asset.ips))}
        last = max((self._spoke.get((source, realm, address), 0) for address in addresses), default=0)
        known = self._known[key]
        return last > longest.begin + known.limit_ns if last >= known.first else None

    def own_state(self) -> Any:
        """Give what is known of each publisher, source and machine."""
        return [
            [[list(key), publisher.state()] for key, publisher in self._known.items()],
            self._watches.state(),
            [[list(key), last] for key, last in self._spoke.items()],
            [[list(key), *seen] for key, seen in self._suspected.items()],
        ]

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        known, watches, spoke, suspected = state
        self._found = {}
        self._known = {tuple(map(str, key)): Publisher.of(kept) for key, kept in known}
        self._watches = Watches.of(watches)
        self._spoke = {tuple(map(str, key)): int(last) for key, last in spoke}
        self._suspected = {tuple(map(str, key)): (int(last), int(since)) for key, last, since in suspected}


def _weight(
    *, kept: bool, alive: bool | None, restarted: bool, together: bool
) -> tuple[Kind, Severity, float]:
    """Weigh what is known of a silence."""
    if kept:
        return "alert", "high", 0.9
    if restarted or alive is False:
        return "change", "low", 0.5
    if together:
        return "alert", "medium", 0.5
    return ("alert", "high", 0.8) if alive else ("alert", "medium", 0.6)


def _said(longest: Silence, *, alive: bool | None, together: int) -> str:
    parts = []
    if longest.missed:
        parts.append(f"Its numbers went on meanwhile: {counted(longest.missed, 'message')} did not arrive.")
    elif longest.restarted:
        parts.append("Its numbers began anew afterwards: it restarted.")
    if alive:
        parts.append("Its machine went on to speak with others.")
    elif alive is None and not longest.restarted:
        parts.append("Nothing else is ever heard of its machine: whether it lived is not known.")
    elif not longest.restarted:
        parts.append("Nothing else was heard of its machine either: it restarts, or is off.")
    if together:
        parts.append(f"{counted(together, 'other publisher')} fell silent with it: look at what they share.")
    return " ".join(parts)


_ACTIONS: Final = (
    Action(
        text="Look at the publisher's own panel whether it sends, and at each switch between it and its subscribers: "
        "port state, VLAN and multicast filters, storm control, who changed them.",
        risk="None while only looking.",
    ),
    Action(
        text="Tell the control room that protection which waits for these messages is blind, and operate accordingly.",
        risk="Switching feeders over has its own risks: let operators decide.",
    ),
)
