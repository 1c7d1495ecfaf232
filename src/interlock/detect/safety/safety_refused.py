"""Somebody tries: writes that a safety system, or the machine that holds a process tag, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.safety.series import Tags
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["SafetyRefused"]

_VERBS: Final = frozenset({"write", "operate", "select", "force"})
_DONE: Final = frozenset({"ok", "unsolicited"})
_GROUP: Final = (
    *(
        "source",
        "realm",
        "client",
        "server",
        "protocol",
        "unit",
        "object",
        "verb",
        "outcome",
        "function_name",
    ),
)
_SAFETY, _TAG = "safety", "tag"
MAX_WRITERS: Final = 10_000
"""Clients and tags whose writes were taken that are remembered; the oldest goes first."""


class SafetyRefused(CauseDetector):
    """One finding per client, machine, and whether a safety system or tags of the process were tried."""

    name: ClassVar[str] = "safety-refused"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (*_GROUP, "time", "frame", "response_frame", "item", "count", "code")
    }

    def __init__(self) -> None:
        super().__init__()
        self._taken: dict[tuple[str, ...], int] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Look at writes that have ended: who may write which tag, and what was refused."""
        mask = batch.among("verb", _VERBS) & batch.among("outcome", {*_DONE, "refused"})
        if not mask.any():
            return ()
        hits = batch if mask.all() else batch.take(mask)
        groups = hits.groups(*_GROUP, bins=np.maximum(hits.integers("count"), 1), named="count")
        touched: dict[Key, None] = {}
        for group, (*words, count) in groups:
            for key in self._take(hits, groups.rows(group), [word or "" for word in words], count, context):
                touched[key] = None
        return touched

    def _take(self, batch: Batch, rows: Any, words: list[str], count: int, context: Context) -> Iterator[Key]:
        source, realm, client, server, protocol, unit, thing, verb, outcome, function = words
        tags = Tags.of(context.site).touched(realm, server, unit or None, thing, count)
        if outcome in _DONE:
            for tag in tags:
                self._took((realm, client, tag.name), len(rows))
            return
        # That a machine is a safety system may show later: what it refused is kept till it is judged.
        for kind in (_SAFETY, *([_TAG] if tags else [])):
            key: Key = (realm, client, server, kind)
            tally = self.tallies[key]
            tally.add_rows(source, batch, rows)
            noted = {"protocol": protocol, "verb": verb, "object": thing, "function": function}
            for word, text in noted.items():
                if text:
                    tally.note(word, text, len(rows))
            for code in distinct(batch.integers("code")[rows])[:8].tolist():
                tally.note("code", str(code))
            for tag in tags:
                tally.note("tag", tag.name, len(rows))
            yield key

    def _took(self, writer: tuple[str, ...], many: int) -> None:
        self._taken[writer] = self._taken.pop(writer, 0) + many
        if len(self._taken) > MAX_WRITERS:
            self._taken.pop(next(iter(self._taken)))

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """High at a safety system; medium at a tag, where a plain mistake looks the same."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, client, server, kind = key
        safety = (
            context.site.safety_system(realm, server) is not None
            or context.role(realm, server) == "safety-controller"
        )
        if safety != (kind == _SAFETY):
            return None  # a safety system's tags are told with it
        tried = [n for n, many in tally.noted("tag").items() if many > self._taken.get((realm, client, n), 0)]
        if not safety and not tried:
            return None
        who, at = context.name(realm, client), context.name(realm, server)
        tags = ", ".join(tried[:5])
        verbs = tuple(tally.noted("verb"))
        codes = ", ".join(tally.noted("code"))
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"refused {kind}",
            kind="alert",
            severity="high" if safety else "medium",
            confidence=0.85 if safety else 0.7,
            title=f"The safety system {at} refuses what {who} wants to write"
            if safety
            else f"{at} refuses what {who} wants to write to {tags}",
            seen=f"Seen {counted(tally.count, 'request')} ({', '.join(verbs)}, "
            f"{' and '.join(map(spoken, tally.noted('protocol')))}) on {', '.join(list(tally.noted('object'))[:5])}, "
            f"all refused (codes {codes}).",
            matters="Nothing has moved yet, and that is luck or protection: whoever is refused tries the next address, "
            "function or password.",
            silent="Silent for writes that are taken, for tags that take most of what this client writes, and for "
            "requests that nobody answers (`refusals` judges those by habit).",
            actions=_ACTIONS,
            techniques=named("protection-tried" if safety else "unsafe-command"),
            requirements=(
                *("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 3.6"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=tuple((word, ", ".join(tally.noted(word))[:500]) for word in sorted(tally.words)),
            deed=Deed(
                realm=realm, stations=(client,), machines=(server,), verbs=verbs,
                objects=tuple(tally.noted("object")), mild=safety,
            ),
        )  # fmt: skip

    def own_state(self) -> Any:
        """How often who has written what."""
        return [[list(writer), many] for writer, many in self._taken.items()]

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        self._taken = {tuple(str(part) for part in writer): int(many) for writer, many in state}


_ACTIONS: Final = (
    Action(
        text="Ask whoever uses this client what it was meant to do; an address that is wrong after a change is the "
        "usual reason.",
        risk="None while only asking.",
    ),
    Action(
        text="If nobody knows, cut it off this machine at its switch or firewall, and see what it wrote elsewhere.",
        risk="If it also shows or controls the process, operators lose it: agree with them first.",
    ),
)
