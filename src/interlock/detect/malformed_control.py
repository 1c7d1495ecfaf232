"""Malformed control messages, above what noise explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.batch import REQUEST
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.learned.deeds import is_group
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["MalformedControl"]

FEWEST: Final = 3
MANY: Final = 20
SHARE: Final = 0.02
"""Fires from FEWEST where they are SHARE of the messages, from MANY in any case: a flow names 64 at most."""
MANY_KINDS: Final = 4
"""Different rules broken between the same two machines: no single defect does that, a fuzzer does."""
MAX_RELATIONS: Final = 50_000
_CAPTURE_MADE: Final = (
    "gap",
    "midstream",
    "mid-stream",
    "retransmi",
    "clock",
    "checksum",
    "snap",
    "unpaired",
    *("send-number", "receive-number", "number-before", "acknowledged-before", "segment-re"),
    "reset-by-another",
    "answer-differs",
)
"""Oddities whose name holds one of these tell of the capture, or of the order of messages that are well formed each."""

_BREAKS_NOTHING: Final = frozenset({"information-empty", "oddities-suppressed"})
"""HDLC's information frames may carry none (ISO/IEC 13239): meters answer so while they have nothing left to say.

That more is only counted is said beside what was written down.
"""


class MalformedControl(CauseDetector):
    """One finding per client, server and protocol."""

    name: ClassVar[str] = "malformed-control"
    table: ClassVar[str] = "oddities"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "oddities": ("source", "realm", "time", "frame", "client", "server", "protocol", "oddity"),
        "operations": (*REQUEST,),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "where frames are missing from the capture, whole messages look malformed",
        "snapped": "where the capture cut frames, whole messages look malformed",
    }

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[Key, int] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count oddities, and messages as the measure for them."""
        if batch.table == "oddities":
            return self._oddities(batch)
        groups = batch.relations()
        for group, (_, realm, client, server, protocol, *_) in groups:
            if protocol in CONTROL_PROTOCOLS:
                pair = (realm or "", client or "", server or "")
                if pair in self._messages or len(self._messages) < MAX_RELATIONS:
                    self._messages[pair] = self._messages.get(pair, 0) + groups.summary(group)[0]
        return ()

    def _oddities(self, batch: Batch) -> Iterator[Key]:
        groups = batch.groups("source", "realm", "client", "server", "protocol", "oddity")
        for group, (source, realm, client, server, protocol, oddity) in groups:
            if protocol in CONTROL_PROTOCOLS and _breaks(oddity or ""):
                key = (realm or "", client or "", server or "", protocol)
                self.tallies[key].add_group(source or "", groups, group)
                self.tallies[key].note("oddity", oddity or "unnamed", groups.summary(group)[0])
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Silent below the noise; graver where many different rules are broken."""
        realm, client, server, protocol = key
        messages = self._messages.get((realm, client, server), 0)
        kinds = tally.noted("oddity")
        dense = tally.count >= SHARE * messages
        if tally.count < FEWEST or not (dense or tally.count >= MANY):
            return None
        name = spoken(protocol)
        ends = " and ".join(context.name(realm, m) for m in (client, server) if m) or "unknown machines"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=protocol,
            kind="alert",
            severity="high" if len(kinds) >= MANY_KINDS else "medium" if dense else "low",
            confidence=0.8 if dense else 0.6,
            title=f"Malformed {name} messages between {ends}",
            seen=f"Seen {counted(tally.count, 'violation')} of {name} beside {counted(messages, 'message')}: "
            + ", ".join(f"{kind} ({n})" for kind, n in list(kinds.items())[:8])
            + ".",
            matters="Controllers are seldom tested with messages that break the rules: some stop, "
            "restart or do something else. Such messages come from a fuzzer, an exploit, a scanner, or a "
            "device with a defect.",
            silent=f"Silent below {FEWEST} violations and, under {MANY}, below {SHARE:.0%} of the "
            "messages; what a capture with gaps makes of whole messages is withheld.",
            actions=_ACTIONS,
            techniques=named("malformed-to-all" if is_group(server) and "." in server else "malformed"),
            requirements=(
                *("IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 7.1", "IEC 62443-3-3 SR 3.7"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("messages", str(messages)), *((kind, str(n)) for kind, n in list(kinds.items())[:30])),
        )

    def own_state(self) -> Any:
        """Give the messages counted by pair."""
        return [[list(pair), count] for pair, count in self._messages.items()]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._messages = {tuple(str(p) for p in pair): int(count) for pair, count in state}


def _breaks(oddity: str) -> bool:
    """Whether a message broke a rule of its own."""
    return oddity not in _BREAKS_NOTHING and not any(word in oddity for word in _CAPTURE_MADE)


_ACTIONS: Final = (
    Action(
        text="Open the frames named here: do they all come from one program or one firmware version?",
        risk="None: it is read from the capture.",
    ),
    Action(
        text="If the sender is no known tool, take it off the network; if it is a device, ask its vendor.",
        risk="Taking a client off the network stops what it also does for the process: ask its operators "
        "first.",
    ),
)
