"""A store for rehearsals: findings in memory, everything else nowhere; nothing of a drill can be taken for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.store.port import AssetRow, Entry

__all__ = ["BlankStore"]


class BlankStore:
    """See store.port.Store. Findings are kept by id; rows, states and machines are not."""

    def __init__(self) -> None:
        self.known: dict[str, Finding] = {}

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Rows are not needed after they were judged."""

    def put(self) -> bool:
        """Nothing waits."""
        return True

    def commit(self, findings: Sequence[Finding], *, forced: bool = True) -> bool:  # noqa: ARG002
        """Keep the last word on each."""
        self.known.update((finding.id, finding) for finding in findings)
        return True

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """In the order in which they were first committed."""
        return (pair for pair in enumerate(self.known.values(), 1) if pair[0] > after)

    @property
    def newest(self) -> int:
        """How many there are."""
        return len(self.known)

    @property
    def forced(self) -> int:
        """Memory is all there is."""
        return self.newest

    def landed(self) -> tuple[tuple[int, int], ...]:
        """All, at no known time."""
        return ((self.newest, 0),)

    def await_forced(self) -> bool:
        """Nobody waits."""
        return True

    @property
    def bell(self) -> None:
        """Nobody waits."""

    def note(self, entry: Entry) -> bool:  # noqa: ARG002 - the port's shape
        """A rehearsal has no diary."""
        return True

    def diary(self) -> Iterator[Entry]:
        """Nothing."""
        return iter(())

    def keep(self, name: str, state: bytes) -> None:
        """Nothing outlives a rehearsal."""

    def kept(self, name: str) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None

    def outlined(self, assets: Sequence[Asset]) -> Iterator[AssetRow]:  # noqa: ARG002
        """No machine is written down."""
        return iter(())

    def remember(self, rows: Sequence[AssetRow]) -> None:
        """No machine is written down."""

    def assets(self) -> Iterator[Asset]:
        """Nothing."""
        return iter(())

    def tend(self, now: int) -> None:
        """Nothing is due."""

    def close(self) -> None:
        """Nothing is open."""
