"""Somebody does what was never done here: a new client, a new server, a verb, function or object that is no habit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.learned.chances import expected, has_converged
from interlock.detect.learned.custom import Custom
from interlock.detect.learned.deed_case import Case, appeared, much, pours
from interlock.detect.learned.deed_row import DeedRow, grouped, note_deed
from interlock.detect.learned.deeds import (
    ACTS,
    INFRASTRUCTURE,
    LOOKS,
    QUIET,
    REMOTE,
    area_of,
    deed_of,
    is_group,
    is_handshake,
    takes_stock,
)
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.lesson import MOST_WAITING, Lesson, lesson
from interlock.detect.learned.lexicon import Lexicon
from interlock.detect.learned.presence import CYCLE, family, known_otherwise, sets_up
from interlock.detect.learned.relation import Relation, by_relation, news_by_hour, once, relations
from interlock.detect.learned.settled import WHO, Settled
from interlock.detect.learned.standing import unordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.causes import Verdict
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["NewDeed"]

MOST_OBJECTS: Final = 256
"""Of one relation and verb: more are an open set (file names, serial numbers), in which a new one says nothing."""
_FAINT: Final = frozenset({"appear", "connect", "unknown"})
"""Deeds that lead to others: said at the end, and of machines of which nothing graver is said."""
_CONTROLLED: Final = frozenset({"profinet-rt", "profinet-dcp", "pnio-cm"})
MANY_TARGETS: Final = 8
MOST_NEW: Final = 3
"""Objects that are new to a relation at once: more are no custom that was merely not met yet."""
_LOOKED: Final = "look"  # kind of news: ways to ask what is there, never used between two who speak
_NOBODY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - who has no address yet asks for one by these
_MOST_TAKEN: Final = 200_000
"""Of what was met last, and when; it is forgotten all at once, which costs a minute's work."""


class NewDeed(Learner):
    """One finding per client, server (all servers, where it only looks around), protocol and deed.

    Keys: realm, client, server or "", protocol, deed. Known words: machines (m), pairs that speak a protocol (s), verbs
    (v), functions (f) and objects (o) of theirs, users of a server (u).
    """

    name: ClassVar[str] = "new-deed"
    early: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "operation", "time", "frame", "response_frame", "flow", "client", "server"),
            *("client_port", "server_port", "protocol", "verb", "function_name", "user", "unit", "object"),
            "outcome",
        ),
        "flows": ("realm", "client", "server", "protocol", "first", "last"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.words = Lexicon()
        self.custom = Custom()
        self.settled = Settled()
        self._objects: dict[Key, list[Key]] = {}
        self._usual: set[tuple[Any, ...]] = set()
        self._taken: dict[tuple[Any, ...], int] = {}
        self._controllers: set[Key] = set()
        self._speakers: set[Key] = set()
        self._waiting: list[Lesson] = []
        self._waits = False

    # Learning

    def count(self, batch: Batch, context: Context) -> None:
        """See interface.Counting; what is learned waits, as long as nothing can have converged."""
        self._waits = True
        try:
            super().count(batch, context)
        finally:
            self._waits = False

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Every row's words; of conversations, who exchanges cyclic data with whom."""
        self._waiting.append(lesson(batch))
        waiting = sum(len(one) for one in self._waiting)
        if not self._waits or waiting > MOST_WAITING or has_converged(0, self.observed.minutes):
            self._catch_up()

    def _catch_up(self) -> None:
        """Learn what waits, in its order."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            for word, first_minute, last_minute in one.cycles:
                self.words.meet(word, first_minute, last_minute)
                self._speak(word)
            self._learn_deeds(one)

    def _learn_deeds(self, one: Lesson) -> None:
        for key, begin, end, acted in one.deeds:
            # What was met in a minute is not met more by being met again in it.
            if begin == end:
                if self._taken.get(key[1:]) == end:
                    continue
                if len(self._taken) >= _MOST_TAKEN:
                    self._taken.clear()
                self._taken[key[1:]] = end
            row = DeedRow(key)
            if self.alone and self.settled and self._judges(row) and self._deviation(row) is not None:
                continue  # nobody teaches what is judged
            if row.verb in ACTS:
                self.custom.acted((*row.pair, row.verb), acted)
            self._take(row, begin, end)

    def _take(self, row: DeedRow, first: int, last: int) -> None:
        found = self._deviation(row)
        if found is not None and found[0][4] != "watch" and found[1] != _LOOKED:
            self.surprise(found[0], first)
        if row.protocol in _CONTROLLED:
            self._controllers.add((row.realm, row.client))
        self._speak(("s", *row.pair))
        for word in row.words():
            if word[0] != "o" or word in self.words:
                self.words.meet(word, first, last)
            elif self._many(word[:6]) < MOST_OBJECTS and self.words.meet(word, first, last):
                self._objects.setdefault(word[:6], []).append(word)

    def _speak(self, word: Key) -> None:
        if word[0] == "s":
            self._speakers.add((word[1], word[2], family(word[4])))
            self._speakers.add((word[1], word[3], word[4], "asked"))
            if word[4] == CYCLE:
                self._speakers.add((word[1], word[3], CYCLE))

    def _many(self, space: Key) -> int:
        return len(self._objects.get(space, ()))

    def relations(self) -> tuple[Relation, ...]:
        """Give every relation of plant protocols, sorted."""
        return relations(self.words, self.observed, self.settled)

    def news_by_hour(self) -> tuple[int, ...]:
        """Count the words that were met for the first time, by hour from the first to the last observed."""
        return news_by_hour(self.words, self.observed)

    # Judging

    def partly(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Judge relations that have converged; and who is new, where that has."""
        return self.deviations(batch, context) if self.settled else ()

    def may_converge(self, minutes: int) -> bool:
        """See interface.Converging: a relation does before the whole does."""
        return super().may_converge(minutes) or has_converged(0, minutes)

    def weigh(self) -> None:
        """Settle relations that have converged, and who is there at all by the same test."""
        if not self.settled.due(self.observed.minutes) or not has_converged(0, self.observed.minutes):
            return  # of nobody more was observed than of all
        for pair, words in sorted(by_relation(self.words).items()):
            since = self.observed.since(self.words.span(("s", *pair))[0])
            if pair not in self.settled and has_converged(once(self.words, words), since):
                self.settled.settle(pair, self.observed.end)
        here = (word for word in self.words if word[0] in "ms" and INFRASTRUCTURE.isdisjoint(word[4:5]))
        if has_converged(sum(map(self.words.once, here)), self.observed.minutes):
            self.settled.settle(WHO, self.observed.end)

    def _judges(self, row: DeedRow) -> bool:
        """Whether a row is judged while the whole has not converged."""
        known = row.protocol not in INFRASTRUCTURE and ("s", *row.pair) in self.words
        return (row.pair if known else WHO) in self.settled

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:
        """Look at the groups whose words are not all known."""
        if batch.table == "flows":
            return
        groups = grouped(batch)
        for group, key in groups:
            if key[1:10] in self._usual and not key[11]:
                continue
            row = DeedRow(key)
            if not self.judging and not self._judges(row):
                continue
            found = self._deviation(row)
            if found is None:
                if len(self._usual) < 200_000 and not key[11]:
                    self._usual.add(key[1:10])
                continue
            cause, news, what = found
            shown = groups.rows(group)
            if row.verb == "unknown" and news in ("verb", "function"):
                # An answer whose question the capture lacks cannot be read by anybody: it asks for nothing.
                shown = shown[batch.integers("frame")[shown] > 0]
            if not cause[2] and context.site.work_orders:
                ends = (row.realm, row.client, row.server)
                shown = shown[unordered(context.site, ends, row.verb, batch.times_ns()[shown])]
            if not len(shown):
                continue
            for tally, rows in self.counting(cause, key[10], batch, shown):
                tally.add_rows(row.source, batch, rows)
                note_deed(tally, row, news, what, len(rows))
                if self._names_a_spare(row):
                    tally.note("spare", "yes", len(rows))
                if row.told and (row.realm, row.server, row.protocol, "asked") in self._speakers:
                    tally.note("teller", "usual", len(rows))
            if not _faint(cause):
                yield cause

    def _deviation(self, row: DeedRow) -> tuple[Key, str, str] | None:
        """Give cause, kind of news and what is new in a row; None where all of it is known or no news."""
        stranger = ("m", row.realm, row.client) not in self.words
        if row.protocol in INFRASTRUCTURE or (row.protocol == "smb" and is_group(row.server)):
            return self._infrastructure(row, stranger)  # of SMB: mailslots, in which machines name themselves
        if not stranger and row.verb in QUIET and self._calls_its_own(row):
            return None
        speaks = ("s", *row.pair) in self.words
        deed = deed_of(row.verb, row.protocol, row.server)
        if not speaks:
            if ("s", row.realm, row.server, row.client, row.protocol) in self.words and row.verb in QUIET:
                return None  # the other end began this time, or an answer came without its question
            if is_group(row.client) and row.outcome != "unsolicited":
                return None  # an answer to all, of which the question was not seen
            if is_group(row.client):  # what everybody is told, the server tells
                news = "relation" if ("m", row.realm, row.server) in self.words else "machine"
                return (row.realm, row.server, row.client, row.protocol, "tell"), news, row.client
            wide = (
                deed in ("explore", "watch", "connect", "authenticate", "unknown")
                and row.protocol not in REMOTE
            )
            where = "" if wide else row.server
            news = "machine" if stranger else "relation"
            return (row.realm, row.client, where, row.protocol if where else "", deed), news, row.server
        if row.verb in QUIET:
            return self._collected(row) if row.verb == "read" else self._looked(row)
        cause = (row.realm, row.client, row.server, row.protocol, deed)
        return self._among_known(row, cause)

    def _calls_its_own(self, row: DeedRow) -> bool:
        """Whether a machine asks all those who speak what it always speaks, or answers such a question to nobody."""
        if row.client == row.server:
            return True
        asks = row.verb in ("discover", "identify") and is_group(row.server)
        return asks and (row.realm, row.client, family(row.protocol)) in self._speakers

    def _names_a_spare(self, row: DeedRow) -> bool:
        """Whether a PROFINET controller looks for or names a device never seen: how it takes a replaced one in."""
        new = is_group(row.server) or ("m", row.realm, row.server) not in self.words
        return row.protocol == "profinet-dcp" and new and (row.realm, row.client) in self._controllers

    def _among_known(self, row: DeedRow, cause: Key) -> tuple[Key, str, str] | None:
        if is_handshake(row.protocol, row.function, row.target):
            return None
        if ("v", *row.pair, row.verb) not in self.words:
            return cause, "verb", row.function or row.verb
        if ("f", *row.pair, row.verb, row.function) not in self.words:
            return cause, "function", row.function
        if row.verb in ACTS and row.target and not self._knows_object(row):
            return cause, "object", row.place
        if row.user and ("u", row.realm, row.server, row.protocol, row.user) not in self.words:
            return (*cause[:4], "user"), "user", row.user
        return None

    def _knows_object(self, row: DeedRow) -> bool:
        space = ("o", *row.pair, row.verb)
        return self._many(space) >= MOST_OBJECTS or (*space, row.place) in self.words

    def _collected(self, row: DeedRow) -> tuple[Key, str, str] | None:
        """Reading what it never read: said where it is much (see judge), or asked for as it never was, and refused.

        Who was set up for a machine asks it for nothing that it does not know, as these two always did before.
        """
        strange = row.function and ("f", *row.pair, "read", row.function) not in self.words
        if row.outcome == "refused" and strange and not takes_stock(row.protocol, row.function):
            return (row.realm, row.client, row.server, row.protocol, "watch"), "function", row.function
        if not row.target or self._knows_object(row):
            return None
        return (row.realm, row.client, row.server, row.protocol, "watch"), "object", row.place

    def _looked(self, row: DeedRow) -> tuple[Key, str, str] | None:
        """Asking what is there as it never asked: said where it is much, or mostly in vain (see judge)."""
        if row.verb not in LOOKS or ("f", *row.pair, row.verb, row.function) in self.words:
            return None
        cause = (row.realm, row.client, row.server, row.protocol, "explore")
        return cause, _LOOKED, f"{row.function} {row.place}".strip()

    def _infrastructure(self, row: DeedRow, stranger: bool) -> tuple[Key, str, str] | None:
        if stranger and not is_group(row.client) and row.client not in _NOBODY:
            if row.protocol == "arp" and ":" in row.client:
                return None  # who announces an address is known by that, whichever card it has by now
            return (row.realm, row.client, "", "", "appear"), "machine", row.protocol
        if row.protocol == "arp" and row.verb == "discover" and ("s", *row.pair) not in self.words:
            return (row.realm, row.client, "", "arp", "explore"), "relation", row.server
        return None

    def keys(self) -> Iterable[Key]:
        """Give every cause; of what goes before a deed only what is followed by none, or is a flood of its own."""
        keys = sorted(super().keys())
        busy = {key[:2] for key in keys if not _faint(key)}
        return [key for key in keys if not _faint(key) or key[:2] not in busy or pours(self.tally(key))]

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what is new, at whom, and what follows."""
        if key[4] == "appear":
            known = known_otherwise(self.words, key[0], key[1], context)
            return None if known else appeared(key, tally, context)
        if not self._enough(key, tally, context) or sets_up(self.words, key, tally, context):
            return None
        return Case(key, tally, context, self._unsettled(key, tally)).verdict()

    def _unsettled(self, key: Key, tally: Tally) -> str:
        """Say how little is known, where all that is new is objects of verbs that are habit there; else nothing.

        Who sets values of one area (data blocks, holding registers) is not expected to set others (markers, coils).
        """
        spaces = [("o", *key[:4], verb) for verb in tally.noted("verb")]
        if set(tally.noted("news")) != {"object"} or len(tally.noted("new")) > MOST_NEW:
            return ""
        known = {area_of(word[6]) for space in spaces for word in self._objects.get(space, ())}
        if not known.issuperset(map(area_of, tally.noted("new"))):
            return ""
        since = self.observed.since(self.words.span(("s", *key[:4]))[0])
        for space in spaces:
            once = sum(1 for word in self._objects.get(space, ()) if self.words.once(word))
            if expected(once, since).converged:
                continue
            if told := self.custom.unsettled(space[1:], self._many(space), once):
                return told
        return ""

    def _enough(self, key: Key, tally: Tally, context: Context) -> bool:
        realm, client, server, protocol, deed = key
        if protocol == "arp":
            return len(tally.noted("server")) >= MANY_TARGETS
        looked = deed == "explore" and set(tally.noted("news")) == {_LOOKED}
        if (deed == "watch" or looked) and server:
            before = 0 if looked else self._many(("o", realm, client, server, protocol, "read"))
            return much(tally, before, context.now, looked=looked)
        return True

    # State

    def _known(self) -> Mapping[str, Any]:
        self._catch_up()
        return super()._known()

    def knowledge(self) -> Any:
        """Give all known words, how often somebody acts, and what has converged."""
        return {
            "words": self.words.state(),
            "custom": self.custom.state(),
            "settled": self.settled.state(),
        }

    @property
    def known_things(self) -> int:
        """See Learner."""
        self._catch_up()
        return len(self.words)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back, and count objects anew. What was learned by the first versions has words alone."""
        parts = known if isinstance(known, dict) else {"words": known}
        self.words.restore(parts["words"])
        self.custom.restore(parts.get("custom", ()))
        self.settled.restore(parts.get("settled", ()))
        self._usual, self._objects, self._taken, self._waiting = set(), {}, {}, []
        self._controllers = {w[1:3] for w in self.words if w[0] == "s" and w[4] in _CONTROLLED}
        self._speakers = set()
        for word in self.words:
            self._speak(word)
        for word in self.words:
            if word[0] == "o":
                self._objects.setdefault(word[:6], []).append(word)


def _faint(cause: Key) -> bool:
    """Whether it only leads to other deeds; working on a machine from afar does more."""
    return cause[4] in _FAINT and not cause[3]
