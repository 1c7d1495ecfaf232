"""Findings and assets as JSON text, and back."""

from __future__ import annotations

import json
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import zstandard

from interlock.records.asset import Asset, Conflict, Proof, Risk
from interlock.records.finding import Action, Evidence, Finding

__all__ = ["asset_of", "finding_of", "octets_of", "text_of"]

_FINDING: Final = tuple(f.name for f in fields(Finding))
_EVIDENCE: Final = tuple(f.name for f in fields(Evidence))
_ACTION: Final = tuple(f.name for f in fields(Action))
_PROOF: Final = tuple(field.name for field in fields(Proof))
_ROW: Final = attrgetter(*_PROOF)
_PLAIN: Final = tuple(f.name for f in fields(Asset) if f.name not in {"risk", "provenance", "conflicts"})
_LISTS: Final = ("macs", "ips", "names", "children", "links", "served", "used")


def text_of(finding: Finding) -> str:
    """JSON of a finding, all fields of it. A third of the time of `dataclasses.asdict`: a flood is written by this."""
    item: dict[str, Any] = {name: getattr(finding, name) for name in _FINDING}
    item["evidence"] = [{name: getattr(one, name) for name in _EVIDENCE} for one in finding.evidence]
    item["actions"] = [{name: getattr(one, name) for name in _ACTION} for one in finding.actions]
    return json.dumps(item, separators=(",", ":"))


def finding_of(text: str) -> Finding:
    """The finding of such a text."""
    item: dict[str, Any] = json.loads(text)
    evidence = tuple(Evidence(**{**one, "frames": tuple(one["frames"])}) for one in item["evidence"])
    lists = ("machines", "assets", "techniques", "requirements")
    return Finding(
        **{
            **item,
            **{name: tuple(item[name]) for name in lists},
            "evidence": evidence,
            "actions": tuple(Action(**one) for one in item["actions"]),
            "data": tuple((key, value) for key, value in item["data"]),
        }
    )


def octets_of(asset: Asset) -> bytes:
    """JSON of an asset, shortened: fields by name, proofs as rows of `proof`'s columns."""
    item = {name: getattr(asset, name) for name in _PLAIN}
    item |= {
        "proof": _PROOF,
        "risk": [asset.risk.score, asset.risk.reasons],
        "provenance": [[name, [_ROW(proof) for proof in proofs]] for name, proofs in asset.provenance],
        "conflicts": [[c.field, [_ROW(proof) for proof in c.proofs]] for c in asset.conflicts],
    }
    return zstandard.ZstdCompressor(level=1).compress(json.dumps(item, separators=(",", ":")).encode())


def asset_of(octets: bytes) -> Asset:
    """The asset of such octets."""
    item: dict[str, Any] = json.loads(zstandard.ZstdDecompressor().decompress(octets))
    columns, (score, reasons) = item.pop("proof"), item["risk"]

    def proofs(rows: list[list[Any]]) -> tuple[Proof, ...]:
        return tuple(Proof(**dict(zip(columns, row, strict=True))) for row in rows)

    return Asset(
        **{
            **item,
            **{name: tuple(item[name]) for name in _LISTS},
            "risk": Risk(score=score, reasons=tuple(reasons)),
            "provenance": tuple((name, proofs(rows)) for name, rows in item["provenance"]),
            "conflicts": tuple(Conflict(field=name, proofs=proofs(rows)) for name, rows in item["conflicts"]),
        }
    )
