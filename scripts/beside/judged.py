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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from interlock.detect.signatures.engine.engine import Engine, Hit

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
                # Payloads say how conversations began: they come before requests.
                for table in sorted(mine.needs, key=lambda name: name != "payloads"):
                    if table in batches and len(batches[table]):
                        for batch, hits in mine.engine.judged(Batch(table, batches[table])):
                            told.update(_alerts(name, mine.engine, batch, hits))
                for batch, hits in mine.engine.rest():
                    told.update(_alerts(name, mine.engine, batch, hits))
    return told, refused(rules, midstream)


def _alerts(name: str, engine: Engine, batch: Batch, hits: Sequence[Hit]) -> Iterator[Alert]:
    """Of what speaks. Requests do not say what carried them: TCP, but for BACnet's."""
    for hit in hits:
        if hit.speaks:
            row = {column: batch.column(column)[hit.row].as_py() for column in _NAMED if batch.has(column)}
            ends = [(str(row[side]), row[f"{side}_port"] or 0) for side in ("client", "server")]
            sid = engine.matchers[hit.number].signature.sid
            yield Alert(name, sid, str(row.get("transport", "tcp")).upper(), between(*ends))


def refused(rules: Path, midstream: str) -> list[str]:
    """A sentence about each rule that is not in force."""
    sentences: list[str] = []
    for _ in rules_of(list(rule_files(str(rules))), [], sentences, Sets(), suricata=midstream != "own"):
        pass
    return sentences
