"""Words about the conversation, what rules remember of it, and how often they speak.

Source: Suricata user guide, "Flow Keywords", "Flowint Keyword", "Xbits", "Thresholding Keywords", "App Layer".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.language.checks import Bits, Count, Counter, Flow, Speaks, StreamSize
from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import read_bound, read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS", "KINDS", "TRACKS"]

_FLOW: Final[dict[str, dict[str, Any]]] = {
    "to_server": {"direction": "to_server"},
    "from_client": {"direction": "to_server"},
    "to_client": {"direction": "to_client"},
    "from_server": {"direction": "to_client"},
    "established": {"established": True},
    "not_established": {"established": False},
    "stateless": {"stateless": True},
    "only_stream": {"level": "stream"},
    "no_stream": {"level": "packet"},
    "only_frag": {"fragments": True},
    "no_frag": {"fragments": False},
}
_COMMANDS: Final = ("set", "unset", "toggle", "isset", "isnotset")
_SCOPES: Final = ("ip_src", "ip_dst", "ip_pair")
TRACKS: Final = ("by_src", "by_dst", "by_both", "by_rule", "by_flow")
KINDS: Final = ("limit", "threshold", "both")
_CHANGES: Final = ("=", "+", "-")
_COMPARES: Final = ("<", ">", "<=", ">=", "==", "!=")
_MOST_SECONDS: Final = 366 * 86_400


def _flow(draft: Draft, value: str | None) -> None:
    said: dict[str, Any] = {}
    for word in comma_separated(value):
        if word.lower() not in _FLOW:
            raise RuleError("flow", f"{word!r} is not known here")
        ((name, meaning),) = _FLOW[word.lower()].items()
        if said.get(name, meaning) != meaning:
            raise RuleError("flow", f"{word!r} contradicts what stands before it")
        said[name] = meaning
    draft.checks.append(Flow(**said))


def _bits(keyword: str, *, scoped: bool) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        command, *rest = comma_separated(value)
        if command == "noalert" and not rest:
            draft.silent = True
            return
        if command not in _COMMANDS or not rest or not rest[0]:
            raise RuleError(keyword, f"{value!r} is not one of {', '.join(_COMMANDS)} and a name")
        names = tuple(name.strip() for name in rest[0].split("|"))
        scope, seconds = _scope(keyword, rest[1:]) if scoped else ("flow", 0)
        if len(names) > 1 and command not in {"isset", "isnotset"}:
            raise RuleError(keyword, "several names stand behind isset and isnotset alone")
        bits = Bits(command=command, names=names, scope=scope, seconds=seconds)
        (draft.checks if bits.asks else draft.effects).append(bits)

    says = (
        "a mark that rules set for each other, of a machine or pair"
        if scoped
        else "the same, of a conversation"
    )
    return Keyword(
        name=keyword, clause="Xbits" if scoped else "Flow Keywords, flowbits", says=says, read=read
    )


def _scope(keyword: str, words: list[str]) -> tuple[str, int]:
    scope, seconds = "", 0
    for word in words:
        name, _, argument = word.partition(" ")
        if name == "track" and argument.strip() in _SCOPES:
            scope = argument.strip()
        elif name == "expire":
            seconds = read_natural(argument, keyword, most=_MOST_SECONDS)
        else:
            raise RuleError(keyword, f"{word!r} is neither track {'|'.join(_SCOPES)} nor expire and seconds")
    if not scope:
        raise RuleError(keyword, "says not what it is a mark of: track ip_src, ip_dst or ip_pair")
    return scope, seconds


def _counter(draft: Draft, value: str | None) -> None:
    name, *rest = comma_separated(value)
    operator = rest[0] if rest else ""
    if operator in {"isset", "isnotset", "notset"} and len(rest) == 1:
        draft.checks.append(Counter(name=name, operator="isset" if operator == "isset" else "isnotset"))
        return
    if operator not in {*_CHANGES, *_COMPARES} or len(rest) != 2 or not name:
        raise RuleError("flowint", f"{value!r} is not a name, an operator and a number")
    number = int(rest[1]) if rest[1].isdecimal() else rest[1]
    counter = Counter(name=name, operator=operator, value=number)
    (draft.checks if counter.asks else draft.effects).append(counter)


def _stream_size(draft: Draft, value: str | None) -> None:
    parts = comma_separated(value)
    if len(parts) != 3 or parts[0] not in {"server", "client", "both", "either"}:
        raise RuleError(
            "stream_size", f"{value!r} is not server, client, both or either, an operator and a number"
        )
    bound = read_bound("".join(parts[1:]), "stream_size", most=(1 << 32) - 1)
    draft.checks.append(StreamSize(side=parts[0], bound=bound))


def _speaks(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().lower()
    negated = text.startswith("!")
    name = text[negated:].strip()
    if name not in PROTOCOLS or not PROTOCOLS[name].application:
        raise RuleError("app-layer-protocol", f"{name!r} is not known here")
    draft.checks.append(Speaks(PROTOCOLS[name].application, negated=negated))


def _count(keyword: str) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        said: dict[str, str] = {}
        for part in comma_separated(value):
            name, _, argument = part.partition(" ")
            if name in said or name not in {"type", "track", "count", "seconds"}:
                raise RuleError(keyword, f"{part!r} is not known here, or stands there twice")
            said[name] = argument.strip()
        kind = "detection_filter" if keyword == "detection_filter" else said.get("type", "")
        if kind not in {*KINDS, "detection_filter"} or said.get("track") not in TRACKS:
            raise RuleError(
                keyword, f"type is one of {', '.join(KINDS)}; track is one of {', '.join(TRACKS)}"
            )
        if draft.counting is not None:
            raise RuleError(keyword, "a rule has one threshold or one detection_filter")
        count = read_natural(said.get("count"), keyword)
        seconds = read_natural(said.get("seconds"), keyword, most=_MOST_SECONDS)
        if not count or not seconds:
            raise RuleError(keyword, "count and seconds are 1 or more")
        draft.counting = Count(kind=kind, track=said["track"], count=count, seconds=seconds)

    says = "how often it may speak, or must hit before it does"
    return Keyword(name=keyword, clause=f"Thresholding Keywords, {keyword}", says=says, read=read)


def _silent(draft: Draft, _value: str | None) -> None:
    draft.silent = True


KEYWORDS: Final = (
    Keyword(
        name="flow",
        clause="Flow Keywords, flow",
        says="which way, and of which conversations",
        read=_flow,
    ),
    _bits("flowbits", scoped=False),
    _bits("xbits", scoped=True),
    Keyword(
        name="flowint",
        clause="Flowint Keyword",
        says="a number that rules keep of a conversation",
        read=_counter,
    ),
    Keyword(
        name="stream_size",
        clause="Flow Keywords, stream_size",
        says="octets of the conversation so far",
        read=_stream_size,
    ),
    Keyword(
        name="app-layer-protocol",
        clause="App Layer, app-layer-protocol",
        says="what the conversation speaks",
        read=_speaks,
    ),
    _count("threshold"),
    _count("detection_filter"),
    Keyword(name="noalert", clause="Noalert", says="it never speaks itself", read=_silent, value=False),
)
