"""Adapter: identification tables and rules as this package's files; the room's only module that reads any."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

import zstandard

from interlock.inventory.registries import Registries
from interlock.inventory.rules import Rules, read_rules

__all__ = ["load_registries", "load_rules", "rule_documents"]

_TABLES: Final = (
    "cip_vendors",
    "cip_device_types",
    "bacnet_vendors",
    "profinet_vendors",
    "profinet_devices",
    "siemens_orders",
)


@cache
def load_registries() -> Registries:
    """Read all tables, once a process (some 5 ms)."""
    data = resources.files("interlock.inventory") / "data"
    tables = {name: _table((data / f"{name}.tsv").read_text("utf-8")) for name in _TABLES}
    packed = (data / "oui.tsv.zst").read_bytes()
    oui = zstandard.ZstdDecompressor().decompress(packed)
    return Registries(oui=oui.partition(b"\n")[2], **tables)  # type: ignore[arg-type]


@cache
def load_rules() -> Rules:
    """Read the rules for roles, levels and operating systems, once a process."""
    return read_rules(*rule_documents(), tried=True)  # by a test


def rule_documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """The two documents that hold them: roles and systems."""
    data = resources.files("interlock.inventory") / "data"
    roles, systems = ((data / name).read_text("utf-8") for name in ("roles.toml", "systems.toml"))
    return tomllib.loads(roles), tomllib.loads(systems)


def _table(text: str) -> dict[str, str]:
    """Rows below the heading, first column to second."""
    return dict(line.split("\t", 1) for line in text.splitlines()[1:])
