"""Rules that remember for each other, drawn at random: marks, numbers, sets and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beside.drawn.headers import counting
from beside.drawn.octets import quoted
from beside.drawn.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random  # noqa: TID251 (a seed is given)

    from beside.drawn.samples import Side

    Kind = Callable[[Random, Side, str], Rule]

__all__ = ["groups"]

_BITS = ("set", "set", "isset", "isset", "isnotset", "unset", "toggle")


def groups(draw: Random, sides: Sequence[Side], count: int, *, actions: bool = False) -> list[list[Rule]]:
    """So many groups; the rules of one are about one conversation, or about all. actions: of what passes, and kin."""
    of_flow: dict[tuple[object, ...], list[Side]] = {}
    for side in sides:
        if "payload" in side.buffers and side.buffers["payload"][0]:
            of_flow.setdefault(
                (side.transport, *sorted(zip(side.addresses, side.ports, strict=True))), []
            ).append(side)
    flows = [found for found in of_flow.values() if len(found) > 1]
    kinds = (_actions,) if actions else (_flowbits, _flowbits, _xbits, _flowint, _counted, _set)
    return [
        _group(draw, draw.choice(flows), number, draw.choice(kinds))
        for number in range(count if flows else 0)
    ]


def _group(draw: Random, flow: list[Side], number: int, kind: Kind) -> list[Rule]:
    some = sorted(draw.choices(range(len(flow)), k=draw.randint(2, 4)))
    return [kind(draw, flow[at], f"g{number}x") for at in some]


def _rule(draw: Random, side: Side, more: Sequence[str]) -> Rule:
    """A rule for what one packet holds."""
    payload = side.buffers["payload"][0]
    at = draw.randrange(len(payload))
    piece = payload[at : at + draw.randint(1, 3)]
    head = side.transport if side.transport in {"tcp", "udp"} else "ip"
    way = (
        [f"flow:{'to_server' if side.to_server else 'to_client'}"]
        if draw.random() < 0.3 and head != "ip"
        else []
    )
    options = (*way, f'content:"{quoted(piece)}"', *more)
    return Rule(f"alert {head} any any -> any any", options)


def _flowbits(draw: Random, side: Side, name: str) -> Rule:
    words = []
    for _ in range(draw.choice((1, 1, 2))):
        command = draw.choice(_BITS)
        both = draw.random() < 0.15 and command in {"isset", "isnotset"}
        words.append(f"flowbits:{command},{name}{draw.choice('ab')}{f'|{name}c' if both else ''}")
    words += ["flowbits:noalert"] if draw.random() < 0.2 else []
    words += [f"priority:{draw.randint(1, 4)}"] if draw.random() < 0.3 else []
    return _rule(draw, side, words)


def _xbits(draw: Random, side: Side, name: str) -> Rule:
    command = draw.choice(_BITS)
    track = draw.choice(("ip_src", "ip_dst", "ip_pair"))
    expire = f",expire {draw.choice((1, 60))}" if draw.random() < 0.4 and command in {"set", "toggle"} else ""
    return _rule(draw, side, [f"xbits:{command},{name},track {track}{expire}"])


def _flowint(draw: Random, side: Side, name: str) -> Rule:
    changes = (f"{name},+,{draw.randint(1, 3)}", f"{name},-,1", f"{name},=,{draw.randint(0, 4)}")
    asks = (
        f"{name},{draw.choice(('>', '<', '==', '!=', '>=', '<='))},{draw.randint(0, 4)}",
        f"{name},isset",
        f"{name},isnotset",
    )
    words = [draw.choice(changes)] if draw.random() < 0.6 else []
    words += [draw.choice(asks)] if draw.random() < 0.6 or not words else []
    return _rule(draw, side, [f"flowint:{word}" for word in words])


def _counted(draw: Random, side: Side, _name: str) -> Rule:
    rule = _rule(draw, side, [counting(draw)])
    return rule._replace(head=rule.head.replace("tcp ", "tcp-pkt ")) if draw.random() < 0.6 else rule


def _set(draw: Random, side: Side, name: str) -> Rule:
    buffer = draw.choice(("ip.src", "ip.dst"))
    command = draw.choice(("set", "set", "isset", "isnotset"))
    kind = "ip" if ":" in side.addresses[0] else "ipv4"
    return _rule(draw, side, [buffer, f"dataset:{command},{name}{draw.choice('ab')},type {kind}"])


def _actions(draw: Random, side: Side, name: str) -> Rule:
    """What passes silences what comes after it; the others are told in the order of what they do."""
    rule = _rule(draw, side, [])
    options = rule.options
    if draw.random() < 0.25:
        ways = [one for one in options[:-1] if one.startswith("flow:")]  # one word: nobody writes two
        way = ways[0].removeprefix("flow:") if ways else "to_server"
        options = (
            (f"flow:established,{way}" if ways else "flow:established")
            if draw.random() < 0.5
            else f"flow:{way}",
        )
    if draw.random() < 0.3:
        options = (*options, f"flowbits:{draw.choice(('set', 'isset', 'isnotset'))},{name}")
    if draw.random() < 0.2:
        options = (*options, f"priority:{draw.randint(1, 4)}")
    action = draw.choice(("pass", "pass", "drop", "reject", "alert", "alert", "rejectsrc", "rejectboth"))
    return rule._replace(head=rule.head.replace("alert", action, 1), options=options)
