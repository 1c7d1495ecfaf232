"""Well-known interfaces by UUID: MS-RPCE's, COM's and OPC Classic's; names of operations stand in verbs.toml.

Source: C706 appendix O, MS-DCOM 1.9, MS-SCMR, MS-RRP, MS-TSCH, MS-SAMR, MS-LSAD, MS-NRPC, MS-DRSR, MS-WMI; OPC
Data Access 2.05a and 3.0, OPC Alarms and Events 1.10, OPC Historical Data Access 1.20, OPC Common 1.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Interface", "interface_of", "interfaces"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """name: `svcctl`; the UUID's text where nobody knows it. com: its calls begin with ORPCTHIS and end with HRESULT.

    of: what it belongs to, empty where it is not known.
    """

    uuid: str
    name: str
    com: bool
    of: str


@cache
def interfaces() -> dict[str, Interface]:
    """UUID → interface, all that have a name."""
    text = (files(__package__) / "interfaces.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {u: Interface(uuid=u, name=name, com=kind == "com", of=of) for u, name, kind, of in rows}


def interface_of(uuid: str) -> Interface:
    """uuid: lower-case text."""
    return interfaces().get(uuid) or Interface(uuid=uuid, name=uuid, com=False, of="")
