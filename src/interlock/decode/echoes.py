"""Commands whose answer repeats them, as their protocol says, and answers that repeat another one.

Who changes commands on their way has to change the answers back; where he does not, or where both ways of a
conversation are seen, what is confirmed is not what was asked.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.sheet import Sheet

__all__ = ["asks", "repeats"]

_OTHERS: Final = 256
"""Open commands that are compared, the newest ones: a flow may have as many (sheet.MAX_OPEN)."""


def asks(out: Sheet, row: int, m: Any, i: int, *said: Any) -> None:
    """Keep what the command of a row, message i, says, behind what it said before. said: comparable, in order."""
    kept = out.notes.get(out.operation_of(row), ((), ()))[1]
    out.notes[out.operation_of(row)] = ((m.flow[i], m.gaps[i]), kept + said)


def repeats(out: Sheet, row: int, m: Any, i: int, *said: Any) -> bool:
    """Whether message i, the answer of a row, goes on with what its command said next, or another open one of the flow.

    The latter is how it looks where an earlier answer never came: numbers that pair are used again, and what is
    answered is taken for the oldest command that is open. True also where the command is not known, or where the
    capture lost something since: what was lost may be the command that is answered.
    """
    asked = out.notes.pop(out.operation_of(row), None)
    stands = (m.flow[i], m.gaps[i])
    if asked is None or asked[0] != stands:
        return True
    if len(asked[1]) > len(said):
        out.notes[out.operation_of(row)] = (stands, asked[1][len(said) :])
    others = islice(reversed(out.notes.values()), _OTHERS)
    return asked[1][: len(said)] == said or any(
        where == stands and known[: len(said)] == said for where, known in others
    )
