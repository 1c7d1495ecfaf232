"""What a detector takes for the plant: control protocols, their ports, and the roles of field devices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = [
    "CONTROL_PORTS",
    "CONTROL_PROTOCOLS",
    "PLANT_ROLES",
    "SPOKEN",
    "UNAUTHENTICATED",
    "backwards",
    "is_station",
    "spoken",
]

_MAC: Final = re.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")

UNAUTHENTICATED: Final = frozenset({
    "ads", "bacnet", "bsap", "c37118", "cip", "cip-io", "codesys", "codesys-v2", "crimson", "cspv4", "dcp", "dlms",
    "dnp3", "egd", "enip", "enip-io", "ether-s-io", "ethercat", "ff-annunciation", "ff-fms", "ff-sm", "fins", "fl-net",
    "ge-egd", "ge-srtp", "genisys", "goose", "gse", "hart-ip", "iec104", "knx", "knxnet-ip", "lsis",
    "melsec", "mms", "modbus", "pccc", "pcom", "pcworx", "pnio", "pnio-cm", "powerlink", "proconos",
    "profinet", "profinet-cm", "profinet-dcp", "profinet-io", "profinet-rt", "roc", "roc-plus", "s7comm",
    "r-goose", "r-sv", "sampled-values", "sbus", "sercos", "slmp", "sv", "synchrophasor", "trdp", "tristation", "umas",
})  # fmt: skip
"""Control protocols that carry out a request without proof of who asks (as they are commonly spoken)."""

CONTROL_PROTOCOLS: Final = UNAUTHENTICATED | {"opcua", "s7comm-plus", "sel", "c1222", "fox"}
"""These move a process; some of them can prove who asks."""

CONTROL_PORTS: Final[dict[int, str]] = {
    5010: "melsec", 5560: "melsec", 5562: "melsec", 8016: "ads",
    102: "s7comm or mms", 502: "modbus", 789: "crimson", 802: "modbus-security",
    1089: "foundation-fieldbus", 1090: "foundation-fieldbus", 1091: "foundation-fieldbus", 1153: "c1222",
    1217: "codesys", 1502: "tristation", 1911: "fox", 1962: "pcworx", 2221: "enip", 2222: "cspv4 or enip",
    2404: "iec104", 2455: "codesys-v2", 3671: "knxnet-ip", 4000: "roc-plus", 4059: "dlms", 4712: "c37118",
    4713: "c37118",
    4840: "opcua", 4911: "fox", 5006: "melsec", 5007: "melsec", 5050: "sbus", 5094: "hart-ip", 9600: "fins",
    11740: "codesys", 18245: "ge-srtp", 18246: "ge-srtp", 20000: "dnp3", 20547: "pcworx", 34962: "profinet",
    34963: "profinet", 34964: "profinet", 44818: "enip", 47808: "bacnet", 48898: "ads", 48899: "ads",
    55000: "fl-net",
}  # fmt: skip
"""Port → protocol that IANA or its vendor puts there. A port is a hint of intent, never proof of speech."""
_PORTS: Final = np.zeros(1 << 16, np.bool_)
_PORTS[list(CONTROL_PORTS)] = True

PLANT_ROLES: Final = frozenset({
    "plc", "rtu", "io", "drive", "safety-controller", "hmi", "gateway", "ied", "sensor",
    "building-controller",
})  # fmt: skip
"""Roles (vocabulary.ROLES) of machines that stand at the process."""

SPOKEN: Final[dict[str, str]] = {
    "bsap": "BSAP", "codesys": "CODESYS", "codesys-v2": "CODESYS V2", "fox": "Niagara Fox", "ge-srtp": "GE SRTP",
    "roc-plus": "ROC Plus",
    "ads": "ADS", "c37118": "C37.118", "ethercat": "EtherCAT", "fins": "FINS", "hart-ip": "HART-IP", "melsec": "MELSEC",
    "bacnet": "BACnet", "cip": "CIP", "dlms": "DLMS/COSEM", "dnp3": "DNP3", "enip": "EtherNet/IP",
    "ftp": "FTP", "http": "HTTP", "iec104": "IEC 60870-5-104", "knxnet-ip": "KNXnet/IP", "modbus": "Modbus",
    "mms": "MMS", "mqtt": "MQTT", "opcua": "OPC UA", "pccc": "PCCC", "pnio-cm": "PROFINET CM",
    "profinet-dcp": "PROFINET DCP", "profinet-rt": "PROFINET RT",
    "s7comm": "S7comm", "s7comm-plus": "S7comm-plus", "snmp": "SNMP",
    "telnet": "Telnet", "tls": "TLS", "tristation": "TriStation", "umas": "UMAS",
    "goose": "GOOSE", "sampled-values": "sampled values", "dcerpc": "DCE/RPC", "ftp-data": "FTP data",
    "rdp": "RDP", "smb": "SMB", "ssh": "SSH", "syslog": "syslog", "winrm": "WinRM",
}  # fmt: skip
"""Protocol → how people write it."""


def spoken(protocol: str | None) -> str:
    """How people write a protocol's name."""
    return "an unknown protocol" if not protocol else SPOKEN.get(protocol, protocol)


def is_station(mac: str) -> bool:
    """Tell whether a link address can be that of one machine: neither a group's nor all zeros."""
    if _MAC.fullmatch(mac) is None:
        return False
    return not int(mac[:2], 16) & 1 and mac.strip("0:") != ""


def backwards(batch: Batch) -> NDArray[np.int64]:
    """Per row 1 where a controller asks its client for the next part of what the client began, else 0.

    S7 controllers fetch the blocks of a download themselves: such a request comes from a control port.
    """
    from_control, to_control = (_PORTS[batch.integers(f"{end}_port")] for end in ("client", "server"))
    return (from_control & ~to_control & (batch.integers("server_port") > 0)).astype(np.int64)
