"""EtherNet/IP's own tables: what only CIP says, joined to `operations` by the operation's id."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["CONNECTIONS", "DETAILS", "IDENTITIES", "IMPLICIT", "PCCC", "REFUSALS"]

_OPERATION = Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations")
_UNIT = Column(name="unit", type=text(), nullable=True, meaning="route to the device behind the address")

IDENTITIES: Final = Table(
    name="cip_identities",
    version=1,
    meaning="One row per identity that a device gave whole, by ListIdentity or from its Identity object.",
    columns=(
        *DETAIL,
        _UNIT,
        Column(name="vendor", type=pa.uint16(), meaning="vendor number (ODVA)"),
        Column(name="device_type", type=pa.uint16(), meaning="device profile number (ODVA)"),
        Column(name="product_code", type=pa.uint16(), meaning="the vendor's number for the product"),
        Column(name="revision", type=pa.utf8(), meaning="firmware, major.minor"),
        Column(name="status", type=pa.uint16(), meaning="status word of the Identity object"),
        Column(name="serial", type=pa.uint32(), meaning="serial number"),
        Column(name="product_name", type=pa.utf8(), meaning="product name"),
        Column(name="state", type=pa.uint8(), nullable=True, meaning="state of the device (ListIdentity)"),
        Column(
            name="address", type=pa.utf8(), nullable=True, meaning="address it says it has (ListIdentity)"
        ),
        Column(name="port", type=pa.uint16(), nullable=True, meaning="port it says it has (ListIdentity)"),
    ),
)

CONNECTIONS: Final = Table(
    name="cip_connections",
    version=1,
    meaning="One row per answered Forward Open and Forward Close; the flow's client is the originator.",
    columns=(
        *DETAIL,
        _OPERATION,
        Column(name="event", type=text(), meaning="opened, refused or closed"),
        _UNIT,
        Column(
            name="path", type=pa.utf8(), nullable=True, meaning="what is connected to, as operations.object"
        ),
        Column(name="serial", type=pa.uint16(), meaning="connection serial number"),
        Column(name="vendor", type=pa.uint16(), meaning="originator's vendor number"),
        Column(name="originator", type=pa.uint32(), meaning="originator's serial number"),
        Column(
            name="to_target", type=pa.uint32(), nullable=True, meaning="connection id originator to target"
        ),
        Column(
            name="to_originator",
            type=pa.uint32(),
            nullable=True,
            meaning="connection id target to originator",
        ),
        Column(
            name="to_target_interval",
            type=pa.uint32(),
            nullable=True,
            unit="us",
            meaning="packet interval asked for",
        ),
        Column(
            name="to_originator_interval",
            type=pa.uint32(),
            nullable=True,
            unit="us",
            meaning="packet interval asked for",
        ),
        Column(
            name="to_target_size", type=pa.uint16(), nullable=True, unit="octet", meaning="largest packet"
        ),
        Column(
            name="to_originator_size", type=pa.uint16(), nullable=True, unit="octet", meaning="largest packet"
        ),
        Column(
            name="transport_class",
            type=pa.uint8(),
            nullable=True,
            meaning="0 and 1 implicit, 2 and 3 explicit",
        ),
        Column(
            name="safety", type=pa.bool_(), nullable=True, meaning="whether its path has a CIP Safety segment"
        ),
        Column(name="general_status", type=pa.uint8(), nullable=True, meaning="general status where refused"),
        Column(
            name="extended_status", type=pa.uint16(), nullable=True, meaning="first word of extended status"
        ),
        Column(
            name="timeout_multiplier",
            type=pa.uint16(),
            nullable=True,
            meaning="intervals without a packet that end the connection; null where its code is reserved",
        ),
        Column(
            name="to_target_watchdog",
            type=pa.duration("ns"),
            nullable=True,
            unit="ns",
            meaning="silence of the originator that ends it for the target; null where nothing goes that way",
        ),
        Column(
            name="to_originator_watchdog",
            type=pa.duration("ns"),
            nullable=True,
            unit="ns",
            meaning="silence of the target that ends it for the originator; null where nothing goes that way",
        ),
    ),
)

REFUSALS: Final = Table(
    name="cip_refusals",
    version=1,
    meaning="One row per CIP answer with an extended status.",
    columns=(
        *DETAIL,
        _OPERATION,
        _UNIT,
        Column(name="service", type=pa.uint8(), meaning="service without the answer bit"),
        Column(name="general_status", type=pa.uint8(), meaning="general status"),
        Column(name="extended_status", type=pa.list_(pa.uint16()), meaning="words of extended status"),
    ),
)

PCCC: Final = Table(
    name="pccc",
    version=1,
    meaning="One row per PCCC command that an Execute PCCC service carried.",
    columns=(
        *DETAIL,
        _OPERATION,
        _UNIT,
        Column(name="command", type=pa.uint8(), meaning="command code"),
        Column(
            name="function",
            type=pa.uint8(),
            nullable=True,
            meaning="function code, where the command has one",
        ),
        Column(name="name", type=text(), nullable=True, meaning="what the manual calls it"),
        Column(name="transaction", type=pa.uint16(), meaning="transaction number (TNS)"),
        Column(name="vendor", type=pa.uint16(), meaning="requester's vendor number"),
        Column(name="originator", type=pa.uint32(), meaning="requester's serial number"),
        Column(name="object", type=pa.utf8(), nullable=True, meaning="data file address, as N7:0"),
        Column(
            name="octets",
            type=pa.uint32(),
            nullable=True,
            unit="octet",
            meaning="size that it asks for or sends",
        ),
    ),
)

IMPLICIT: Final = Table(
    name="cip_implicit",
    version=1,
    meaning="One row per message of a class 0 or 1 connection.",
    columns=(
        *DETAIL,
        Column(name="from_client", type=pa.bool_(), meaning="whether the flow's client sent it"),
        Column(name="connection", type=pa.uint32(), meaning="connection id, as cip_connections has it"),
        Column(name="sequence", type=pa.uint32(), meaning="encapsulation sequence number"),
        Column(
            name="data",
            type=pa.binary(),
            meaning="sequence count, header and data, as the device lays them out",
        ),
    ),
)

DETAILS: Final = (IDENTITIES, CONNECTIONS, REFUSALS, PCCC, IMPLICIT)
