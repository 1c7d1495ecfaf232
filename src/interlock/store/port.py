"""The port to whatever keeps what the sensor saw: records, findings, its diary, what it learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding

__all__ = ["AssetRow", "Entry", "Event", "Puts", "Store", "Unheeded", "Version"]

Event = Literal[
    "started", "stopped", "worker-lost", "blind", "flow-passed-over", "shed", "dropped", "interface-gone",
    "interface-back", "clock-jump", "disk-full", "disk-back", "reloaded", "refused", "aged-out", "state-lost",
    "recovered", "outlet-failing", "outlet-back",
]  # fmt: skip
"""What can happen to the sensor itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the sensor's diary.

    time: UTC ns, of the wall. until: where it lasted, its end. source: sensor and interface, empty for the whole.
    says: a sentence for people. count: how many (packets dropped, rows shed, octets), 0 where it does not count.
    """

    time: int
    event: Event
    says: str
    until: int | None = None
    source: str = ""
    count: int = 0


class AssetRow(NamedTuple):
    """A machine as a store writes it. octets: None where it is there no more. digest: of the octets."""

    id: str
    octets: bytes | None
    digest: int


class Version(NamedTuple):
    """One version of a program, as long as it was the last one seen of its place (realm, server, unit, kind, name).

    client, user, protocol, direction: who brought it to light, and how. first, last: UTC ns of transfers that showed
    it. kept: its octets are there. latest: it is the last one of its place. Words that are not known are empty.
    """

    realm: str
    server: str
    unit: str
    kind: str
    name: str
    sha256: str
    code_sha256: str
    size: int
    client: str
    user: str
    protocol: str
    direction: str
    detail: str
    first: int
    last: int
    kept: bool
    latest: bool


class Puts(Protocol):
    """Whoever has to know how far rows got to disk, whatever ends the writer, so that it can send again what did not.

    A put is whole or it never was: files that grew in one that never came to its end are cut back by the next writer.
    """

    def grows(self, path: Path, octets: int) -> None:
        """A file of rows, so long until now, is about to grow; 0 octets: to be made."""
        ...

    def done(self) -> None:
        """Every row that was taken so far is on disk."""
        ...

    def undone(self) -> Sequence[tuple[Path, int]]:
        """Files that grew in a put that never came to its end, and how long they were before."""
        ...

    def cut(self) -> None:
        """What `undone` named is as it was."""
        ...


class Unheeded:
    """Puts that nobody asks about: what was half written stays."""

    def grows(self, path: Path, octets: int) -> None:
        """Nothing to do."""

    def done(self) -> None:
        """Nothing to do."""

    def undone(self) -> Sequence[tuple[Path, int]]:
        """Nothing."""
        return ()

    def cut(self) -> None:
        """Nothing to do."""


class Store(Protocol):
    """Where a sensor keeps things. One process writes; others may read at the same time.

    Raises OutputError, a sentence that names the place, where the disk refuses; what was accepted before stays whole.
    `commit` and `note` say truthfully whether what they took is on disk instead of raising: it is kept in memory
    otherwise, and gets there before anything else as soon as it can, so that nobody has to try again.
    """

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Take rows of any tables as they come. A crash loses at most those since the last `put`.

        Rows of `artifacts` are versions of programs, too, and `artifact_contents` their octets, which are kept once,
        within a budget of their own: oldest first they go again, but never the last version of a machine's program.
        """
        ...

    def put(self) -> bool:
        """What was taken to disk (a power cut may still cost it); whether all of it is there."""
        ...

    def commit(self, findings: Sequence[Finding], *, forced: bool = True) -> bool:
        """Findings, by their ids new or grown; True: on disk. Never shed, never aged out while open.

        A count never falls, and what was accepted stays so to its day, if the new one says nothing of it.
        forced: else this does not wait for the disk. Readers see what is committed, and it outlives the process; it is
        on disk, and outlives a power cut, once `forced` has come to the number that `newest` is after the call.
        """
        ...

    @property
    def forced(self) -> int:
        """The number up to which findings are known to be on disk."""
        ...

    def landed(self) -> Sequence[tuple[int, int]]:
        """What got to disk since this was asked last, ascending: numbers up to which, and when (UTC ns)."""
        ...

    def await_forced(self) -> bool:
        """Wait until all that is committed is on disk; whether it is."""
        ...

    @property
    def bell(self) -> int | None:
        """A descriptor that can be read as soon as `landed` has something to say; None where nobody has to wait."""
        ...

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """Findings by the number of their last commit, ascending from `after` on: how outlets follow."""
        ...

    @property
    def newest(self) -> int:
        """The number of the last commit; 0 where there is none."""
        ...

    def note(self, entry: Entry) -> bool:
        """A line of the diary; True: on disk."""
        ...

    def diary(self) -> Iterator[Entry]:
        """The diary, oldest first."""
        ...

    def keep(self, name: str, state: bytes) -> None:
        """Keep a state (inventory, what a detector learned) in place of the one before. Raises OutputError.

        Touches nothing that other calls do: it may be asked in a copy of the process.
        """
        ...

    def kept(self, name: str) -> bytes | None:
        """Give the state of that name, whole or not at all."""
        ...

    def outlined(self, assets: Sequence[Asset]) -> Iterator[AssetRow]:
        """Rows that bring what is remembered from what it is now to these machines: see `remember`.

        Touches nothing: it may be asked in a copy of the process.
        """
        ...

    def remember(self, rows: Sequence[AssetRow]) -> None:
        """Take rows of `outlined`, all or none: what others see of the inventory. Raises OutputError.

        Several calls may share the rows of one `outlined`; rows that are never taken are given again by the next one.
        """
        ...

    def assets(self) -> Iterator[Asset]:
        """The machines as remembered last, by id."""
        ...

    def tend(self, now: int) -> None:
        """What needs time, asked for about once a second. now: UTC ns, of the wall.

        Rows to disk, full segments sealed, what is older or larger than the declared retention removed.
        """
        ...

    def close(self) -> None:
        """Seal everything. What is closed can be opened again."""
        ...
