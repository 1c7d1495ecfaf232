"""What a run could not know, in sentences: every output ends with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.report.quantities import percent_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.report.record import Report
    from interlock.report.traffic import Service

__all__ = ["limits_of", "unnamed_services"]

_BEYOND: Final = {
    "senders": (
        "machine that merely sent, and that nobody answered, is not drawn: those seen most are",
        "machines that merely sent, and that nobody answered, are not drawn: those seen most are",
    ),
    "strangers": (
        "public address is not drawn: those seen most are",
        "public addresses are not drawn: those seen most are",
    ),
    "endpoints": (
        "address was forgotten for want of room: those that told least go first",
        "addresses were forgotten for want of room: those that told least go first",
    ),
}


def unnamed_services(report: Report) -> tuple[Service, ...]:
    """Services whose protocol is unknown or named by the port alone, most octets first."""
    unnamed = (service for service in report.traffic.services if service.basis in {"unknown", "port"})
    return tuple(sorted(unnamed, key=lambda s: (-s.octets, s.transport, s.port or 0)))


def limits_of(report: Report) -> tuple[str, ...]:
    """Sentences, the ones with figures first; the general ones always stand."""
    return (
        *_traffic_limits(report),
        *_machine_limits(report),
        *_folding_limits(report),
        "Only what passed the capture point was seen: what kept silent or spoke elsewhere is not here.",
        "No finding means that this capture showed none; it does not mean that the plant is safe.",
    )


def _traffic_limits(report: Report) -> Iterable[str]:
    unnamed = unnamed_services(report)
    if unnamed:
        total = sum(service.octets for service in report.traffic.services) or 1
        share = percent_text(sum(service.octets for service in unnamed) / total)
        flows = sum(service.flows for service in unnamed)
        verb = "is" if flows == 1 else "are"
        yield f"{counted(flows, 'flow')} ({share} of the octets) {verb} named by the port alone or not at all."
    gaps = sum(service.gaps for service in report.traffic.services)
    if gaps:
        yield f"TCP streams have {counted(gaps, 'hole')}: what was in them is not known."
    oddities = dict(report.run.tables).get("oddities", 0)
    if oddities:
        yield f"{counted(oddities, 'message')} broke the rules of the protocol; oddities.parquet lists them."


def _machine_limits(report: Report) -> Iterable[str]:
    for field, words in (
        ("role", "what it is for"),
        ("purdue_level", "its Purdue level"),
        ("vendor", "who made it"),
        ("firmware", "its firmware"),
    ):
        missing = sum(getattr(asset, field) is None for asset in report.assets)
        if missing:
            yield f"For {missing:,} of {counted(len(report.assets), 'machine')} nothing showed {words}."
    conflicts = sum(bool(asset.conflicts) for asset in report.assets)
    for kind, (one, many) in _BEYOND.items():
        if count := report.beyond.get(kind, 0):
            yield f"{counted(count, one, many)}."
    if conflicts:
        yield f"Clues about {counted(conflicts, 'machine')} contradict each other; the surest is shown."


def _folding_limits(report: Report) -> Iterable[str]:
    if report.relations.left_out:
        yield (
            f"More relations were seen than are kept: {counted(report.relations.left_out, 'message')} of the "
            "least grave are only in operations.parquet."
        )
    if report.traffic.left_out:
        yield (
            f"More conversations were seen than are kept: {counted(report.traffic.left_out, 'flow')} of the "
            "smallest are only in flows.parquet."
        )
