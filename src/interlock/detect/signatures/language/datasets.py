"""dataset: whether a buffer's whole content stands in a set.

Source: Suricata user guide, "Datasets".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Dataset

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS"]

_COMMANDS: Final = ("isset", "isnotset", "set", "unset")
_KINDS: Final = ("string", "md5", "sha256", "ipv4", "ip")


def _dataset(draft: Draft, value: str | None) -> None:
    command, *rest = comma_separated(value)
    name, kind = (rest[0] if rest else ""), ""
    for part in rest[1:]:
        key, _, argument = part.partition(" ")
        if key == "type":
            kind = argument.strip()
        elif key in {"load", "state", "save"}:
            raise RuleError("dataset", f"{key} names a file; sets that are kept in files are not read yet")
        elif key not in {"memcap", "hashsize"}:
            raise RuleError("dataset", f"{part!r} is not known here")
    if command not in _COMMANDS or not name or kind not in _KINDS:
        raise RuleError("dataset", f"{value!r} is not a command, a name and type {'|'.join(_KINDS)}")
    if draft.buffer == "payload":
        raise RuleError("dataset", "stands behind a sticky buffer")
    draft.add(Dataset(command=command, name=name, kind=kind))


KEYWORDS: Final = (
    Keyword(
        name="dataset",
        clause="Datasets",
        says="the whole buffer stands in a set, or goes into one",
        read=_dataset,
    ),
)
