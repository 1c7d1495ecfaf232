"""Link addresses by the hundred within a minute, hardly two of one maker: made up by one who floods a switch."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.tally import Tally
from interlock.detect.techniques import named
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key

__all__ = ["LEAST", "ForgedSenders"]

LEAST: Final = 150
"""New senders in a minute: a switch's table has room for some thousands, and floods come by thousands a second."""
_APART: Final = 0.8
"""Such a share of them has makers' numbers (OUI) of their own: a site's machines share theirs by the dozen."""
_MOST_SENDERS: Final = 100_000
_MOST_MINUTES: Final = 5
_SAMPLE: Final = 200
_LOCAL, _GROUP = 0x02, 0x01
"""Bits of an address's first octet (IEEE 802-2014, 8.2): given by no maker; of many, from which nobody can send."""


class _Minute:
    """tally: of its new senders. makers: their first three octets. said: whether it is part of a finding."""

    __slots__ = ("makers", "said", "senders", "tally")

    def __init__(self) -> None:
        self.tally, self.makers = Tally(), set[str]()
        self.senders, self.said = 0, False

    @property
    def forged(self) -> bool:
        return self.senders >= LEAST and len(self.makers) >= _APART * min(self.senders, _SAMPLE * 10)


class ForgedSenders(CauseDetector):
    """One finding per realm. Keys: realm.

    Counted are addresses that nobody was heard from before; those that no maker gave (telephones draw such ones, and
    so do virtual machines) are not.
    """

    name: ClassVar[str] = "forged-senders"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "flows": ("source", "realm", "client_mac", "first", "first_frame"),
    }

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._minutes: OrderedDict[tuple[str, int], _Minute] = OrderedDict()

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count senders that are new."""
        words, codes = batch.words("client_mac")
        if all(word is None or word in self._known for word in words):
            return ()
        return set(self._new(batch, words, codes))

    def _new(self, batch: Batch, words: list[str | None], codes: Any) -> Iterator[Key]:
        seen, rows = np.unique(codes, return_index=True)
        minutes = batch.times_ns() // MINUTE_NS
        order = np.argsort(rows, kind="stable")
        for code, row in zip(seen[order].tolist(), rows[order].tolist(), strict=True):
            word = words[code]
            if word is None or word in self._known:
                continue
            if len(self._known) < _MOST_SENDERS:
                self._known.add(word)
            if not _made(word):
                continue
            at = np.array([row])
            realm, source = batch.words_at("realm", at)[0] or "", batch.words_at("source", at)[0] or ""
            minute = self._minute((realm, int(minutes[row])))
            minute.senders += 1
            if len(minute.makers) < _SAMPLE * 10:
                minute.makers.add(word[:8])
            part = Tally()
            part.add_rows(source, batch, at)
            if minute.senders <= _SAMPLE:
                part.note("sender", word)
            yield from self._counted(realm, minute, part)

    def _counted(self, realm: str, minute: _Minute, part: Tally) -> Iterator[Key]:
        if minute.said:
            self.tallies[realm,].merge(part)
            yield (realm,)
            return
        minute.tally.merge(part)
        if minute.forged:
            minute.said = True
            self.tallies[realm,].merge(minute.tally)
            minute.tally = Tally()
            yield (realm,)

    def _minute(self, key: tuple[str, int]) -> _Minute:
        minute = self._minutes.get(key)
        if minute is None:
            minute = self._minutes[key] = _Minute()
            if len(self._minutes) > _MOST_MINUTES:
                self._minutes.popitem(last=False)
        return minute

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Silent where the inventory knows a maker of most of them."""
        (realm,) = key
        some = list(tally.noted("sender"))[:_SAMPLE]
        if 2 * sum(1 for one in some if _has_maker(realm, one, context)) > len(some):
            return None
        return Verdict(
            realm=realm,
            machines=(),
            cause="senders that do not exist",
            kind="alert",
            severity="high",
            confidence=0.9,
            title=f"{tally.count} link addresses spoke that nobody had heard from, hundreds a minute: they are made up",
            seen=f"Seen {tally.count} senders for the first time, at least {LEAST} in a minute, hardly two of them "
            f"with one maker's number; the first: {', '.join(some[:5])}.",
            matters="Somebody makes them up: a switch whose table is full sends every frame to every port, so that one "
            "machine hears all the others, and controllers are kept busy with frames of nobody.",
            silent=f"Silent below {LEAST} new senders a minute, where they share makers' numbers as a site's machines "
            "do, for addresses that no maker gave, and where most of their makers are known.",
            actions=_ACTIONS,
            techniques=named("forged-senders"),
            requirements=(
                *("IEC 62443-3-3 SR 7.1", "IEC 62443-3-3 SR 5.1", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
        )

    def own_state(self) -> Any:
        """Give who is known, and the last minutes."""
        minutes = [
            [*key, one.senders, one.said, sorted(one.makers), one.tally.state()]
            for key, one in self._minutes.items()
        ]
        return [sorted(self._known), minutes]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        known, minutes = state
        self._known = {str(word) for word in known}
        for realm, number, senders, said, makers, tally in minutes:
            minute = self._minutes[str(realm), int(number)] = _Minute()
            minute.senders, minute.said = int(senders), bool(said)
            minute.makers, minute.tally = {str(word) for word in makers}, Tally.of(tally)


def _made(mac: str) -> bool:
    """Whether a maker gave an address, or nobody can have it."""
    first = int(mac[:2], 16)
    return not first & _LOCAL or bool(first & _GROUP)


def _has_maker(realm: str, mac: str, context: Context) -> bool:
    asset = context.asset(realm, mac)
    return asset is not None and asset.vendor is not None


_ACTIONS: Final = (
    Action(
        text="Ask the switch by which port these addresses came, and take that port down.",
        risk="If a panel or controller stands behind it, it is cut off too: look first.",
    ),
    Action(
        text="Limit how many addresses a port may have (port security), here and at every port that people reach.",
        risk="A small switch behind such a port is cut off when the limit is too low.",
    ),
)
