"""Our alerts beside Suricata's, as its own test suite (suricata-verify) publishes them.

    python scripts/suricata_against.py [--captures DIR] [--suite DIR] [--json]

Suricata itself is not needed: each test says how many alerts of which rule Suricata gives on which capture. Below DIR,
`NAME.gt` (or a folder in it) holds a test's `test.yaml` and `test.rules`, beside the capture `NAME.pcap`. With --suite
every test below DIR is held against, too, laid out as the suite itself is: `test.yaml`, `test.rules`, and the capture
that `pcap` names, or that lies beside them. A rule that Suricata fires must fire here, one that it does not fire must
not; numbers of alerts are compared where the test counts all alerts of a rule. A rule that is refused here is named
with its reason. Connections that nobody saw open and wrong checksums count as the test's own configuration and
arguments have it (`stream.midstream`, `-k none`). Exit 1 where one in force differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.batch import Batch
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.pipeline.decode_run import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.vocabulary import Checksums, Midstream

ROOT = Path(__file__).parents[1]
CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", ROOT.parent / "shared" / "captures"))
VERSION = (7, 0, 10)
"""The Suricata that is compared with, here and side by side (suricata_beside.py): checks for others are left out."""
_ALERT = {"event_type", "alert.signature_id", "alert.signature"}


@dataclass(frozen=True)
class Compared:
    """One rule of one test. theirs: alerts of Suricata, at least where not `exact`. refused: why it is not in force."""

    test: str
    capture: str
    sid: int
    message: str
    theirs: int
    exact: bool
    ours: int
    refused: str

    @property
    def same(self) -> bool:
        """Both fire, or neither."""
        return not self.refused and bool(self.theirs) == bool(self.ours)

    @property
    def counted(self) -> bool:
        """As many alerts, too."""
        return self.same and (self.ours == self.theirs if self.exact else self.ours >= self.theirs)


def cases_below(folder: Path) -> Iterator[tuple[Path, Path]]:
    """(folder of a test, its capture)."""
    for said in sorted(folder.rglob("test.yaml")):
        truth = next((part for part in said.parents if part.suffix == ".gt"), None)
        rules = said.with_name("test.rules")
        if truth is None or not rules.exists():
            continue
        capture = next((p for s in (".pcap", ".pcapng") if (p := truth.with_suffix(s)).exists()), None)
        if capture is not None:
            yield said.parent, capture


def cases_of(suite: Path) -> Iterator[tuple[Path, Path]]:
    """The same, of tests that lie as the suite has them."""
    for said in sorted(suite.rglob("test.yaml")):
        if not said.with_name("test.rules").exists():
            continue
        named = yaml.safe_load(said.read_text("utf-8")).get("pcap")
        beside = sorted(p for p in said.parent.iterdir() if p.suffix in {".pcap", ".pcapng"})
        capture = said.parent / named if named else beside[0] if len(beside) == 1 else None
        if capture is not None and capture.exists():
            yield said.parent, capture


def expected(folder: Path) -> dict[int | str, tuple[int, bool]]:
    """Rule (its id, or its message) → alerts, and whether these are all of that rule."""
    said = yaml.safe_load((folder / "test.yaml").read_text("utf-8"))
    found: dict[int | str, tuple[int, bool]] = {}
    for check in said.get("checks", ()):
        one = check.get("filter", {})
        match = one.get("match", {})
        rule = match.get("alert.signature_id", match.get("alert.signature"))
        if (
            match.get("event_type") != "alert"
            or rule is None
            or not _of_this_version(one.get("requires", {}))
        ):
            continue
        exact = set(match) <= _ALERT
        before = found.get(rule, (0, False))
        if not before[1]:
            found[rule] = (one["count"] if exact else max(one["count"], before[0]), exact)
    return found


def _of_this_version(requires: dict[str, Any]) -> bool:
    least, behind = (_version(requires[k]) if k in requires else None for k in ("min-version", "lt-version"))
    return (least is None or least <= VERSION) and (behind is None or behind > VERSION)


def _version(text: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in str(text).split("."))


def settings(folder: Path) -> tuple[Midstream, Checksums]:
    """What a test has Suricata make of connections that nobody saw open, and of wrong checksums."""
    arguments = " ".join(map(str, yaml.safe_load((folder / "test.yaml").read_text("utf-8")).get("args", ())))
    file = folder / "suricata.yaml"
    text = file.read_text("utf-8").removeprefix("%YAML 1.1") if file.exists() else ""
    configured = (yaml.safe_load(text) or {}).get("stream") or {}
    midstream = "stream.midstream=true" in arguments or configured.get("midstream")
    return "yes" if midstream else "no", "no" if "-k none" in arguments else "auto"


def alerts(
    rules: str, capture: Path, midstream: Midstream, checksums: Checksums
) -> tuple[Counter[int], dict[int, str], dict[int, str]]:
    """Ours by id; why rules are refused, by id; messages by id. midstream, checksums: as of Engine."""
    variables, matchers, refused, messages = Variables(), [], {}, {}
    for read in map(put_in_force, read_rules(rules, "test.rules", variables)):
        if read.signature is None:
            assert read.refusal is not None
            refused[read.refusal.sid] = f"{read.refusal.keyword}: {read.refusal.reason}"
            messages[read.refusal.sid] = read.refusal.message
        elif read.signature.enabled:
            matchers.append(Matcher(read.signature, variables.ends(read.signature.header)))
            messages[read.signature.sid] = read.signature.message
    detector = Signatures(matchers, midstream=midstream, checksums=checksums)
    engine, told = detector.engine, Counter[int]()
    with open_sources(specify((str(capture),), ()), stdin=None) as run:
        decoder = build_engine(run.sources, wanted=frozenset(detector.needs), buffers=detector.buffers)
        for batches in decoded(run, decoder, progress=lambda *_: None, stop=lambda: False):
            for name in detector.needs:
                if name in batches and len(batches[name]):
                    for _, hits in engine.judged(Batch(name, batches[name])):
                        told.update(engine.matchers[hit.number].signature.sid for hit in hits if hit.speaks)
        for _, hits in engine.rest():
            told.update(engine.matchers[hit.number].signature.sid for hit in hits if hit.speaks)
    return told, refused, messages


def compare(folder: Path, root: Path, capture: Path) -> Iterator[Compared]:
    """Every rule of a test that it says something of."""
    text = (folder / "test.rules").read_text("utf-8")
    told, refused, messages = alerts(text, capture, *settings(folder))
    for rule, (count, exact) in expected(folder).items():
        sids = [sid for sid, message in messages.items() if rule in (sid, message)]
        for sid in sids:
            yield Compared(
                test=str(folder.relative_to(root)), capture=capture.name, sid=sid, message=messages[sid],
                theirs=count, exact=exact, ours=told[sid], refused=refused.get(sid, ""),
            )  # fmt: skip


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--suite", type=Path, help="a folder of tests, laid out as suricata-verify has them")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cases = [(test, given.captures, capture) for test, capture in cases_below(given.captures)]
    if given.suite:
        cases += [(test, given.suite, capture) for test, capture in cases_of(given.suite)]
    if not cases:
        print(
            f"no tests of Suricata for captures under {given.captures} (set INTERLOCK_CAPTURES, or name a --suite)"
        )
        return 2
    found = [one for case in cases for one in compare(*case)]
    fires, same = sum(one.theirs > 0 for one in found), sum(one.same for one in found)
    in_force = [one for one in found if not one.refused]
    summary = {
        "tests": len({one.test for one in found}), "rules": len(found), "fired by Suricata": fires,
        "in force": len(in_force),
        "the same": same, "as many alerts": sum(one.counted for one in found),
    }  # fmt: skip
    if given.json:
        print(json.dumps({"summary": summary, "rules": [asdict(one) for one in found]}, indent=1))
    else:
        print(", ".join(f"{name}: {count}" for name, count in summary.items()))
        for one in found:
            if not one.counted:
                why = (
                    f"refused: {one.refused}"
                    if one.refused
                    else f"{one.theirs} alerts there, {one.ours} here"
                )
                print(f"{one.test}: rule {one.sid} ({one.message}): {why}")
    return int(any(not one.same for one in in_force))


if __name__ == "__main__":
    sys.exit(main())
