"""What people found when they looked at each alarm of a capture without a labelled attack."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.records.finding import Finding

__all__ = ["FALSE", "NOT_JUDGED", "TABLE", "TRUE", "Verdicts", "judge_of"]

TABLE: Final = Path(__file__).with_name("harmless.tsv")
"""capture (folder/name as in the catalogue), judge, verdict, reason; nothing reads it but the report."""
TRUE: Final = "true"
"""The capture holds what the alarm says, and an engineer who did not do it himself wants to be told."""
FALSE: Final = "false"
"""It does not, or nobody wants to be told: shown as false until it is mended."""
NOT_JUDGED: Final = "not judged"


def judge_of(finding: Finding) -> str:
    """The detector, or the rule of those that are rules."""
    return (
        dict(finding.data).get("rule", finding.detector) if finding.detector == "rules" else finding.detector
    )


@dataclass(frozen=True, slots=True)
class Verdicts:
    """(capture, judge) → verdict, reason."""

    rows: Mapping[tuple[str, str], tuple[str, str]]

    @classmethod
    def read(cls, table: Path = TABLE) -> Verdicts:
        """Read the table. Raises ValueError, naming the row, where one is no verdict or stands twice."""
        rows: dict[tuple[str, str], tuple[str, str]] = {}
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                key = (row["capture"], row["judge"])
                if row["verdict"] not in (TRUE, FALSE) or not row["reason"] or key in rows:
                    raise ValueError(
                        f"{table.name}: {' '.join(key)}: not a verdict with its reason, or twice"
                    )
                rows[key] = (row["verdict"], row["reason"])
        return cls(rows)

    def of(self, capture: str, judge: str) -> str:
        """The verdict of one capture's alarms by one judge."""
        return self.rows.get((capture, judge), (NOT_JUDGED, ""))[0]
