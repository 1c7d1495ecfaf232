"""All oracles there are: the one visible table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.oracles import (
    ads,
    building,
    cip,
    datagrams,
    dnp3,
    ethercat,
    fins,
    hart_ip,
    iec104,
    link,
    messaging,
    mms,
    modbus,
    names,
    opcua,
    profinet,
    s7comm,
    sessions,
    substation,
    synchrophasor,
    windows,
)

if TYPE_CHECKING:
    from conformance.oracles.port import Oracle

__all__ = ["LOGGED", "ORACLES", "PROTOCOLS"]

ORACLES: Final[tuple[Oracle, ...]] = (
    modbus.ORACLE,
    s7comm.ORACLE,
    cip.ORACLE,
    opcua.ORACLE,
    ads.ORACLE,
    fins.ORACLE,
    iec104.ORACLE,
    dnp3.ORACLE,
    hart_ip.ORACLE,
    profinet.DCP,
    profinet.CM,
    building.BACNET,
    mms.ORACLE,
    substation.GOOSE,
    substation.SAMPLED_VALUES,
    building.KNX,
    link.ARP,
    datagrams.DHCP,
    names.ORACLE,
    sessions.HTTP,
    sessions.TLS,
    sessions.SSH,
    sessions.FTP,
    datagrams.SNMP,
    sessions.SMB,
    windows.DCERPC,
    sessions.RDP,
    datagrams.NTP,
    datagrams.SYSLOG,
    link.ANNOUNCEMENTS,
    link.TREES,
    messaging.ORACLE,
    synchrophasor.ORACLE,
    ethercat.ORACLE,
)
LOGGED: Final[tuple[str, ...]] = ("roc-plus", "bsap", "s7comm-plus")
"""Protocols that tshark does not know: only logs beside the captures say what they hold."""

PROTOCOLS: Final[tuple[str, ...]] = (*(name for oracle in ORACLES for name in oracle.protocols), *LOGGED)
