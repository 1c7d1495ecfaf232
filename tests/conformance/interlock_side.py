"""Our side: `interlock decode --table operations`, read back as messages."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from conformance.message import ANSWER, REQUEST, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from conformance.cache import Cache
    from conformance.captures import Capture

__all__ = ["Interlock", "InterlockError", "read_messages"]

_PARTLY_READ: Final = 4
_COLUMNS: Final = (
    "frame",
    "response_frame",
    "client",
    "server",
    "protocol",
    "function",
    "function_name",
    "item",
    "outcome",
)
_CODE_SUFFIXES: Final = (".py", ".so", ".pyd", ".toml", ".tsv")


class InterlockError(Exception):
    """`interlock decode` failed on a capture; the text is what it said."""


@dataclass(frozen=True)
class Interlock:
    """package: folder of the code under test, whose state names what the cache keeps.

    names: our name of a protocol to the harness's name. by_name: protocols whose function is told by name.
    """

    cache: Cache
    package: Path
    names: dict[str, str]
    by_name: frozenset[str] = frozenset()
    command: tuple[str, ...] = (str(Path(sys.executable).with_name("interlock")),)

    @cached_property
    def state(self) -> str:
        """A digest over names, sizes and times of all files of the package."""
        digest = hashlib.sha256(
            " ".join(self.command).encode() + os.environ.get("CONFORMANCE_WITH", "").encode()
        )
        for path in sorted(self.package.rglob("*")):
            if path.suffix in _CODE_SUFFIXES:
                about = path.stat()
                digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def table(self, capture: Capture, name: str = "operations") -> Path:
        """Decode one table into a Parquet file of the cache, unless this state of the code did so before."""
        sha256 = capture.digest()
        folder = self.cache.folder / "interlock" / sha256[:32]
        place = folder / f"{self.state[:32]}.{name}.parquet"
        if place.exists():
            return place
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"*.{name}.parquet"):
            old.unlink(missing_ok=True)
        fresh = place.with_suffix(f".{os.getpid()}")
        options = ["--table", name, "--format", "parquet", "-o", str(fresh)]
        command = [*self.command, "decode", str(capture.path), *options]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as reason:
            raise InterlockError(f"{command[0]}: {reason.strerror}; make build first") from reason
        if run.returncode not in (0, _PARTLY_READ) or not fresh.exists():
            last = run.stderr.strip().rpartition("\n")[2]
            raise InterlockError(f"exit {run.returncode}: {last}")
        fresh.replace(place)
        return place

    def heads(self, capture: Capture, protocol: str) -> list[dict[str, Any]]:
        """Rows of `operations` with item 0 of one protocol, in order of their first frame."""
        # Times of nanoseconds do not fit a datetime, and nothing here compares them.
        table = pq.read_table(self.table(capture)).drop_columns(["time", "latency"])
        ours = [
            name
            for name in pc.unique(table["protocol"]).to_pylist()
            if self.names.get(name, name) == protocol
        ]
        found = []
        for name in ours:
            mask = pc.and_(pc.equal(table["item"], 0), pc.equal(table["protocol"], name))
            found += table.filter(mask).to_pylist()
        return sorted(found, key=lambda row: row["frame"] or row["response_frame"] or 0)

    def messages(self, capture: Capture) -> list[Message]:
        return list(read_messages(pq.read_table(self.table(capture)), self.names, self.by_name))


def read_messages(table: pa.Table, names: dict[str, str], by_name: frozenset[str]) -> Iterator[Message]:
    """Turn rows with item 0 into messages: `frame` makes a request, `response_frame` an answer.

    An unsolicited message is one request; its client and server are as in the association.
    """
    heads = table.select(_COLUMNS).filter(pc.equal(table["item"], 0))
    for row in heads.to_pylist():
        protocol = names.get(row["protocol"], row["protocol"])
        function = row["function_name"] if protocol in by_name else row["function"]
        if row["frame"] is not None:
            yield _message(row, row["frame"], REQUEST, protocol, function)
        if row["response_frame"] is not None and row["outcome"] != "unsolicited":
            yield _message(row, row["response_frame"], ANSWER, protocol, function)


def _message(row: dict[str, Any], frame: int, kind: Any, protocol: str, function: object) -> Message:
    return Message(
        frame=frame,
        kind=kind,
        client=row["client"],
        server=row["server"],
        protocol=protocol,
        function="-" if function is None else str(function),
    )
