"""What is known of captures with labelled attacks: windows of frames, and by which technique ids each is rightly named.

Nothing of the captures is here: labels are read beside them.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from interlock.records.frames import Frames

__all__ = ["FOLDERS", "Clean", "Labelled", "Window", "labelled"]

FOLDERS = ("goose_sv_attacks", "profinet_attacks", "enip_cip_attacks", "iec104_attacks")
_MOST_FRAMES = 20_000
APART_S = 10.0
"""Malicious messages further apart than that are two attacks."""
_WHOLE = re.compile(r"stage_\d_(T\d{4})")
_CHANGED = re.compile(r"(Cloned packet|Removed packet|Swapped packets): (\d+)(?: to |, )?(\d+)?")

_CL5000 = {
    "Change_Date": ("T0836", "T0872", "T0855"),
    "Control_Protocol_Change": ("T0836", "T0855"),
    "Firmware_Change": ("T0857", "T0839"),
    "Lock_PLC": ("T0892", "T0858", "T0836", "T0855"),
    "unlock_cpu": ("T0892", "T0858", "T0836", "T0855"),
    "Reboot_or_Restart": ("T0816", "T0843"),
    "Remote_Mode_Change": ("T0858",),
    "Software_Download": ("T0843", "T0816"),
    "Software_Upload": ("T0845",),
    "eth-set": ("T0836", "T0855"),
    "cip-multiple": ("T0836", "T0855", "T0888", "T0861"),
}
"""Part of the file's name, which is its label, → ids that fit. Reboot and download are the same octets, as are lock and
unlock."""
_DCP = {
    "identify": ("T0846", "T0888"),
    "set_attack": ("T0836", "T0855", "T0814"),
    "port_stealing": ("T0830", "T0814", "T0849"),
}
_IPAL = {
    "C": ("T0855", "T0856", "T0830", "T0831"),
    "R": ("T0803", "T0804", "T0830", "T0814"),
    "S": ("T0830", "T0855", "T0856"),
}
_GOOSE = ("T0856", "T0855", "T0831", "T0849")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Frames (from 1, both ends included) of one attack; times in UTC ns where labels have times and no frames."""

    first: int
    last: int
    timed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """What is learned before a capture is judged. kept: which of its frames, where not all. said: of people."""

    path: Path
    said: str
    kept: Callable[[Frames], NDArray[np.bool_]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One capture. windows: its attacks; none: it is harmless. train: a capture that is learned before.

    benign: emergencies that must not alarm (labels 1xx).
    """

    path: Path
    techniques: tuple[str, ...]
    windows: tuple[Window, ...] = ()
    benign: tuple[Window, ...] = field(default=())
    note: str = ""
    train: Path | None = None

    def clean(self) -> Clean | None:
        """What there is to learn from; None where all there is may be the attack's."""
        if self.train is not None:
            return Clean(path=self.train, said=self.train.name.partition("__")[2])
        if not self.windows or (first := min(w.first for w in self.windows)) <= 1:
            return None
        if self.windows[0].timed:
            return Clean(
                path=self.path, said="its own lead before the first attack", kept=lambda f: f.time < first
            )
        return Clean(
            path=self.path, said=f"its own first {first - 1} frames", kept=lambda f: f.number < first
        )


def labelled(captures: Path) -> Iterator[Labelled]:
    """Every labelled capture below the folder, by name."""
    for folder in FOLDERS:
        for path in sorted((captures / folder).glob("*.pcap*")):
            yield _read(path)


def _read(path: Path) -> Labelled:
    truth = path.with_suffix(".gt")
    if path.parent.name.startswith("goose"):
        return _goose(path, truth / "labels.csv")
    if path.parent.name.startswith("iec104"):
        return _iec104(path, truth)
    table = _DCP if path.parent.name.startswith("profinet") else _CL5000
    ids = next(ids for part, ids in table.items() if part in path.name)
    return Labelled(
        path=path, techniques=ids, windows=(Window(first=1, last=1 << 60),), note="the whole capture"
    )


def _goose(path: Path, labels: Path) -> Labelled:
    with labels.open(encoding="utf-8") as file:
        rows = [(row["Label"], round(float(row["pkt arrival time"]) * 1e9)) for row in csv.DictReader(file)]
    attacks = tuple(_windows(when for label, when in rows if label.startswith("8")))
    benign = tuple(_windows(when for label, when in rows if label.startswith("1")))
    return Labelled(
        path=path, techniques=_GOOSE, windows=attacks, benign=benign, note="labels of each GOOSE message"
    )


def _windows(times: Iterator[int]) -> Iterator[Window]:
    """Times in order, joined where they are not far apart; a millisecond around, since labels are rounded."""
    first = last = None
    for when in times:
        if last is not None and when - last > APART_S * 1e9:
            yield Window(first=first - 10**6, last=last + 10**6, timed=True)
            first = None
        first = when if first is None else first
        last = when
    if first is not None:
        yield Window(first=first - 10**6, last=last + 10**6, timed=True)


def _iec104(path: Path, truth: Path) -> Labelled:
    if stage := _WHOLE.search(path.name):
        whole = (Window(first=1, last=1 << 60),)
        return Labelled(
            path=path, techniques=(stage[1],), windows=whole, note="synthetic, without TCP sequence progress"
        )
    change = path.name.partition("__")[2][0]
    if change not in _IPAL:
        return Labelled(path=path, techniques=(), note="unchanged: harmless", train=_train(path))
    (text,) = (file.read_text("utf-8") for file in truth.glob("*backtrack.txt"))
    changes = [(what, int(one), int(other or 0)) for what, one, other in _CHANGED.findall(text)]
    frames = _where(changes)
    windows = tuple(Window(first=max(1, at - 1), last=at + 1) for at in frames)
    return Labelled(
        path=path,
        techniques=_IPAL[change],
        windows=windows,
        note=f"{len(changes)} changes",
        train=_train(path),
    )


def _train(path: Path) -> Path | None:
    """The capture of the same plant that is there to be learned; nothing is judged by itself."""
    train = path.with_name(re.sub(r"__.*?(\.pcap\w*)$", r"__train\1", path.name))
    return train if train.exists() and train != path else None


def _where(changes: list[tuple[str, int, int]]) -> list[int]:
    """Frames that differ in the end: each change was made to what the changes before it had left. Numbers from 1."""
    frames: list[int] = [0] * _MOST_FRAMES  # 1: a change stands here
    for what, one, other in changes:
        if what.startswith("Cloned"):
            frames.insert(other - 1, 1)
        elif what.startswith("Removed"):
            del frames[one - 1]
            frames[one - 1] = 1  # the frame that has moved up shows the gap
        else:
            frames[one - 1] = frames[other - 1] = 1
    return [number for number, changed in enumerate(frames, 1) if changed]
