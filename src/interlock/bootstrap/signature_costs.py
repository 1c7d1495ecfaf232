"""What rules cost, and what those on trial would have said, out of a runner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import SourceError
from interlock.report.atomic import write_atomic
from interlock.report.signature_costs import COSTS_FILE, SCHEMA, costs_document

if TYPE_CHECKING:
    from interlock.detect.runner import Runner

__all__ = ["costs_of", "joined_in", "keep_costs", "read_costs"]

_MOST_OCTETS: Final = 64 << 20


def costs_of(runner: Runner, now: int) -> bytes | None:
    """The file `signatures.json`; None where there are no rules. now: UTC ns."""
    if runner.named("signature") is None:  # before what only rules need is loaded
        return None
    from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415
    from interlock.detect.signatures.packs.trial import Trial  # noqa: PLC0415
    from interlock.report.signature_trial import trial_document  # noqa: PLC0415

    signatures, trial = runner.named(Signatures.name), runner.named(Trial.name)
    if not isinstance(signatures, Signatures):
        return None
    tried = None
    if isinstance(trial, Trial) and trial.number is not None:
        tried = trial_document(trial.number, len(trial.counted), list(trial.tried.values()), [])
    return json.dumps(costs_document(signatures.engine, tried, now), separators=(",", ":")).encode() + b"\n"


def joined_in(runner: Runner) -> int:
    """Connections with octets of their own that nobody saw open, where there are rules; of very many the last ones."""
    if runner.named("signature") is None:
        return 0
    from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415

    signatures = runner.named(Signatures.name)
    return signatures.engine.memory.joined_ones if isinstance(signatures, Signatures) else 0


def keep_costs(runner: Runner, now: int, folder: Path) -> tuple[Path, ...]:
    """Write the file where there are rules; its path. Raises OutputError."""
    octets = costs_of(runner, now)
    if octets is None:
        (folder / COSTS_FILE).unlink(missing_ok=True)  # of an earlier run, which had rules
        return ()
    write_atomic(folder / COSTS_FILE, octets)
    return (folder / COSTS_FILE,)


def read_costs(folder: str) -> dict[str, Any]:
    """The file of a sensor's store, or of what analyze wrote. Raises SourceError."""
    path = Path(folder) / COSTS_FILE
    try:
        with path.open("rb") as file:
            said: dict[str, Any] = json.loads(file.read(_MOST_OCTETS))
        _check(said)
    except FileNotFoundError as error:
        raise SourceError(
            f"{path}: is not there; name the store of a sensor, or the folder of an analyze, that has --signatures"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{path}: cannot be read as what rules cost; name another folder") from error
    return said


def _check(said: dict[str, Any]) -> None:
    """Raises KeyError where it is none."""
    if said["schema"] != SCHEMA or not {"rules", "trial", "cpu_ns"} <= said.keys():
        raise KeyError(SCHEMA)
