"""PROFINET's own tables: relations that were agreed on, the modules behind them, the cyclic data that then flows."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["ARS", "CYCLIC", "DETAILS", "MODULES", "RPC"]

ARS: Final = Table(
    name="profinet_ars",
    version=1,
    meaning="One row per communication relation (IOCR) of each answered Connect; one where it asked for none.",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations"),
        Column(name="event", type=text(), meaning="opened or refused"),
        Column(name="ar", type=pa.utf8(), meaning="UUID of the application relation"),
        Column(
            name="ar_type", type=pa.uint16(), meaning="ARType: 1 IO controller, 6 supervisor, 16 RT class 3"
        ),
        Column(name="session_key", type=pa.uint16(), meaning="session key"),
        Column(name="initiator_mac", type=text(), meaning="MAC of who connects"),
        Column(name="responder_mac", type=text(), nullable=True, meaning="MAC of who was connected to"),
        Column(name="station_name", type=text(), meaning="name of station of who connects"),
        Column(
            name="iocr_type",
            type=text(),
            nullable=True,
            meaning="input, output, multicast provider or consumer",
        ),
        Column(name="iocr_reference", type=pa.uint16(), nullable=True, meaning="reference within the AR"),
        Column(name="frame_id", type=pa.uint16(), nullable=True, meaning="frame id of its cyclic data"),
        Column(name="rt_class", type=pa.uint8(), nullable=True, meaning="RT class: 1 to 3, 4 over UDP"),
        Column(name="data_length", type=pa.uint16(), nullable=True, unit="octet", meaning="data of a frame"),
        Column(
            name="send_clock", type=pa.duration("ns"), nullable=True, unit="ns", meaning="clock of the sender"
        ),
        Column(
            name="cycle",
            type=pa.duration("ns"),
            nullable=True,
            unit="ns",
            meaning="between two of its frames",
        ),
        Column(
            name="watchdog",
            type=pa.duration("ns"),
            nullable=True,
            unit="ns",
            meaning="silence that aborts the AR",
        ),
        Column(name="code", type=pa.int32(), nullable=True, meaning="PNIO status where refused"),
    ),
)

MODULES: Final = Table(
    name="profinet_modules",
    version=1,
    meaning="One row per submodule that a Connect expects in the device (at most 1024 a Connect).",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations"),
        Column(name="ar", type=pa.utf8(), meaning="UUID of the application relation"),
        Column(name="api", type=pa.uint32(), meaning="application process"),
        Column(name="slot", type=pa.uint16(), meaning="slot of the module"),
        Column(name="module", type=pa.uint32(), meaning="module ident number, as in the GSDML file"),
        Column(name="subslot", type=pa.uint16(), meaning="subslot of the submodule"),
        Column(name="submodule", type=pa.uint32(), meaning="submodule ident number"),
        Column(name="input_length", type=pa.uint16(), unit="octet", meaning="its data to the controller"),
        Column(name="output_length", type=pa.uint16(), unit="octet", meaning="its data from the controller"),
    ),
)

CYCLIC: Final = Table(
    name="profinet_cyclic",
    version=1,
    meaning="One row where a frame id is first seen between two machines, finds its AR, or changes its data status.",
    columns=(
        *DETAIL,
        Column(name="frame_id", type=pa.uint16(), meaning="frame id"),
        Column(name="provider", type=text(), meaning="MAC of who sends"),
        Column(name="consumer", type=text(), meaning="MAC of who receives"),
        Column(
            name="ar", type=pa.utf8(), nullable=True, meaning="UUID of the AR; null where no Connect was seen"
        ),
        Column(name="iocr_type", type=text(), nullable=True, meaning="as profinet_ars.iocr_type"),
        Column(name="provider_state", type=text(), meaning="run or stop"),
        Column(name="valid", type=pa.bool_(), meaning="DataValid"),
        Column(name="primary", type=pa.bool_(), meaning="State: primary, not backup"),
        Column(name="problem", type=pa.bool_(), meaning="StationProblemIndicator says that there is one"),
        Column(name="cycle_counter", type=pa.uint16(), meaning="cycle counter of that frame"),
    ),
)

RPC: Final = Table(
    name="profinet_rpc",
    version=1,
    meaning="One row per packet of connectionless RPC, those of the transport alone among them.",
    columns=(
        *DETAIL,
        Column(name="sender", type=text(), meaning="address of who sent it"),
        Column(name="packet_type", type=pa.uint8(), meaning="0 request, 1 ping, 2 response, 3 fault, …"),
        Column(name="flags", type=pa.uint8(), meaning="first octet of flags"),
        Column(name="more_flags", type=pa.uint8(), meaning="second octet of flags"),
        Column(name="little_endian", type=pa.bool_(), meaning="order of its numbers"),
        Column(name="object", type=pa.utf8(), meaning="object UUID: whom it is for"),
        Column(name="interface", type=pa.utf8(), meaning="interface UUID"),
        Column(name="activity", type=pa.utf8(), meaning="activity UUID: shared by a client's calls"),
        Column(name="boot_time", type=pa.uint32(), meaning="server boot time: another one after a restart"),
        Column(
            name="interface_version", type=pa.uint32(), meaning="major in the low half, minor in the high one"
        ),
        Column(name="sequence", type=pa.uint32(), meaning="sequence number within the activity"),
        Column(name="operation_number", type=pa.uint16(), meaning="operation number"),
        Column(name="interface_hint", type=pa.uint16(), meaning="interface hint"),
        Column(name="activity_hint", type=pa.uint16(), meaning="activity hint"),
        Column(name="body", type=pa.uint16(), unit="octet", meaning="length of its body"),
        Column(name="fragment", type=pa.uint16(), meaning="fragment number"),
        Column(name="authentication", type=pa.uint8(), meaning="authentication protocol"),
        Column(name="serial", type=pa.uint16(), meaning="serial number of the packet"),
    ),
)

DETAILS: Final = (ARS, MODULES, CYCLIC, RPC)
