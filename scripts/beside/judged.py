"""What our engine says of captures, alert by alert: as `analyze` has it, without findings that put alerts together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from beside.theirs import Alert, between
from interlock.bootstrap import build_engine
from interlock.bootstrap.signature_files import rule_files
from interlock.bootstrap.signature_sets import Sets
from interlock.bootstrap.signatures import build_signatures, rules_of
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.batch import Batch
from interlock.pipeline.decode_run import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["judged", "refused"]

_NAMED = ("transport", "client", "client_port", "server", "server_port")


def judged(
    captures: Mapping[str, Path], rules: Path, midstream: str, checksums: str
) -> tuple[Counter[Alert], list[str]]:
    """Alerts with their numbers, and what is not in force. captures: by name."""
    detector = build_signatures((str(rules),), lambda _: None, midstream=midstream, checksums=checksums)
    told: Counter[Alert] = Counter()
    for name, path in captures.items():
        mine = detector.anew()
        with open_sources(specify((str(path),), ()), stdin=None) as run:
            engine = build_engine(run.sources, wanted=frozenset({*mine.needs, "flows"}), buffers=mine.buffers)
            for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
                for table in mine.needs:
                    if table in batches and len(batches[table]):
                        judge = mine.engine.judge if table == "payloads" else mine.engine.judge_requests
                        hits = [hit for hit in judge(Batch(table, batches[table])) if hit.speaks]
                        columns = [one for one in _NAMED if one in batches[table].schema.names]
                        rows = (
                            batches[table].select(columns).take([hit.row for hit in hits]).to_pylist()
                            if hits
                            else []
                        )
                        for hit, row in zip(hits, rows, strict=True):
                            sid = mine.engine.matchers[hit.number].signature.sid
                            ends = [
                                (str(row[side]), row[f"{side}_port"] or 0) for side in ("client", "server")
                            ]
                            told[
                                Alert(name, sid, str(row.get("transport", "tcp")).upper(), between(*ends))
                            ] += 1
    return told, refused(rules, midstream)


def refused(rules: Path, midstream: str) -> list[str]:
    """A sentence about each rule that is not in force."""
    sentences: list[str] = []
    for _ in rules_of(list(rule_files(str(rules))), [], sentences, Sets(), suricata=midstream != "own"):
        pass
    return sentences
