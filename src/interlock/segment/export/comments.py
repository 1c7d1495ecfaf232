r"""What people wrote, made harmless for the text of a firewall: no name ends its comment, its line or its quotes.

Every target has its own signs that mean something (`"`, `#`, `!`, `?` in a console, `$`, `\`, `<`). So one alphabet
that means nothing to any of them holds for all: letters without accents, digits, and a few signs.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.segment.export.plan import Lack, Plan, Rule

__all__ = ["about", "effects", "head_lines", "plain", "short", "slug"]

_OTHER: Final = re.compile(r"[^A-Za-z0-9 .,:;/()+=@_-]+")
_SPACES: Final = re.compile(r"\s+")


def plain(text: str, most: int = 400) -> str:
    """Text in the harmless alphabet, at most so many characters: accents fall off, what else is foreign becomes `_`.

    A cut is shown by `...`; the result never begins or ends with a space and is never empty.
    """
    bare = unicodedata.normalize("NFKD", _SPACES.sub(" ", text).replace("'", "_"))
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    kept = _OTHER.sub("_", bare).strip()
    if len(kept) > most:
        kept = kept[: most - 3].rstrip() + "..."
    return kept or "_"


def slug(text: str, most: int = 16) -> str:
    """A word of [a-z0-9_] for names; not unique."""
    return re.sub(r"[^a-z0-9]+", "_", plain(text).lower()).strip("_")[:most].strip("_") or "x"


def about(rule: Rule, most: int = 400) -> str:
    """Conduit, reason, owner and end of a rule, each in the harmless alphabet."""
    conduit = rule.conduit
    if conduit is None:
        return plain(f"zone {rule.number}: inside {rule.source.zones[0]}", most)
    parts = [
        f"{'exception' if conduit.exception else 'conduit'} {rule.number}: {plain(conduit.name, most // 4)}",
        f"reason: {plain(conduit.reason, most // 4)}" if conduit.reason else "",
        f"owner: {plain(conduit.owner, most // 6)}" if conduit.owner else "",
        f"until: {conduit.until}" if conduit.until else "",
    ]
    return "; ".join(filter(None, parts))


def short(rule: Rule, most: int) -> str:
    """The same for targets with little room: what identifies the rule, and its end, are never cut away."""
    end = f" until {rule.until}" if rule.until else ""
    owner = rule.conduit.owner if rule.conduit and rule.conduit.owner else ""
    room = most - len(end)
    text = plain(f"{rule.key} {rule.title}", room)
    left = room - len(text)
    if owner and left > 12:
        text += f" ({plain(owner, left - 3)})"
        left = room - len(text)
    reason = rule.conduit.reason if rule.conduit and rule.conduit.reason else ""
    if reason and left > 12:
        text += f": {plain(reason, left - 2)}"
    return text + end


def effects(lack: Lack) -> str:
    """One line of text of what is lost."""
    word = {"wider": "MORE passes", "narrower": "LESS passes", "elsewhere": "kept ELSEWHERE"}[lack.effect]
    return f"{word} [{lack.what}] {plain(lack.sentence, 1_000)}"


def head_lines(plan: Plan, target: str, lacks: tuple[Lack, ...]) -> list[str]:
    """What stands at the beginning of every text, each line without the target's sign of a comment."""
    site = f" of {plain(plan.site)}" if plan.site else ""
    lines = [
        f"Interlock zones and conduits{site}, realm {plain(plan.realm)}, for {target}; as of {plan.today} (UTC).",
        "Written by interlock zone export. Change the site file, not this text.",
        f"{len(plan.rules)} allowances; everything else is denied.",
    ]
    if lacks:
        lines += ["What this target cannot say:", *(f"  {effects(lack)}" for lack in lacks)]
    return lines
