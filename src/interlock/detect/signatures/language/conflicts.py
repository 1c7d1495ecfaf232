"""Words of a rule that do not go together for Suricata 7, or that it does not take so; here they have a meaning.

Each was refused by Suricata 7.0.10 itself (`suricata_beside.py --made random`); its own source says why:
src/detect-parse.c, src/detect-content.c, src/detect-rawbytes.c, src/detect-ipproto.c and the files named by keywords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import (
    Counter,
    Fact,
    Field,
    Flags,
    Flow,
    FragBits,
    IpOption,
    SameAddress,
    Speaks,
)
from interlock.detect.signatures.language.model import ADDRESSES, HEADERS, PAYLOAD
from interlock.detect.signatures.language.possible import needed, too_narrow
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.language.steps import (
    ByteExtract,
    ByteJump,
    ByteMath,
    Content,
    Size,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.model import Inspection, Signature

__all__ = ["refuse_conflicts"]

_PACKET: Final = (Field, Flags, FragBits, IpOption, SameAddress)
_RAW_AT: Final = re.compile(r"\bisdataat\s*:\s*!?\s*\w+\s*,\s*rawbytes\b")
_MOST_FLOW_WORDS: Final = 3
_EQUALS: Final = {"id": ("=",), "tos": ("=", "!="), "window": ("=", "!="), "seq": ("=",), "ack": ("=",)}
"""Numbers of headers that are asked for by one value alone, and how."""
_EMPTY: Final = frozenset({("<", 0), (">", 65_535), (">=", 0)})
_OF_TRANSPORT: Final = {"tcp.hdr": {6}, "udp.hdr": {17}, "icmpv4.hdr": {1}, "icmpv6.hdr": {58}}
_COUNTER: Final = re.compile(r"[A-Za-z][\w./]+")
_LETTERS: Final = {"to_lowercase": re.compile(rb"[A-Z]"), "to_uppercase": re.compile(rb"[a-z]")}


def refuse_conflicts(text: str, signature: Signature) -> None:
    """Raise RuleError where Suricata does not load a rule. text: of the rule."""
    for keyword, reason in _found(text, signature):
        raise RuleError(keyword, f"Suricata {reason}")


def _found(text: str, signature: Signature) -> Iterator[tuple[str, str]]:
    yield from _of_levels(signature)
    yield from _of_flow(signature)
    yield from _of_headers(signature)
    for check in (*signature.checks, *signature.effects):
        if isinstance(check, Counter) and not _COUNTER.fullmatch(check.name):
            yield "flowint", "takes names of a letter and more behind it"
    for inspection in signature.inspections:
        yield from _of_buffer(inspection, signature)
        yield from _of_steps(inspection)
    if "rawbytes" in text and _RAW_AT.search(text):
        yield "isdataat", "takes rawbytes behind relative alone"


def _of_levels(signature: Signature) -> Iterator[tuple[str, str]]:
    """What is asked of packets, of streams and of messages."""
    head = signature.header.protocol
    flows = [check for check in signature.checks if isinstance(check, Flow)]
    buffers = {one.buffer for one in signature.inspections} - ADDRESSES
    named = buffers - HEADERS - {PAYLOAD}
    message = bool(named) or any(isinstance(check, Fact) for check in signature.checks)
    packet = [check for check in signature.checks if isinstance(check, _PACKET)]
    streams = head == "tcp-stream" or any(flow.level == "stream" for flow in flows)
    alone = bool(packet) or bool(buffers & HEADERS)
    packets = head == "tcp-pkt" or any(flow.level == "packet" for flow in flows)
    if streams and (alone or packets):
        yield "flow", "does not look at packets' headers and at streams alone together"
    if message and (alone or packets):
        yield "flow", "does not look at packets and at messages together"
    spoken = PROTOCOLS[head].application or any(not name.startswith("file.") for name in named)
    if any(isinstance(check, Speaks) for check in signature.checks) and spoken:
        yield "app-layer-protocol", "takes one word that says what is spoken"
    if named == {"http.header.raw"} and not any(flow.direction for flow in flows):
        yield "http.header.raw", "wants to be told the direction (flow:to_server or to_client)"


def _of_flow(signature: Signature) -> Iterator[tuple[str, str]]:
    flows = [check for check in signature.checks if isinstance(check, Flow)]
    for flow in flows:
        states = flow.established is not None
        words = (bool(flow.direction), states, flow.stateless, bool(flow.level), flow.fragments is not None)
        if sum(words) > _MOST_FLOW_WORDS or (states and flow.stateless):
            yield "flow", "takes up to three words, of which one says whether a connection is established"


def _of_headers(signature: Signature) -> Iterator[tuple[str, str]]:
    head = signature.header.protocol
    fields = [check for check in signature.checks if isinstance(check, Field)]
    sizes = [check.bound for check in fields if check.name == "dsize"]
    if len(sizes) > 1:
        yield "dsize", "takes dsize once"
    for check in fields:
        if check.bound.operator not in _EQUALS.get(check.name, (check.bound.operator,)):
            yield check.name, f"compares {check.name} with one number alone"
        if check.name == "ip_proto" and not head.startswith("ip"):
            yield "ip_proto", "takes ip_proto in rules whose head says ip"
    for size in sizes:
        if (size.operator, size.number) in _EMPTY or (size.operator == "<>" and size.other - size.number < 2):
            yield "dsize", "takes no dsize that nothing, or everything, is as long as"
        for one in signature.inspections:
            if one.buffer == PAYLOAD and not one.transformations:
                longest = max((needed(step) for step in one.steps if isinstance(step, Content)), default=0)
                if longest > size.number and size.operator in {"=", "!="}:
                    yield "dsize", f"has no room for a content of {longest} octets"


def _of_buffer(one: Inspection, signature: Signature) -> Iterator[tuple[str, str]]:
    transports = _OF_TRANSPORT.get(one.buffer)
    asked = PROTOCOLS[signature.header.protocol].transports
    if transports and asked and not transports & asked:
        yield one.buffer, f"sees no {one.buffer} in {signature.header.protocol}"
    if one.buffer in ADDRESSES and one.transformations:
        yield one.transformations[0].name, "does not change addresses"
    contents = [step for step in one.steps if isinstance(step, Content)]
    if one.buffer != PAYLOAD and any(content.rawbytes for content in contents):
        yield "rawbytes", "takes rawbytes in the payload alone"
    if one.buffer == "http.method" and any(
        content.octets.strip(b" ") != content.octets for content in contents
    ):
        yield "http.method", "has no blanks before or behind a method"
    if one.buffer == "http.host" and any(c.nocase or c.octets.lower() != c.octets for c in contents):
        yield "http.host", "has no capital letters in a host, and takes no nocase of it"
    for transformation in one.transformations:
        letters = _LETTERS.get(transformation.name)
        if letters and any(letters.search(content.octets) for content in contents if not content.negated):
            yield transformation.name, f"knows that no content has such letters behind {transformation.name}"
    sizes = [step.bound for step in one.steps if isinstance(step, Size)]
    longest = max(map(needed, contents), default=0)
    if any(size.operator == "=" and size.number < longest for size in sizes):
        yield "bsize", f"has no room for a content of {longest} octets"


def _of_steps(one: Inspection) -> Iterator[tuple[str, str]]:
    for step in one.steps:
        if isinstance(step, Content):
            yield from _of_content(step)
        elif isinstance(step, ByteJump):
            if step.reading.mask is not None:
                yield "byte_jump", "takes no bitmask of byte_jump"
            if isinstance(step.post_offset, str):
                yield "byte_jump", "takes a number as post_offset"
        elif isinstance(step, ByteExtract) and (
            step.reading.mask is not None
            or isinstance(step.reading.count, str)
            or isinstance(step.reading.offset, str)
        ):
            yield "byte_extract", "takes numbers, and no bitmask, of byte_extract"
        elif isinstance(step, ByteMath) and isinstance(step.reading.offset, str):
            yield "byte_math", "takes a number as offset"


def _of_content(content: Content) -> Iterator[tuple[str, str]]:
    size = len(content.octets)
    for word, _ in too_narrow(content):
        yield word, f"has no room for a content of {size} octets"
    if content.starts and content.offset is not None:
        yield "startswith", "does not take offset and startswith of one content"
    if content.relative and (content.offset is not None or content.depth is not None):
        yield "distance", "does not take places from the beginning and from the match before of one content"
    if content.fast is not None and content.fast.only and (content.negated or content.offset is not None):
        yield "fast_pattern", "takes fast_pattern:only of a content without a place alone"
