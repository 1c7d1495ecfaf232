"""What became of signature files: counted by class, origin and licence, refusals one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.problems import Refusal
    from interlock.detect.signatures.language.reading import Read
    from interlock.detect.signatures.language.variables import Meant

__all__ = ["SignatureTally", "names_control", "signature_document", "signature_lines"]

_CONTROL: Final = re.compile(
    r"\b(?:scada|ics|plc|hmi|modbus|dnp ?3|s7comm|s7-?\d{3,4}|simatic|step ?7|profinet|bacnet|ethernet/ip|enip|cip|"
    r"iec[ -]?(?:60870|61850|104)|opc(?:[ -]?ua)?|codesys|unitronics|rockwell|allen-bradley|schneider|modicon|"
    r"wonderware|"
    r"wincc|realwin|iconics|genesis(?:32|64)|indusoft|citect|advantech|webaccess|kingview|igss|intellicom|moxa|niagara|"
    r"fox|omron|siemens|yokogawa|honeywell|sel-\d+|elitewolf|quickdraw|triconex|trisis|industroyer|stuxnet|movicon|"
    r"daqfactory|promotic|sunway|7-technologies|7t|automated solutions|measuresoft|scadapro|cogent|ge fanuc|"
    r"proficy|ecava|integraxor|tecnomatix|factorylink|datac)\b",
    re.IGNORECASE,
)
"""Words of messages that say what a rule is about: control systems, their protocols and their makers."""
_SHOWN: Final = 20
_LONGEST: Final = 200
"""Characters of a variable's meaning; --json has all of it."""


def names_control(message: str) -> bool:
    """Whether a rule's message names a control system."""
    return _CONTROL.search(message) is not None


@dataclass(slots=True)
class _Counts:
    loaded: int = 0
    refused: int = 0
    off: int = 0
    """Would load, and is switched off in its file."""
    off_refused: int = 0

    def add(self, *, loaded: bool, enabled: bool) -> None:
        if enabled:
            self.loaded += loaded
            self.refused += not loaded
        else:
            self.off += loaded
            self.off_refused += not loaded

    def document(self) -> dict[str, int]:
        """As JSON has it."""
        return {
            "enabled": self.loaded + self.refused,
            "loaded": self.loaded,
            "refused": self.refused,
            "switched_off": self.off + self.off_refused,
            "switched_off_refused": self.off_refused,
        }


@dataclass(slots=True)
class SignatureTally:
    """path: what was read. repeated: rules that stand there a second time word for word, counted once.

    notes: sentences about lists that say which rules are in force, and about sets. variables: those that rules name.
    """

    path: str
    seconds: float = 0.0
    rules: int = 0
    repeated: int = 0
    all: _Counts = field(default_factory=_Counts)
    control: _Counts = field(default_factory=_Counts)
    by: dict[str, dict[str, _Counts]] = field(
        default_factory=lambda: {"class": {}, "origin": {}, "licence": {}}
    )
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    variables: tuple[Meant, ...] = ()
    _seen: set[Signature] = field(default_factory=set)

    def add(self, read: Read, licence: Callable[[int | None], str]) -> None:
        """Count one rule. licence: by id."""
        self.rules += 1
        about = read.signature or read.refusal
        assert about is not None
        if read.signature is not None:
            if read.signature in self._seen:
                self.repeated += 1
                return
            self._seen.add(read.signature)
        elif read.refusal is not None:
            self.refusals.append(read.refusal)
        keys = {
            "class": about.classtype or "none",
            "origin": about.origin.file,
            "licence": licence(about.sid),
        }
        counts = [self.by[kind].setdefault(key, _Counts()) for kind, key in keys.items()]
        counts += [self.all, *([self.control] if names_control(about.message) else [])]
        for one in counts:
            one.add(loaded=read.signature is not None, enabled=about.enabled)


def signature_document(tally: SignatureTally) -> dict[str, Any]:
    """Return the document `interlock/signature-check/1`; its schema ships as `signature-check.schema.json`."""
    return {
        "schema": "interlock/signature-check/1",
        "path": tally.path,
        "rules": tally.rules,
        "repeated": tally.repeated,
        **tally.all.document(),
        "control_systems": tally.control.document(),
        **{
            f"by_{kind}": {key: counts.document() for key, counts in sorted(keys.items())}
            for kind, keys in tally.by.items()
        },
        "refusals": [
            {
                "file": refusal.origin.file,
                "line": refusal.origin.line,
                "sid": refusal.sid,
                "keyword": refusal.keyword,
                "reason": refusal.reason,
                "enabled": refusal.enabled,
                "message": refusal.message,
            }
            for refusal in tally.refusals
        ],
        "notes": tally.notes,
        "variables": [one._asdict() for one in tally.variables],
        "seconds": round(tally.seconds, 3),
    }


def signature_lines(tally: SignatureTally) -> Iterator[str]:
    """The same for people, refusals of switched-on rules one by one."""
    for refusal in sorted(tally.refusals, key=lambda refusal: not refusal.enabled)[:_SHOWN]:
        yield f"{refusal}{'' if refusal.enabled else ' (it is switched off)'}"
    if len(tally.refusals) > _SHOWN:
        yield f"… and {len(tally.refusals) - _SHOWN} more refusals; --json has them all"
    yield from tally.notes
    for kind, keys in tally.by.items():
        yield ""
        yield f"{kind:<44} {'loaded':>8} {'refused':>8} {'off':>8}"
        for key, counts in sorted(keys.items(), key=lambda item: (-item[1].loaded, item[0])):
            yield f"{key[:44]:<44} {counts.loaded:>8} {counts.refused:>8} {counts.off + counts.off_refused:>8}"
    if tally.variables:
        yield ""
    for one in tally.variables:
        term = one.term if len(one.term) <= _LONGEST else f"{one.term[:_LONGEST]}…"
        yield f"${one.name} is {term} ({one.source})"
    whole, control = tally.all, tally.control
    yield ""
    yield (
        f"{tally.rules} rules of {tally.path}, {tally.repeated} of them repeated word for word: "
        f"{whole.loaded} loaded, {whole.refused} refused, {whole.off + whole.off_refused} switched off; "
        f"{control.loaded} of the loaded ones name control systems ({tally.seconds:.1f} s)"
    )
