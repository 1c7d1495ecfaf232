"""The visible table of protocols, and what is read from their folders."""

from __future__ import annotations

import importlib
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files
from typing import TYPE_CHECKING

from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from interlock.decode.spec import ProtocolSpec
    from interlock.decode.tools import VerbRows

__all__ = ["ENTRY_POINT", "PROTOCOLS", "load_specs", "load_verbs", "protocol_packages", "table_schemas"]

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
    "knxnet_ip",
    "hart_ip",
    "dlms",
    "arp",
    "lldp",
    "cdp",
    "dhcp",
    "ntp",
    "dns",
    "snmp",
    "http",
    "tls",
    "ssh",
    "ftp",
    "telnet",
    "smb",
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
    return [point.value.partition(":")[0] for point in entry_points(group=ENTRY_POINT)]


def load_specs(names: Iterable[str] = PROTOCOLS, *, outside: bool = True) -> tuple[ProtocolSpec, ...]:
    """Import the protocols' modules: the package's own, then those that entry points name."""
    modules = [f"interlock.decode.protocols.{name}.decoder" for name in names]
    if outside:
        modules += _outside()
    return tuple(importlib.import_module(module).SPEC for module in modules)


def table_schemas() -> dict[str, pa.Schema]:
    """Every table that decoding can make: the house's, then the protocols' own."""
    from interlock.records.tables import TABLES  # noqa: PLC0415 (Arrow is loaded when tables are asked for)

    own = [table for spec in load_specs() for table in spec.details]
    return {table.name: table.schema for table in (*TABLES.values(), *own)}


def load_verbs(names: Iterable[str] = PROTOCOLS, *, outside: bool = True) -> dict[str, VerbRows]:
    """Every table of the protocols' verbs.toml: table name → function → (name, verb).

    A protocol outside the package adds tables; it cannot change those of the house.
    """
    tables: dict[str, VerbRows] = {}
    for package in protocol_packages(names, outside=outside):
        for table, rows in _verbs_of(package).items():
            tables.setdefault(table, rows)
    return tables


def _verbs_of(package: str) -> dict[str, VerbRows]:
    file = files(package) / "verbs.toml" if package else None
    if file is None or not file.is_file():
        return {}
    return {
        table: {int(f, 0): (row["name"], _verb(row["verb"], table, f)) for f, row in rows.items()}
        for table, rows in tomllib.loads(file.read_text("utf-8")).items()
    }


def _verb(verb: str, table: str, function: str) -> str:
    if verb not in VERBS:
        raise ValueError(f"verbs.toml: [{table}] {function}: no such verb: {verb}")
    return verb
