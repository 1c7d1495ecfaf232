"""MMS's own tables: associations, and reports."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["ASSOCIATIONS", "REPORTS"]


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, type=text(), nullable=True, meaning=meaning)


def _number(name: str, meaning: str) -> Column:
    return Column(name=name, type=pa.int64(), nullable=True, meaning=meaning)


ASSOCIATIONS: Final = Table(
    name="mms_associations",
    version=1,
    meaning="One row per connect, accept, refuse, finish, disconnect or abort of an association, or bare initiate.",
    columns=(
        *DETAIL,
        Column(name="event", type=text(), meaning="the SPDU, or initiate where there is no session"),
        _text("acse", "the ACSE PDU in it: aarq, aare, rlrq, rlre, abrt"),
        _text("calling_session_selector", "S-selector of who calls, hexadecimal digits"),
        _text("called_session_selector", "S-selector that is called, hexadecimal digits"),
        _text("calling_presentation_selector", "P-selector of who calls, hexadecimal digits"),
        _text("called_presentation_selector", "P-selector that is called or answers, hexadecimal digits"),
        _text("abstract_syntaxes", "object identifiers of the proposed presentation contexts"),
        _text("application_context", "object identifier of the application context: 1.0.9506.2.3 is MMS"),
        _text("calling_ap_title", "AP title of who calls"),
        _text("called_ap_title", "AP title that is called or answers"),
        _text("calling_ae_qualifier", "AE qualifier of who calls"),
        _text("called_ae_qualifier", "AE qualifier that is called or answers"),
        _text("mechanism", "object identifier of the authentication mechanism: 2.2.3.1 is a password"),
        _number("result", "result of an answer: 0 accepted, 1 and 2 rejected"),
        _number("reason", "diagnostic of a rejection, reason of a refusal, release or abort"),
        _number("local_detail", "largest PDU in octets, proposed or agreed on"),
        _number("calling_outstanding", "requests that who calls may have open"),
        _number("called_outstanding", "requests that who is called may have open"),
        _number("nesting", "levels of nested data"),
        _number("mms_version", "version of MMS"),
        _text("parameters", "parameter CBB, as 0 and 1"),
        _text("services", "services supported, as 0 and 1 by number"),
    ),
)

REPORTS: Final = Table(
    name="mms_reports",
    version=1,
    meaning="One row per IEC 61850 report.",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), meaning="joins operations"),
        Column(name="rpt_id", type=text(), meaning="RptID"),
        _text("data_set", "DatSet: reference of the data set"),
        _number("sequence", "SqNum"),
        Column(
            name="time_of_entry",
            type=pa.timestamp("ns", "UTC"),
            nullable=True,
            unit="ns",
            meaning="TimeOfEntry, as the device says it",
        ),
        Column(name="overflow", type=pa.bool_(), nullable=True, meaning="BufOvfl: entries were lost"),
        Column(name="entry", type=pa.binary(), nullable=True, meaning="EntryID"),
        _number("revision", "ConfRev"),
        Column(name="included", type=pa.uint32(), meaning="members of the data set in it"),
        _text("reasons", "why they are, without repeats: data-change, quality-change, integrity, …"),
    ),
)
