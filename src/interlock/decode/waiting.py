"""Protocols of the house that are imported when somebody may speak them: most captures speak few of them.

What recognition by port needs of each stands in index.tsv, made by `make docs` from the SPECs themselves.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.spec import Probe, ProtocolSpec
    from interlock.records.schema import Table

__all__ = ["Waiting", "index_row", "read_index"]


class Waiting:
    """Stands for the SPEC of a folder and answers as it does; what needs its code imports it."""

    def __init__(self, row: dict[str, str]) -> None:
        """row: column of index.tsv → text."""
        self._folder = row["folder"]
        self.name = row["name"]
        self.names = tuple(row["names"].split())
        self.tcp, self.udp, self.ethertypes = (_numbers(row[name]) for name in ("tcp", "udp", "ethertypes"))
        self.streams, self.control = row["streams"] == "yes", row["control"] == "yes"
        self.timeout_ns = int(row["timeout_ns"])
        self.rides_on = row["rides_on"]
        self.tables = tuple(row["tables"].split())

    @property
    def waiting(self) -> bool:
        """Whether nobody needed its code so far."""
        return "whole" not in self.__dict__

    @cached_property
    def whole(self) -> ProtocolSpec:
        """The SPEC itself."""
        spec: ProtocolSpec = importlib.import_module(
            f"interlock.decode.protocols.{self._folder}.decoder"
        ).SPEC
        return spec

    @cached_property
    def probe(self) -> Probe:
        """See ProtocolSpec."""
        return self.whole.probe

    @property
    def decoder(self) -> Callable[[Any, Any], Any]:
        """See ProtocolSpec."""
        return self.whole.decoder

    @property
    def framer(self) -> Callable[[], Any] | None:
        """See ProtocolSpec."""
        return self.whole.framer

    @property
    def headless(self) -> bool:
        """See ProtocolSpec."""
        return self.whole.headless

    @property
    def announces(self) -> frozenset[str]:
        """See ProtocolSpec."""
        return self.whole.announces

    @property
    def details(self) -> tuple[Table, ...]:
        """See ProtocolSpec."""
        return self.whole.details


def index_row(folder: str, spec: ProtocolSpec) -> dict[str, str]:
    """What index.tsv says of a SPEC."""
    return {
        "folder": folder,
        "name": spec.name,
        "names": " ".join(spec.names),
        **{name: " ".join(map(str, sorted(getattr(spec, name)))) for name in ("tcp", "udp", "ethertypes")},
        "streams": "yes" if spec.streams else "no",
        "control": "yes" if spec.control else "no",
        "timeout_ns": str(spec.timeout_ns),
        "rides_on": spec.rides_on,
        "tables": " ".join(table.name for table in spec.details),
    }


def read_index() -> dict[str, dict[str, str]]:
    """Folder → row of index.tsv; a folder that is not there is imported at once."""
    head, *lines = files("interlock.decode").joinpath("index.tsv").read_text("utf-8").splitlines()
    rows = (dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines)
    return {row["folder"]: row for row in rows}


def _numbers(text: str) -> frozenset[int]:
    return frozenset(map(int, text.split()))
