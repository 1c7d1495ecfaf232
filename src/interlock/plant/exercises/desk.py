"""The folder that an exercise lies in: its recordings, their truth, and what is seen in them."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Final

from interlock.plant.attacks.table import scenario
from interlock.plant.events.table import event
from interlock.plant.machines import MACHINES
from interlock.plant.twin.cases import SCHEMA
from interlock.plant.twin.recording import Twin

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from interlock.plant.exercises.exercise import Exercise, Recording

    Fired = Callable[[Path, Path], tuple[Sequence[tuple[str, frozenset[int]]], Sequence[str]]]
    """Folder of rules and a capture → titles of findings with their frames; what is wrong with rules."""

__all__ = ["Desk", "Fired", "addresses_in", "link_addresses_in", "numbers_in"]

_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_LINK: Final = re.compile(r"\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_CLOCK: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_IPV4: Final = b"\x08\x00"
_NAMES: Final = {m.ip: m.name for m in MACHINES}


@contextmanager
def _removed(part: Path) -> Iterator[None]:
    """What is in the making is gone in the end, whatever ends it; what has been put in its place stays."""
    try:
        yield
    finally:
        part.unlink(missing_ok=True)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Innermost first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return  # something is in it


def _nothing(folder: Path, capture: Path) -> tuple[list[tuple[str, frozenset[int]]], list[str]]:  # noqa: ARG001
    """Where nobody can run rules."""
    return [], ["rules cannot be run here"]


class Desk:
    """One exercise's folder. seed: of its recordings; equal seeds, equal exercises."""

    def __init__(self, folder: Path, exercise: Exercise, seed: int, fired: Fired = _nothing) -> None:
        """fired: runs the rules of a folder over a capture, for exercises that are about rules."""
        self.folder = folder
        self.fired = fired
        self.exercise = exercise
        self._seed = seed

    @property
    def prepared(self) -> bool:
        """Whether everything lies ready."""
        return all(
            self.capture(r.name).exists() and self._truth(r.name).exists() for r in self.exercise.recordings
        )

    def capture(self, name: str = "plant") -> Path:
        """A recording's file."""
        return self.folder / f"{name}.pcap"

    @property
    def site(self) -> Path:
        """The site file that the exercise is about."""
        return self.folder / "site.toml"

    def _truth(self, name: str) -> Path:
        return self.folder / f".{name}.truth.json"

    def prepare(self) -> Generator[float]:
        """Record what is needed, and give the share that is done. A site file that is there already stays.

        Stopped before its end it leaves neither a recording nor a folder that it made.
        """
        made = [each for each in (self.folder, *self.folder.parents) if not each.exists()]
        with ExitStack() as undone:
            undone.callback(_remove_empty, made)
            undone.callback(self._forget)
            self.folder.mkdir(parents=True, exist_ok=True)
            yield from self._record_all()
            undone.pop_all()

    def _forget(self) -> None:
        """No recording, and no truth about one."""
        for recording in self.exercise.recordings:
            for path in (self.capture(recording.name), self._truth(recording.name)):
                path.unlink(missing_ok=True)

    def _record_all(self) -> Iterator[float]:
        total = sum(r.minutes for r in self.exercise.recordings)
        done = 0.0
        for number, recording in enumerate(self.exercise.recordings):
            for share in self._record(recording, self._seed + number):
                yield (done + share * recording.minutes) / total
            done += recording.minutes
        if self.exercise.site and not self.site.exists():
            self.site.write_text(self.exercise.site, "utf-8")

    def _record(self, recording: Recording, seed: int) -> Iterator[float]:
        capture = self.capture(recording.name)
        part = capture.with_name(capture.name + ".part")
        with _removed(part):
            with part.open("wb") as target:
                twin = Twin(target, seed)
                for name, minute in recording.attacks:
                    twin.attack(name, minute)
                for name, minute in recording.events:
                    twin.befall(name, minute)
                yield from twin.run(recording.minutes)
            self._tell(recording.name, seed, twin)
            part.replace(capture)

    def _tell(self, name: str, seed: int, twin: Twin) -> None:
        told = {
            "schema": SCHEMA, "capture": self.capture(name).name, "seed": seed, "frames": twin.mirror.frames,
            "attacks": [case.truth() for case in twin.cases],
            "events": [occasion.truth() for occasion in twin.occasions],
        }  # fmt: skip
        self._truth(name).write_text(json.dumps(told), "utf-8")

    def attack(self, name: str = "plant") -> dict[str, Any]:
        """The truth about a recording's only attack."""
        told: dict[str, Any] = json.loads(self._truth(name).read_text("utf-8"))["attacks"][0]
        return told

    def address_of(self, machine: str) -> str:
        """Of a machine in a truth."""
        return next(ip for ip, name in _NAMES.items() if name == machine)

    def harm(self, name: str = "plant") -> str:
        """What a recording's only attack does physically."""
        return scenario(self.attack(name)["name"]).harm

    def frames(self, name: str = "plant") -> Iterator[tuple[int, bytes]]:
        """Every frame of a recording with its number, from 1."""
        octets, at, number = self.capture(name).read_bytes(), 24, 0
        while at < len(octets):
            size, number = int.from_bytes(octets[at + 8 : at + 12], "little"), number + 1
            yield number, octets[at + 16 : at + 16 + size]
            at += 16 + size

    def pairs(self, name: str = "plant") -> set[tuple[str, str]]:
        """Addresses (IPv4) that sent something to each other, one machine each."""
        found = {frame[26:34] for _, frame in self.frames(name) if frame[12:14] == _IPV4}
        return {(str(IPv4Address(both[:4])), str(IPv4Address(both[4:]))) for both in found}

    def named(self, address: str) -> str:
        """An address with the machine's name."""
        return f"{address} ({_NAMES[address]})" if address in _NAMES else address

    def event_title(self, name: str) -> str:
        """What a rare event is."""
        return event(name).title


def addresses_in(text: str) -> list[str]:
    """IPv4 addresses in an answer, in order, each once."""
    return list(dict.fromkeys(_ADDRESS.findall(text)))


def link_addresses_in(text: str) -> list[str]:
    """Hardware addresses in an answer, lower case with colons, in order."""
    return [found.lower().replace("-", ":") for found in _LINK.findall(text)]


def numbers_in(text: str) -> list[float]:
    """Numbers in an answer that are no part of addresses or times of day; a comma may stand for the point."""
    bare = _CLOCK.sub(" ", _LINK.sub(" ", _ADDRESS.sub(" ", text)))
    return [float(found.replace(",", ".")) for found in _NUMBER.findall(bare)]
