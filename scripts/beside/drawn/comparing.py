"""Rules and conversations drawn at random, held against each other by both, and what is left of each difference.

    a capture of conversations -> what our decoder shows of it -> rules that nearly match it -> Suricata, and we
    a rule of which they differ -> the same with one part less, as long as they still do

All of one seed is the same again. Rules that one of both does not load are counted, and asked nothing.
"""

from __future__ import annotations

import random  # noqa: TID251 (a seed is given)
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from beside.drawn.files import LIMITS, SET, limits, members
from beside.drawn.memory import groups
from beside.drawn.reducing import smaller
from beside.drawn.rules import drawn
from beside.drawn.samples import sides
from beside.drawn.traffic import THEMES, conversations
from beside.frames import pcap
from beside.judged import judged
from beside.theirs import NotStartedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from beside.drawn.rules import Rule
    from beside.theirs import Alert, Suricata

__all__ = ["Compared", "compared"]

_AT_ONCE: Final = 300
"""Rules of a round: of one packet Suricata tells at most 255 alerts."""
_GROUPS: Final = 10
_CONVERSATIONS: Final = 40
_FIRST: Final = 1_000
_ROUNDS: Final = 12
_REDUCED: Final = 40
_SID: Final = re.compile(r"\bsid: ?(\d+);")
_REFUSED: Final = re.compile(r"rule (\d+) is refused")
_CAPTURE: Final = "drawn"


@dataclass(slots=True)
class Compared:
    """theirs, ours: alerts (rule, conversation), with how many of both. refused: rules by who does not load them.

    told: what is left of each rule of which they differ, with how often each speaks in one of the conversations.
    """

    rules: int = 0
    theirs: int = 0
    ours: int = 0
    both: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    @property
    def of_theirs(self) -> float:
        """Share of Suricata's alerts that we give, too."""
        return self.both / self.theirs if self.theirs else 1.0

    @property
    def of_ours(self) -> float:
        """Share of ours that it gives."""
        return self.both / self.ours if self.ours else 1.0


class _Ways(NamedTuple):
    """How often a rule speaks in one conversation, and which that is."""

    theirs: int
    ours: int
    between: str

    def __str__(self) -> str:
        """For people."""
        return f"Suricata {self.theirs}, we {self.ours}: {self.between}"


class _Both:
    """Both, over one capture."""

    def __init__(self, suricata: Suricata, capture: Path, midstream: str, folder: Path) -> None:
        self._suricata, self._capture, self._midstream = suricata, {_CAPTURE: capture}, midstream
        self._rules = folder / "drawn.rules.d"
        self._rules.mkdir(exist_ok=True)
        self._files: dict[str, str] = {}

    def beside(self, files: Mapping[str, str]) -> None:
        """Files that lie beside the rules from now on, by their names."""
        self._files.update(files)
        for name, text in files.items():
            (self._rules / name).write_text(text)

    def say(self, lines: Sequence[str]) -> tuple[Counter[Alert], Counter[Alert], set[int], set[int]]:
        """Their alerts, ours, and which rules each does not load."""
        text = "\n".join(lines) + "\n"
        (self._rules / "drawn.rules").write_text(text, "utf-8", "surrogateescape")
        theirs, problems, _ = self._suricata.alerts(
            self._capture, text, self._midstream, ["-k", "none"], self._files
        )
        ours, sentences = judged(self._capture, self._rules, self._midstream, "no")
        out = {int(sid) for line in problems if "error parsing" in line for sid in _SID.findall(line)}
        mine = {int(sid) for line in sentences for sid in _REFUSED.findall(line)}
        left = [
            Counter({one: n for one, n in told.items() if one.sid not in out | mine})
            for told in (theirs, ours)
        ]
        return left[0], left[1], out, mine


def compared(
    suricata: Suricata,
    given: Sequence[Path],
    folder: Path,
    *,
    seed: int,
    count: int,
    midstream: str,
    themes: Sequence[str] = (),
) -> Iterator[Compared]:
    """So many rules, round by round: what was found by then. given: captures to draw from, else some are made.

    themes: of what is made (THEMES), one round each in turn; all where none is named.
    """
    themes = themes or tuple(THEMES)
    found = Compared()
    for number in range(-(-count // _AT_ONCE)):
        draw, theme = random.Random(f"{seed}/{number}"), themes[number % len(themes)]
        capture = given[number % len(given)] if given else folder / "drawn.pcap"
        if not given:
            made = conversations(draw, _CONVERSATIONS, theme)
            with capture.open("wb") as file:
                file.writelines(pcap(frame for k, one in enumerate(made) for frame in one.frames(k)))
        shown = sides([capture])
        if not shown:
            continue
        rules = drawn(draw, shown, min(count - found.rules, _AT_ONCE))
        together = groups(draw, shown, 3 if theme == "actions" else _GROUPS, actions=theme == "actions")
        both = _Both(suricata, capture, midstream, folder)
        sids = range(_FIRST, _FIRST + len(rules) + sum(map(len, together)))
        addresses = sorted({one for side in shown for one in side.addresses})
        limited = limits(draw, sids, addresses) if theme == "limits" else []
        both.beside({SET: _lines(members(draw, shown)), LIMITS: _lines(limited)})
        try:
            _round(found, both, rules, together)
        except NotStartedError:
            found.refused["Suricata, whole"] += len(rules)
            continue
        yield found


def _lines(some: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in some)


def _round(found: Compared, both: _Both, rules: Sequence[Rule], together: Sequence[Sequence[Rule]]) -> None:
    """together: groups of rules that stand behind the others, and are told whole."""
    asked = [*rules, *chain.from_iterable(together)]
    theirs, ours, out, mine = both.say([rule.line(_FIRST + k) for k, rule in enumerate(asked)])
    found.rules += len(asked)
    found.refused.update({"both": len(out & mine), "Suricata": len(out - mine), "we": len(mine - out)})
    found.theirs, found.ours = found.theirs + len(theirs), found.ours + len(ours)
    found.both += len(theirs.keys() & ours.keys())
    differing = _differing(theirs, ours)
    single = {
        sid: (asked[sid - _FIRST], ways)
        for sid, ways in sorted(differing.items())
        if sid < _FIRST + len(rules)
    }
    both.beside({LIMITS: ""})  # what rules are cut down to has other ids
    for rule, ways in _reduced(both, dict(list(single.items())[:_REDUCED])):
        found.told.append(f"{rule.line(1)} {ways}")
    first = _FIRST + len(rules)
    for group in together:
        sids = [sid for sid in range(first, first + len(group)) if sid in differing]
        if sids:
            lines = " ".join(rule.line(first + k) for k, rule in enumerate(group))
            found.told.append(f"{lines} {', '.join(f'{sid}: {differing[sid]}' for sid in sids)}")
        first += len(group)


def _differing(theirs: Mapping[Alert, int], ours: Mapping[Alert, int]) -> dict[int, _Ways]:
    """Rules by their ids, and how often each speaks in one conversation of which they differ."""
    alone = sorted(theirs.keys() ^ ours.keys(), reverse=True)
    return {
        one.sid: _Ways(theirs.get(one, 0), ours.get(one, 0), f"{one.transport} {one.ends[0]} {one.ends[1]}")
        for one in alone
    }


def _reduced(both: _Both, left: dict[int, tuple[Rule, _Ways]]) -> Iterator[tuple[Rule, _Ways]]:
    """Each rule as small as it still is a difference, the same way round."""
    for _ in range(_ROUNDS):
        tried = [(key, less) for key, (rule, _) in left.items() for less in smaller(rule)]
        if not tried:
            break
        theirs, ours, out, mine = both.say([less.line(k + 1) for k, (_, less) in enumerate(tried)])
        better: dict[int, tuple[Rule, _Ways]] = {}
        for sid, ways in _differing(theirs, ours).items():
            key, less = tried[sid - 1]
            same = bool(ways.theirs) == bool(left[key][1].theirs) and sid not in out | mine
            if same and (key not in better or len(less.line(1)) < len(better[key][0].line(1))):
                better[key] = less, ways
        yield from (left[key] for key in left.keys() - better.keys())
        left = better
    yield from left.values()
