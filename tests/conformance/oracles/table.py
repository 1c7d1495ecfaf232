"""All oracles there are: the one visible table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles import cip, modbus, opcua, s7comm

if TYPE_CHECKING:
    from conformance.oracles.port import Oracle

__all__ = ["ORACLES", "PROTOCOLS"]

ORACLES: Final[tuple[Oracle, ...]] = (modbus.ORACLE, s7comm.ORACLE, cip.ORACLE, opcua.ORACLE)
PROTOCOLS: Final[tuple[str, ...]] = tuple(name for oracle in ORACLES for name in oracle.protocols)
