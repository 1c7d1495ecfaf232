"""GOOSE's own table: every field of each message."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["GOOSE", "MESSAGE"]

MESSAGE: Final = (
    Column(name="operation", type=pa.uint64(), meaning="joins operations"),
    Column(name="vlan", type=pa.uint16(), nullable=True, meaning="VLAN id of the flow's first frame"),
    Column(name="appid", type=pa.uint16(), meaning="APPID"),
    Column(name="length", type=pa.uint16(), unit="octet", meaning="length from the APPID on, as it says"),
    Column(name="simulated", type=pa.bool_(), meaning="the S bit of Reserved 1: of a test device"),
)
"""What every message of IEC 61850 on Ethernet has before its PDU: the columns that GOOSE and sampled values share."""

GOOSE: Final = Table(
    name="goose",
    version=1,
    meaning="One row per GOOSE message with all its fields; the sender is the flow's client.",
    columns=(
        *DETAIL,
        *MESSAGE,
        Column(name="gocb_ref", type=text(), meaning="gocbRef: reference of the control block"),
        Column(
            name="time_allowed_to_live",
            type=pa.uint64(),
            nullable=True,
            unit="ms",
            meaning="timeAllowedtoLive: until the next message",
        ),
        Column(name="dat_set", type=text(), nullable=True, meaning="datSet: reference of the data set"),
        Column(name="go_id", type=text(), nullable=True, meaning="goID"),
        Column(
            name="t",
            type=pa.timestamp("ns", "UTC"),
            nullable=True,
            unit="ns",
            meaning="t: of the last change of stNum",
        ),
        Column(
            name="t_quality",
            type=pa.uint8(),
            nullable=True,
            meaning="time quality of t (IEC 61850-8-1, UtcTime)",
        ),
        Column(
            name="st_num",
            type=pa.uint64(),
            nullable=True,
            meaning="stNum: rises with every change of the data",
        ),
        Column(name="sq_num", type=pa.uint64(), nullable=True, meaning="sqNum: rises with every repetition"),
        Column(name="simulation", type=pa.bool_(), nullable=True, meaning="simulation (edition 1: test)"),
        Column(
            name="conf_rev", type=pa.uint64(), nullable=True, meaning="confRev: revision of the configuration"
        ),
        Column(name="nds_com", type=pa.bool_(), nullable=True, meaning="ndsCom: needs commissioning"),
        Column(
            name="num_dat_set_entries",
            type=pa.uint64(),
            nullable=True,
            meaning="numDatSetEntries, as the message says",
        ),
        Column(name="entries", type=pa.uint32(), meaning="data in allData"),
        Column(
            name="all_data",
            type=pa.utf8(),
            nullable=True,
            meaning="allData as JSON: bits as text of 0 and 1, octets in hexadecimal digits",
        ),
        Column(name="all_data_octets", type=pa.binary(), nullable=True, meaning="content of allData"),
        Column(name="signed", type=pa.bool_(), meaning="the message carries a security field"),
    ),
)
