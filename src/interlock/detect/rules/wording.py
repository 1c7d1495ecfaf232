"""What a rule that fired says: the finding's title, its explanation and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.wording import counted
from interlock.records.counting import times
from interlock.records.finding import Action

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.rules.model import Rule
    from interlock.detect.tally import Key, Tally

__all__ = ["LOOK", "NOTED", "PLACEHOLDERS", "verdict"]

NOTED: Final[dict[str, tuple[str, ...]]] = {
    "operations": (
        "client",
        "server",
        "protocol",
        "verb",
        "function_name",
        "outcome",
        "user",
        "unit",
        "object",
    ),
    "flows": ("client", "server", "protocol", "transport", "server_port", "state"),
    "oddities": ("client", "server", "protocol", "oddity"),
    "values": ("client", "server", "protocol", "direction", "unit", "object", "quality"),
}
"""Table → columns whose words a cause remembers."""

PLACEHOLDERS: Final = frozenset({"count", *(name for noted in NOTED.values() for name in noted)})
"""What may stand in braces in a rule's `says`."""

LOOK: Final = Action(
    text="Look at the frames named as evidence, and ask who works on these machines whether it was meant.",
    risk="None: nothing is touched.",
)
"""What to do where a rule does not say."""

_HOLE: Final = re.compile(r"\{([a-z_]+)\}")
_SHOWN: Final = 3
_PLAIN: Final[dict[str, str]] = {"pending": "not answered yet", "no-answer": "not answered"}


def verdict(rule: Rule, key: Key, tally: Tally, context: Context) -> Verdict:
    """Say what a rule says of a cause; key: rule's id, realm, words of the rule's `per`."""
    realm, words = key[1], dict(zip(rule.per, key[2:], strict=True))
    machines = tuple(words[end] for end in ("client", "server") if words.get(end))
    others = [m for end in ("client", "server") if end not in words for m in tally.noted(end)]
    told = _told(realm, words, tally, context)
    says = (rule.says or f"{rule.title}: {_pair(told, words)}").replace("{count} times", times(tally.count))
    title = _HOLE.sub(lambda hole: told.get(hole[1], hole[1]), says)
    return Verdict(
        realm=realm,
        machines=machines,
        others=tuple(m for m in dict.fromkeys(others) if m and m not in machines),
        cause="/".join(
            (rule.id, *(word for name, word in words.items() if name not in ("client", "server")))
        ),
        kind=rule.kind,
        severity=rule.severity,
        confidence=rule.confidence,
        title=title,
        seen=_seen(rule, tally),
        matters=rule.matters or rule.description or f"{rule.title}.",
        silent=rule.silent or "Silent where the rule's condition does not hold.",
        actions=rule.actions or (LOOK,),
        techniques=rule.techniques,
        requirements=rule.requirements,
        data=_data(rule, tally),
        table=rule.table,
        deed=_deed(rule, realm, words, tally),
    )


def _deed(rule: Rule, realm: str, words: dict[str, str], tally: Tally) -> Deed | None:
    """What a work order would have to allow; of conversations and violations it speaks as little as of a weakness."""
    if rule.table not in ("operations", "values") or rule.kind in ("weakness", "exposure"):
        return None

    def all_of(column: str) -> tuple[str, ...]:
        return (words[column],) if column in words else tuple(tally.noted(column))

    return Deed(
        realm=realm,
        stations=all_of("client"),
        machines=all_of("server"),
        verbs=all_of("verb"),
        objects=all_of("object"),
    )


def _told(realm: str, words: dict[str, str], tally: Tally, context: Context) -> dict[str, str]:
    """Field → how a title tells it."""
    told = {"count": str(tally.count)}
    for name in PLACEHOLDERS - {"count"}:
        known = [words[name]] if name in words else list(tally.noted(name))
        if name in ("client", "server"):
            known = [context.name(realm, address) for address in known]
        elif name == "protocol":
            known = [spoken(protocol) for protocol in known]
        told[name] = _listed([word for word in known if word], "unknown")
    return told


def _listed(words: list[str], none: str) -> str:
    if not words:
        return none
    shown = words[:_SHOWN]
    if len(words) > _SHOWN:
        return f"{', '.join(shown)} and {len(words) - _SHOWN} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _pair(told: dict[str, str], words: dict[str, str]) -> str:
    parts = [told[end] for end in ("client", "server") if end in words or told[end] != "unknown"]
    return " → ".join(parts) or "anywhere"


def _seen(rule: Rule, tally: Tally) -> str:
    what = {"operations": "operation", "flows": "conversation", "oddities": "violation", "values": "value"}[
        rule.table
    ]
    parts = []
    names = list(tally.noted("function_name")) or list(tally.noted("oddity")) or list(tally.noted("protocol"))
    if names:
        parts.append(_listed(names, ""))
    for column, word in (("object", "on"), ("user", "as user")):
        if known := list(tally.noted(column)):
            parts.append(f"{word} {_listed(known, '')}")
    if rule.table == "operations":
        outcomes = [f"{n} {_PLAIN.get(word, word)}" for word, n in tally.noted("outcome").items()]
        parts += ["outcomes: " + ", ".join(outcomes)] if outcomes else []
    said = f" ({'; '.join(parts)})" if parts else ""
    return f"The rule '{rule.name}' fired for {counted(tally.count, what)}{said}."


def _data(rule: Rule, tally: Tally) -> tuple[tuple[str, str], ...]:
    noted = tuple(
        (kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words) if tally.noted(kind)
    )
    return (("rule", rule.name), ("rule_id", rule.id), *noted)
