"""Tables of single protocols against the fields that others decoded: GOOSE, sampled values, synchrophasors.

A check is a file beside a capture, its rows in words of ours, and the key under which rows of both sides meet.
Source: the logs of ICSNPP's analyzers; the CSV files of QUT-ZSS-2023.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance import synchrophasor_logs
from conformance.zeek import read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["CHECKS", "Check", "Fields", "compare"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """file: its name beside a capture. table: ours. rows, mine: their rows and ours, in the same words."""

    file: str
    table: str
    key: tuple[str, ...]
    rows: Callable[[Path], Iterator[Row]]
    mine: Callable[[Row], Row]


@dataclass(slots=True)
class Fields:
    """Cells that they say and that are the same in ours, by column; rows of theirs, and those without one of ours."""

    said: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    missing: int = 0
    left: int = 0


def compare(check: Check, path: Path, table: Iterable[Row]) -> Fields:
    """Compare every cell of a file with our rows."""
    queues: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in map(check.mine, table):
        queues[tuple(row[k] for k in check.key)].append(row)
    found = Fields()
    for row in check.rows(path):
        found.rows += 1
        queue = queues[tuple(row[k] for k in check.key)]
        if not queue:
            found.missing += 1
            continue
        our = queue.pop(0)
        for column, said in row.items():
            found.said[column] += 1
            if said == our[column]:
                found.equal[column] += 1
            else:
                found.first.setdefault(column, f"theirs {said!r}, ours {our[column]!r}")
    found.left = sum(map(len, queues.values()))
    return found


def _micro(ns: int | None) -> str | None:
    """UTC ns as seconds with six digits, rounded."""
    return None if ns is None else f"{(ns + 500) // 1000 // 1_000_000}.{(ns + 500) // 1000 % 1_000_000:06d}"


def _goose_log(path: Path) -> Iterator[Row]:
    for row in read_log(path):
        if row.cells["parse_status"] == "failed":
            continue
        yield {
            "client": row.get("src_mac"),
            "server": row.get("dst_mac"),
            "appid": int(row.cells["appid"], 16),
            "length": int(row.cells["length"]),
            "gocb_ref": row.get("gocb_ref"),
            "time_allowed_to_live": int(row.cells["time_allowed_to_live"]),
            "dat_set": row.get("dataset"),
            "go_id": row.get("go_id"),
            "t": row.get("timestamp"),
            "t_quality": None
            if row.get("timestamp_quality") is None
            else int(row.cells["timestamp_quality"], 16),
            "st_num": int(row.cells["st_num"]),
            "sq_num": int(row.cells["sq_num"]),
            "simulation": row.cells["simulation"] == "T",
            "conf_rev": int(row.cells["conf_rev"]),
            "nds_com": row.cells["nds_com"] == "T",
            "num_dat_set_entries": int(row.cells["num_dat_set_entries"]),
            "all_data": row.get("all_data_hash"),
        }


def _goose_mine(row: Row) -> Row:
    octets = row["all_data_octets"] or b""
    length = bytes([len(octets)]) if len(octets) < 128 else b"\x81" + bytes([len(octets) & 0xFF])
    return {**row, "t": _micro(row["t"]), "all_data": hashlib.sha256(b"\xab" + length + octets).hexdigest()}


def _sv_log(path: Path) -> Iterator[Row]:
    for row in read_log(path):
        yield {
            "client": row.get("src"),
            "server": row.get("dst"),
            "vlan": int(row.cells["vlan"]),
            "appid": int(row.cells["appid"]),
            "length": int(row.cells["length"]),
            "smp_cnt": int(row.cells["smpCnt"]),
            "sv_id": row.get("sv_id"),
        }


def _csv(path: Path) -> Iterator[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text))


def _qut_goose(path: Path) -> Iterator[Row]:
    for row in _csv(path):
        yield {
            "time": f"{float(row['pkt arrival time']):.6f}",
            "client": row["MACsrc"],
            "server": row["MACdst"],
            "appid": int(row["APPID"], 16),
            "length": int(row["GOOSElength"]),
            "gocb_ref": row["gocbRef"],
            "time_allowed_to_live": int(row["Timeallowedtolive"]),
            "dat_set": row["datset"],
            "go_id": row["goID"],
            "t": row["t"],
            "st_num": int(row["stNum"]),
            "sq_num": int(row["sqNum"]),
            "simulation": row["simulation"] == "True",
            "conf_rev": int(row["confRev"]),
            "nds_com": row["ndsCom"] == "True",
            "num_dat_set_entries": int(row["num of data"]),
            "all_data": json.loads(row["data"].replace("True", "true").replace("False", "false")),
        }


def _qut_goose_mine(row: Row) -> Row:
    """Their bit strings are numbers."""
    data = [int(d, 2) if isinstance(d, str) and d else d for d in json.loads(row["all_data"] or "[]")]
    return {**row, "time": _micro(row["time"]), "t": _qut_time(row["t"]), "all_data": data}


def _qut_time(ns: int | None) -> str | None:
    """UTC ns as their files have it: seconds, a dot, and the milliseconds without leading zeros, then two zeros."""
    return None if ns is None else f"{ns // 1_000_000_000}.{(ns + 500_000) // 1_000_000 % 1000:03d}00"


def _qut_sv(path: Path) -> Iterator[Row]:
    for row in _csv(path):
        for k in range(1, int(row["noASDU"]) + 1):
            yield {
                "time": f"{float(row['pkt arrival time']):.6f}",
                "client": row["MACsrc"],
                "server": row["MACdst"],
                "appid": int(row["APPID"], 16),
                "length": int(row["SVlength"]),
                "no_asdu": int(row["noASDU"]),
                "sv_id": row[f"svID{k}"],
                "smp_cnt": int(row[f"smpCnt{k}"]),
                "sample": int(row[f"Data{k}"]),
            }


def _qut_sv_mine(row: Row) -> Row:
    """Their samples are an INT32 with a time behind it."""
    sample = int.from_bytes((row["seq_data"] or b"")[:4], "big", signed=True)
    return {**row, "time": _micro(row["time"]), "sample": sample}


CHECKS: Final[tuple[Check, ...]] = (
    Check(
        file="goose.log",
        table="goose",
        key=("gocb_ref", "st_num", "sq_num"),
        rows=_goose_log,
        mine=_goose_mine,
    ),
    Check(file="sv.log", table="sampled_values", key=("sv_id", "smp_cnt"), rows=_sv_log, mine=dict),
    Check(
        file="QUTZS_GOOSE.csv.gz",
        table="goose",
        key=("gocb_ref", "st_num", "sq_num", "time"),
        rows=_qut_goose,
        mine=_qut_goose_mine,
    ),
    Check(
        file="QUTZS_SV.csv.gz",
        table="sampled_values",
        key=("sv_id", "smp_cnt", "time"),
        rows=_qut_sv,
        mine=_qut_sv_mine,
    ),
    *(
        Check(
            file=f"synchrophasor_{kind}.log",
            table="synchrophasor_frames",
            key=("frame_type", "frame_size", *more),
            rows=synchrophasor_logs.frame_rows,
            mine=synchrophasor_logs.frame_mine,
        )
        for kind, more in (("cmd", ("command",)), ("cfg", ()), ("data", ()))
    ),
    Check(
        file="synchrophasor_data_detail.log",
        table="synchrophasor_data",
        key=("pmu", "first"),
        rows=synchrophasor_logs.data_rows,
        mine=synchrophasor_logs.data_mine,
    ),
)
