"""A signature as text: read again it is the same signature. Older forms come out as the newer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.language.model import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.model import Inspection, Signature

__all__ = ["write_rule"]


def write_rule(signature: Signature) -> str:
    """One line of text."""
    options = "".join(f"{words}; " for words in _options(signature))
    return f"{signature.action} {signature.header.words()} ({options.strip()})"


def _options(signature: Signature) -> Iterator[str]:
    if signature.message:
        yield f'msg:"{_escaped(signature.message)}"'
    for check in signature.checks:
        yield check.words()
    payload = True
    for inspection in signature.inspections:
        if inspection.buffer != PAYLOAD:
            yield inspection.buffer
        elif not payload:
            yield "pkt_data"
        payload = False
        yield from _inspected(inspection)
    for effect in signature.effects:
        yield effect.words()
    if signature.counting:
        yield signature.counting.words()
    if signature.silent:
        yield "noalert"
    yield from _about(signature)


def _inspected(inspection: Inspection) -> Iterator[str]:
    for transformation in inspection.transformations:
        yield transformation.words()
    for step in inspection.steps:
        yield step.words()


def _about(signature: Signature) -> Iterator[str]:
    for kind, text in signature.references:
        yield f"reference:{kind},{text}"
    if signature.metadata:
        yield f"metadata:{', '.join(f'{key} {text}'.strip() for key, text in signature.metadata)}"
    for word in ("target", "classtype"):
        if said := getattr(signature, word):
            yield f"{word}:{said}"
    if signature.priority:
        yield f"priority:{signature.priority}"
    if signature.gid != 1:
        yield f"gid:{signature.gid}"
    yield f"sid:{signature.sid}"
    if signature.rev:
        yield f"rev:{signature.rev}"


def _escaped(text: str) -> str:
    for plain in '\\";:':
        text = text.replace(plain, f"\\{plain}")
    return text
