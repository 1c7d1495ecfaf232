"""MISP's JSON: the attributes of events that are meant for detection (to_ids), also those within objects.

Source: MISP core format (draft-dulaunoy-misp-core-format), clauses 2.2 (Event), 2.4 (Attribute) and 2.7 (Object).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.indicators.canonical import canonical
from interlock.detect.signatures.indicators.model import UNKNOWN, Indicator, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_misp", "read_misp"]

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "ip-src": ("address",),
    "ip-dst": ("address",),
    "domain": ("domain",),
    "hostname": ("domain",),
    "url": ("url",),
    "md5": ("md5",),
    "sha1": ("sha1",),
    "sha256": ("sha256",),
    "filename|md5": ("", "md5"),
    "filename|sha1": ("", "sha1"),
    "filename|sha256": ("", "sha256"),
    "malware-sample": ("", "md5"),
    "x509-fingerprint-md5": ("certificate",),
    "x509-fingerprint-sha1": ("certificate",),
    "x509-fingerprint-sha256": ("certificate",),
    "ja3-fingerprint-md5": ("ja3",),
}
"""Type → kind of each of its parts, which `|` divides; empty: the part alone indicates nothing."""
_PORTED: Final = ("ip-src|port", "ip-dst|port", "hostname|port", "domain|ip")
_CONFIDENCE: Final = {
    "completely-confident": 100,
    "usually-confident": 75,
    "fairly-confident": 50,
    "rarely-confident": 25,
    "unconfident": 0,
}
"""The taxonomy misp:confidence-level."""
_DEEPEST: Final = 8


def is_misp(content: Any) -> bool:
    """Whether parsed JSON is MISP's: an event, a list of them, or what its API answers."""
    if isinstance(content, list):
        return bool(content) and is_misp(content[0])
    return isinstance(content, dict) and bool({"Event", "response", "Attribute"} & content.keys())


def read_misp(content: Any, origin: str) -> Iterator[Indicator | Refused]:
    """Every attribute that is meant for detection. content: parsed JSON, as it is exported or answered."""
    for event, attribute in _attributes(content, {}, 0):
        if attribute.get("to_ids") in (True, 1, "1", "true") and not attribute.get("deleted"):
            yield from _attribute(attribute, event, origin)


def _attributes(
    content: Any, event: dict[str, Any], depth: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Attributes with their events, wherever they stand."""
    if depth > _DEEPEST:
        return
    if isinstance(content, list):
        for part in content:
            yield from _attributes(part, event, depth + 1)
    if not isinstance(content, dict):
        return
    if isinstance(content.get("Event"), dict):
        event = content["Event"]
    for key in ("response", "Event", "Object"):
        if key in content:
            yield from _attributes(content[key], event, depth + 1)
    found = content.get("Attribute", ())
    for attribute in found if isinstance(found, list) else ():
        if isinstance(attribute, dict):
            yield event, attribute


def _attribute(one: dict[str, Any], event: dict[str, Any], origin: str) -> Iterator[Indicator | Refused]:
    identifier = str(one.get("uuid") or one.get("id") or "an attribute without uuid")
    kind, value = str(one.get("type")), str(one.get("value", ""))
    if kind in _PORTED:
        yield Refused(
            identifier, f"a {kind} means both together, which is not evaluated; give one of them alone"
        )
        return
    kinds = _PARTS.get(kind)
    if kinds is None:
        yield Refused(identifier, f"attributes of type {kind[:60]} are not looked for")
        return
    try:
        found = list(_read_parts(kinds, value))
    except ValueError as error:
        yield Refused(identifier, f"{error}, found `{value[:80]}`")
        return
    giver = event.get("Orgc") or {}
    name = giver.get("name") if isinstance(giver, dict) else None
    told, sure = str(event.get("info") or one.get("comment") or ""), _confidence(one, event)
    for read, text in found:
        yield Indicator(read, text, str(name or origin), identifier, sure, told=told)


def _read_parts(kinds: tuple[str, ...], value: str) -> Iterator[tuple[str, str]]:
    parts = value.split("|", len(kinds) - 1)
    if len(parts) != len(kinds):
        raise ValueError(f"expected {len(kinds)} parts divided by |")
    for kind, text in zip(kinds, parts, strict=True):
        if kind:
            yield _read(kind, text)


def _read(kind: str, text: str) -> tuple[str, str]:
    if kind == "address" and "/" in text:
        return "network", canonical("network", text)
    return kind, canonical(kind, text)


def _confidence(one: dict[str, Any], event: dict[str, Any]) -> int:
    """What a tag of the attribute, else of its event, says."""
    for holder in (one, event):
        tags = holder.get("Tag", ())
        for tag in tags if isinstance(tags, list) else ():
            name = str(tag.get("name", "")) if isinstance(tag, dict) else ""
            if name.startswith("misp:confidence-level="):
                return _CONFIDENCE.get(name.partition("=")[2].strip('"'), UNKNOWN)
    return UNKNOWN
