"""The visible table of protocols, and what is read from their folders."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from interlock.decode.verbs import VerbText, read_toml
from interlock.decode.waiting import Waiting, read_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from interlock.decode.spec import ProtocolSpec
    from interlock.decode.tools import VerbRows

__all__ = [
    "ENTRY_POINT",
    "PROTOCOLS",
    "VerbTables",
    "load_specs",
    "load_verbs",
    "protocol_packages",
    "table_names",
    "table_schema",
    "waiting_specs",
]

ENTRY_POINT = "interlock.protocols"
"""Group under which a decoder outside the package registers its module."""

PROTOCOLS: tuple[str, ...] = (
    "modbus",
    "enip",
    "s7comm",
    "mms",
    "opcua",
    "iec104",
    "dnp3",
    "profinet",
    "fins",
    "ads",
    "melsec",
    "mqtt",
    "bacnet",
    "goose",
    "sv",
    "ethercat",
    "knxnet_ip",
    "hart_ip",
    "dlms",
    "roc_plus",
    "c37118",
    "tristation",
    "bsap",
    "fox",
    "codesys",
    "codesys_v2",
    "ge_srtp",
    "arp",
    "lldp",
    "cdp",
    "stp",
    "dhcp",
    "ntp",
    "dns",
    "snmp",
    "http",
    "tls",
    "ssh",
    "ftp",
    "tftp",
    "telnet",
    "smb",
    "dcerpc",
    "syslog",
    "rdp",
)
"""Folders of decode/protocols, in the order in which their probes are asked."""


def protocol_packages(names: Iterable[str] = PROTOCOLS, *, outside: bool = True) -> tuple[str, ...]:
    """Packages that hold decoder.py, verbs.toml and quality.toml: the house's own, then those that entry points name.

    An entry point names its decoder's module (`acme_interlock.decoder`); the files stand beside that module.
    """
    own = [f"interlock.decode.protocols.{name}" for name in names]
    return (*own, *(module.rpartition(".")[0] for module in _outside())) if outside else tuple(own)


def _outside() -> list[str]:
    if not any(map(_may_name, sys.path)):
        return []
    from importlib.metadata import entry_points  # noqa: PLC0415 (its parser takes longer to load than we to start)

    return [point.value.partition(":")[0] for point in entry_points(group=ENTRY_POINT)]


def _may_name(place: str) -> bool:
    """Whether a place of sys.path may hold a package that names the group: a look at few small files.

    What is no folder (an archive, an importer's own word) may.
    """
    folder = Path(place)
    if not folder.is_dir():
        return folder.exists()
    return any(ENTRY_POINT.encode() in file.read_bytes() for file in folder.glob("*-info/entry_points.txt"))


def load_specs(names: Iterable[str] = PROTOCOLS, *, outside: bool = True) -> tuple[ProtocolSpec, ...]:
    """Import the protocols' modules: the package's own, then those that entry points name."""
    modules = [f"interlock.decode.protocols.{name}.decoder" for name in names]
    if outside:
        modules += _outside()
    return tuple(importlib.import_module(module).SPEC for module in modules)


def waiting_specs() -> tuple[ProtocolSpec, ...]:
    """As load_specs, but the house's own are imported only when somebody may speak them."""
    index = read_index()
    own = [
        Waiting(index[name]) if name in index else load_specs((name,), outside=False)[0] for name in PROTOCOLS
    ]
    return (*cast("list[ProtocolSpec]", own), *load_specs((), outside=True))


def table_names(specs: Iterable[ProtocolSpec]) -> tuple[str, ...]:
    """Every table that decoding can make: the house's, then the protocols' own."""
    from interlock.records.tables import TABLES  # noqa: PLC0415 (Arrow is loaded when tables are asked for)

    own = [spec.tables if isinstance(spec, Waiting) else [t.name for t in spec.details] for spec in specs]
    return (*TABLES, *(name for names in own for name in names))


def table_schema(name: str, specs: Iterable[ProtocolSpec]) -> pa.Schema:
    """Schema of one of `table_names`; imports no other protocol than its own."""
    from interlock.records.tables import TABLES  # noqa: PLC0415 (as above)

    if name in TABLES:
        return TABLES[name].schema
    of = (spec for spec in specs if not isinstance(spec, Waiting) or name in spec.tables)
    return next(table.schema for spec in of for table in spec.details if table.name == name)


def load_verbs(names: Iterable[str] = PROTOCOLS, *, outside: bool = True) -> dict[str, VerbRows]:
    """Every table of the protocols' verbs.toml: table name → function → (name, verb).

    A protocol outside the package adds tables; it cannot change those of the house.
    """
    text = VerbText()
    tables: dict[str, VerbRows] = {}
    for package in protocol_packages(names, outside=outside):
        found = text.all_of(package) if text.has(package) else read_toml(package)
        for table, rows in found.items():
            tables.setdefault(table, rows)
    return tables


class VerbTables(Mapping[str, "VerbRows"]):
    """The tables of all verbs.toml, each read when it is first asked for.

    A protocol outside the package adds tables; it cannot change those of the house.
    """

    def __init__(self, specs: Iterable[ProtocolSpec]) -> None:
        """specs: load_specs' answer, outside ones included."""
        packages = protocol_packages()
        self._text = VerbText()
        self._waiting = dict.fromkeys(packages)
        self._packages: dict[str, str] = {}
        for package, spec in zip(packages, specs, strict=True):
            for name in spec.names:
                self._packages.setdefault(name, package)
        self._tables: dict[str, VerbRows] = {}

    def __getitem__(self, table: str) -> VerbRows:
        if table not in self._tables:
            self._find(table)
        return self._tables[table]

    def __iter__(self) -> Iterator[str]:
        self._read(list(self._waiting))
        return iter(self._tables)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, table: str) -> None:
        """Read a table: from the text, else from the verbs.toml of the protocol it is named for, else from any."""
        named = self._packages.get(table) or self._packages.get(table.partition("-")[0])
        package = self._text.tables.get(table) or named
        if package in self._waiting:
            self._read([package], table)
        if table not in self._tables:  # a second table whose name does not begin with its protocol's
            self._read([package for package in self._waiting if not self._text.has(package)])

    def _read(self, packages: Iterable[str], table: str = "") -> None:
        """Read what packages have: of one that the text has, only the table, where one is named."""
        for package in packages:
            if table and self._text.has(package):
                rows = self._text.rows(package, table)
                if rows is not None:
                    self._tables.setdefault(table, rows)
                continue
            found = self._text.all_of(package) if self._text.has(package) else read_toml(package)
            for name, rows in found.items():
                self._tables.setdefault(name, rows)
            self._waiting.pop(package, None)
