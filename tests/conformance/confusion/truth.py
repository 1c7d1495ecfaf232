"""What the flows of a capture speak, said by others: tshark at the ports where they were, else confusion.toml.

A frame's protocol is the first of its layers above TCP or UDP that confusion.toml names (`specific` before
`carrier`); a flow's is that of most of its frames. tshark, too, takes ports for certainty, and does not know every
protocol: what it gets wrong or leaves open is told per capture and port in confusion.toml, with the reason.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conformance.cache import Cache
    from conformance.captures import Capture
    from conformance.tshark import Tshark

__all__ = ["FIELDS", "Conversation", "Key", "Rules", "Seen", "conversations", "read_rules", "said_of", "walk"]

End = tuple[str, int]
Key = tuple[str, End, End]
"""Transport and both ends (address, port), the smaller one first."""

FIELDS: Final = (
    "frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
    "udp.srcport", "udp.dstport", "tcp.len", "udp.length", "tcp.flags.syn", "tcp.flags.ack", "dcerpc.dg_if_id",
)  # fmt: skip


_PROFINET: Final = "dea0000"
"""How the UUIDs of PROFINET's interfaces begin (IEC 61158-6-10): tshark names such calls DCE/RPC only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """specific, carrier: tshark's layer → our word. stated: what confusion.toml says of single flows.

    formats: words of one format on the wire that only ports or group addresses tell apart.
    """

    specific: Mapping[str, str]
    carrier: Mapping[str, str]
    stated: tuple[dict[str, Any], ...]
    formats: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One frame with a TCP or UDP payload, or a SYN: number, ends, octets of payload, its layers above."""

    frame: int
    key: Key
    sender: End
    receiver: End
    octets: int
    opens: bool
    layers: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """All frames of one pair of ends, in order; server: the end that was asked, as far as it is seen."""

    key: Key
    frames: list[Seen] = field(default_factory=list)
    opened: End | None = None

    def server(self, asked: Counter[End]) -> End:
        """Who accepted the connection; else the end most others talk to; else the lower port."""
        return self.opened or max(self.key[1:], key=lambda end: (asked[end], -end[1]))

    def within(self, first: int, last: int) -> list[Seen]:
        return [seen for seen in self.frames if first <= seen.frame <= last and seen.octets]


_STATED: Final = {"capture", "port", "protocol", "reason"}


def read_rules(path: Path) -> Rules:
    read = tomllib.loads(path.read_text("utf-8"))
    for stated in read.get("flow", []):
        if set(stated) - {"said"} != _STATED or len(stated["reason"].split()) < 3:
            raise ValueError(f"needs capture, port, protocol and a reason in words: {stated}")
    return Rules(
        specific=read["specific"],
        carrier=read["carrier"],
        stated=tuple(read.get("flow", [])),
        formats=tuple(map(frozenset, read["one_format"].values())),
    )


def walk(tshark: Tshark, cache: Cache, capture: Capture) -> list[Seen]:
    """All frames of a capture that count, as tshark shows them."""
    place = cache.place("streams", capture.digest(), [tshark.version, tshark.rules(capture), FIELDS])
    lines = cache.load(place)
    if lines is None:
        wanted = [part for name in FIELDS for part in ("-e", name)]
        options = ["-T", "fields", "-E", "occurrence=l", *wanted]
        lines = [line.decode().rstrip("\n") for line in tshark.run(capture, options)]
        lines = [line for line in lines if ":tcp" in line or ":udp" in line]
        cache.keep(place, lines)
    return [seen for line in lines if (seen := _seen(line)) is not None]


def _seen(line: str) -> Seen | None:
    said = dict(zip(FIELDS, line.split("\t"), strict=True))
    layers = said["frame.protocols"].split(":")
    if "icmp" in layers or "icmpv6" in layers:
        return None
    transport = "tcp" if said["tcp.srcport"] else "udp"
    if transport not in layers or not said[f"{transport}.srcport"]:
        return None
    sender, receiver = (
        (said[f"ip.{end}"] or said[f"ipv6.{end}"], int(said[f"{transport}.{end}port"]))
        for end in ("src", "dst")
    )
    octets = int(said["tcp.len"] or 0) if transport == "tcp" else max(0, int(said["udp.length"] or 8) - 8)
    opens = transport == "tcp" and _set(said["tcp.flags.syn"]) and not _set(said["tcp.flags.ack"])
    above = layers[len(layers) - layers[::-1].index(transport) :]
    if said["dcerpc.dg_if_id"].startswith(_PROFINET):
        above.insert(0, "pn_io")
    key = (transport, *sorted((sender, receiver)))
    return Seen(
        frame=int(said["frame.number"]), key=key, sender=sender, receiver=receiver, octets=octets, opens=opens,
        layers=tuple(above),
    )  # fmt: skip


def _set(shown: str) -> bool:
    return shown in ("1", "True")


def conversations(frames: Iterable[Seen]) -> tuple[dict[Key, Conversation], Counter[End]]:
    """Frames by their ends, and how many others each end talks to."""
    found: dict[Key, Conversation] = {}
    others: defaultdict[End, set[End]] = defaultdict(set)
    for seen in frames:
        talk = found.setdefault(seen.key, Conversation(key=seen.key))
        talk.frames.append(seen)
        if seen.opens and talk.opened is None:
            talk.opened = seen.receiver
        others[seen.receiver].add(seen.sender)
        others[seen.sender].add(seen.receiver)
    return found, Counter({end: len(them) for end, them in others.items()})


def said_of(rules: Rules, capture: str, key: Key, frames: Iterable[Seen]) -> str | None:
    """The protocol of one flow; None where nobody says."""
    shown = _shown(rules, list(frames))
    ports = {f"{key[0]}/{end[1]}" for end in key[1:]}
    for stated in rules.stated:
        here = stated["port"] in ports and fnmatch(capture, stated["capture"])
        if here and stated.get("said") in (None, shown or "nothing"):
            return str(stated["protocol"])
    return shown


def _shown(rules: Rules, frames: list[Seen]) -> str | None:
    """What tshark says of one flow."""
    for words in (rules.specific, rules.carrier):
        counted = Counter(word for seen in frames if (word := _word(words, seen.layers)))
        if counted:
            return counted.most_common(1)[0][0]
    named = Counter(seen.layers[0] for seen in frames if seen.layers and seen.layers[0] not in ("data", ""))
    return named.most_common(1)[0][0] if named else None


def _word(words: Mapping[str, str], layers: Iterable[str]) -> str | None:
    return next((words[layer] for layer in layers if layer in words), None)
