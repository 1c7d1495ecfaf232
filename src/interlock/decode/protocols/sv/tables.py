"""The table of sampled values: every field of each ASDU."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.decode.protocols.goose.tables import MESSAGE
from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["SAMPLED_VALUES"]

SAMPLED_VALUES: Final = Table(
    name="sampled_values",
    version=1,
    meaning="One row per ASDU of each sampled value message with all its fields; the sender is the flow's client.",
    columns=(
        *DETAIL,
        *MESSAGE,
        Column(name="no_asdu", type=pa.uint16(), nullable=True, meaning="noASDU, as the message says"),
        Column(name="asdu", type=pa.uint16(), meaning="index of the ASDU in its message, from 0"),
        Column(name="sv_id", type=text(), nullable=True, meaning="svID (MsvID or UsvID)"),
        Column(name="dat_set", type=text(), nullable=True, meaning="datSet: reference of the data set"),
        Column(name="smp_cnt", type=pa.uint32(), nullable=True, meaning="smpCnt: number of the sample"),
        Column(
            name="conf_rev", type=pa.uint32(), nullable=True, meaning="confRev: revision of the configuration"
        ),
        Column(
            name="refr_tm",
            type=pa.timestamp("ns", "UTC"),
            nullable=True,
            unit="ns",
            meaning="refrTm",
        ),
        Column(name="refr_tm_quality", type=pa.uint8(), nullable=True, meaning="time quality of refrTm"),
        Column(
            name="smp_synch",
            type=pa.uint32(),
            nullable=True,
            meaning="smpSynch: 0 none, 1 local, 2 global, else a clock",
        ),
        Column(
            name="smp_rate", type=pa.uint32(), nullable=True, meaning="smpRate: samples, of what smpMod says"
        ),
        Column(
            name="smp_mod",
            type=pa.uint32(),
            nullable=True,
            meaning="smpMod: 0 samples per period, 1 samples per second, 2 seconds per sample",
        ),
        Column(
            name="gm_identity",
            type=pa.binary(),
            nullable=True,
            meaning="gmIdentity of the clock",
        ),
        Column(name="seq_data", type=pa.binary(), nullable=True, meaning="the samples' octets"),
    ),
)
