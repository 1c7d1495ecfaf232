"""What this installation can do here, found out by trying, without touching any network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Check", "checkup"]

State = Literal["yes", "partly", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing: whether it works, a sentence, and what to do where it doesn't."""

    name: str
    state: State
    says: str
    remedy: str = ""


def checkup(state: Path) -> tuple[Check, ...]:
    """Every check, in the order in which a person needs them. state: where this installation keeps its own."""
    checks: tuple[Callable[[], Check], ...] = (
        _python,
        _compiled,
        _protocols,
        _arrow,
        _compression,
        lambda: _state(state),
        _disk,
        _capture,
    )
    return tuple(check() for check in checks)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(name="python", state="yes", says=f"Python {version} on {sys.platform}")


def _compiled() -> Check:
    """Where a decoder's module comes from says whether it is compiled."""
    module = "interlock.decode.dissector"
    spec = importlib.util.find_spec(module)
    origin = spec.origin if spec is not None and spec.origin else ""
    if os.environ.get("INTERLOCK_UNCOMPILED"):
        return Check(
            name="speed", state="partly", says="uncompiled, as INTERLOCK_UNCOMPILED asks", remedy="unset it"
        )
    if not origin.endswith(".py"):
        return Check(name="speed", state="yes", says="decoders are compiled")
    return Check(
        name="speed",
        state="partly",
        says="decoders run uncompiled, some 200 times slower",
        remedy="install a C compiler (or the ziglang wheel) and Python's headers (python3-dev), then install again",
    )


def _protocols() -> Check:
    from interlock.decode.registry import load_specs  # noqa: PLC0415 (loads every decoder)

    names = sorted({name for spec in load_specs() for name in spec.names})
    return Check(name="protocols", state="yes", says=f"{len(names)} decoded: {', '.join(names)}")


def _arrow() -> Check:
    import pyarrow as pa  # noqa: PLC0415

    return Check(
        name="tables", state="yes", says=f"Arrow {pa.__version__}: Parquet, CSV, JSON lines, Arrow streams"
    )


def _compression() -> Check:
    return Check(
        name="captures",
        state="yes",
        says="pcap and pcapng, plain, gzip and zstd, files, folders and standard input",
    )


def _state(folder: Path) -> Check:
    place = next(p for p in (folder, *folder.parents) if p.exists())
    if os.access(place, os.W_OK):
        return Check(name="fingerprints", state="yes", says=f"keyed by this installation, in {folder}")
    return Check(
        name="fingerprints",
        state="partly",
        says=f"{folder} cannot be written: fingerprints of secrets compare within one run only",
        remedy="set INTERLOCK_STATE to a folder of yours",
    )


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    state: State = "yes" if free >= 1 else "partly"
    temporary = tempfile.gettempdir()
    return Check(
        name="disk", state=state, says=f"{free:.1f} GiB free here; temporary files go to {temporary}"
    )


def _capture() -> Check:
    name = "live capture"
    if sys.platform != "linux":
        remedy = "record with tcpdump at a mirror port, then `interlock analyze FILE`"
        return Check(name=name, state="no", says="only Linux lets Interlock listen", remedy=remedy)
    from interlock.capture.live.socket import why_deaf  # noqa: PLC0415 (Linux only)

    says, _, remedy = why_deaf().partition("; ")
    if says:
        return Check(name=name, state="partly", says=says, remedy=remedy)
    return Check(name=name, state="yes", says="interfaces can be listened to: `interlock sensor run`")
