"""What the flow table tells about the capture point: sums per source and realm, in bounded memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.records.arrays import distinct, encoded, integers, present, taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FlowSums", "FlowTally", "one_way"]

_CONVERSING: Final = frozenset({"established", "midstream", "closed", None})
"""TCP states of a flow whose sender was being heard; `opened` is an unanswered SYN, which proves nothing.
None: neither SYN nor data, so only acknowledgements, which answer something."""
_LEAST_PACKETS: Final = 4
"""Shorter flows may be one-sided by chance: the last words of what began before the capture."""
_PROCESS_BUS: Final = frozenset({"eth/0x88b8", "eth/0x88ba", "eth/0x88a4"})
"""GOOSE, sampled values, EtherCAT: sent to group addresses by design, so they prove that a port sees all."""
_TAGGED_BY_STANDARD: Final = frozenset({"eth/0x88b8", "eth/0x88ba"})
"""GOOSE and sampled values carry an IEEE 802.1Q tag. Source: IEC 61850-8-1 annex C, 61850-9-2 annex C."""
_PROFINET: Final = "eth/0x8892"
_CYCLIC_PACKETS: Final = 100
_CYCLIC_INTERVAL_NS: Final = 1_000_000_000
"""PROFINET's cyclic data is sent with a priority tag, its discovery without; cyclic are many, and often."""
_MAX_VLANS: Final = 4096
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


@dataclass(slots=True)
class FlowSums:
    """Sums over the flows of one source in one realm.

    two_way, one_way: TCP flows that show both directions, or converse in one only. tcp_packets, and of them
    tcp_duplicates, gaps. group_packets: frames to broadcast or multicast addresses; process_bus_packets:
    frames that go there by design. tagged: flows with a VLAN tag. untagged_rt: frames
    of flows that their standard tags, without a tag. bad_checksums: frames whose checksum does not fit.
    vlans: VLAN ids that machines announced.
    """

    flows: int = 0
    packets: int = 0
    duplicates: int = 0
    two_way: int = 0
    one_way: int = 0
    one_way_packets: int = 0
    tcp_packets: int = 0
    tcp_duplicates: int = 0
    gaps: int = 0
    group_packets: int = 0
    process_bus_packets: int = 0
    tagged: int = 0
    untagged_rt: int = 0
    bad_checksums: int = 0
    vlans: set[str] = field(default_factory=set)


def one_way(flows: pa.RecordBatch | pa.Table) -> NDArray[np.bool_]:
    """Which flows (rows of the table `flows`) are TCP conversations of which only one side was captured.

    TCP cannot go on without its other half, so that one must have been there. Flows that mostly repeat
    themselves are not meant: they may really have had no answer.
    """
    client, server = _numbers(flows, "client_packets"), _numbers(flows, "server_packets")
    total = client + server
    alone = (np.minimum(client, server) == 0) & (total >= _LEAST_PACKETS)
    repeating = 2 * _numbers(flows, "retransmissions") >= total
    conversing = _where(flows, "state", _CONVERSING.__contains__)
    found: NDArray[np.bool_] = alone & conversing & ~repeating & _is_tcp(flows)
    return found


class FlowTally:
    """Adds up flows as they end; `sums` has what is known of each (source, realm)."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], FlowSums] = {}

    def add(self, flows: pa.RecordBatch | pa.Table) -> None:
        """Count flows, each once: rows of the table `flows`."""
        if not flows.num_rows:
            return
        groups, rows = _grouped(flows)
        for name, amount in _amounts(flows).items():
            sums = np.bincount(rows, weights=amount, minlength=len(groups))
            for group, total in zip(groups, sums.tolist(), strict=True):
                known = self.sums.setdefault(group, FlowSums())
                setattr(known, name, getattr(known, name) + int(total))

    def add_clues(self, clues: pa.RecordBatch | pa.Table) -> None:
        """Note the VLANs that machines announce: rows of the table `clues`."""
        of_vlan = np.flatnonzero(_where(clues, "field", "vlan".__eq__))
        if not len(of_vlan):
            return
        groups, rows = _grouped(clues)
        values = taken(_column(clues, "value"), of_vlan).to_pylist()
        for row, value in zip(rows[of_vlan].tolist(), values, strict=True):
            vlans = self.sums.setdefault(groups[row], FlowSums()).vlans
            if value is not None and len(vlans) < _MAX_VLANS:
                vlans.add(value)


def _amounts(flows: pa.RecordBatch | pa.Table) -> dict[str, NDArray[Any]]:
    """For each figure of FlowSums what every row adds to it."""
    client, server = _numbers(flows, "client_packets"), _numbers(flows, "server_packets")
    packets, duplicates = client + server, _numbers(flows, "duplicates")
    tcp, alone = _is_tcp(flows), one_way(flows)
    tagged = _valid(flows, "vlan")
    by_design = _where(flows, "transport", _PROCESS_BUS.__contains__)
    group = np.where(_is_group(flows, "server", server == 0), client, 0)
    group += np.where(_is_group(flows, "client", client == 0), server, 0)
    return {
        "flows": np.ones(len(packets), np.int64),
        "packets": packets,
        "duplicates": duplicates,
        "two_way": tcp & (client > 0) & (server > 0),
        "one_way": alone,
        "one_way_packets": np.where(alone, packets, 0),
        "tcp_packets": np.where(tcp, packets, 0),
        "tcp_duplicates": np.where(tcp, duplicates, 0),
        "gaps": np.where(tcp, _numbers(flows, "gaps"), 0),
        "group_packets": group,
        "process_bus_packets": np.where(by_design, packets, 0),
        "tagged": tagged,
        "bad_checksums": _numbers(flows, "bad_checksums"),
        "untagged_rt": np.where(_tagged_by_standard(flows, packets) & ~tagged, packets, 0),
    }


def _tagged_by_standard(flows: pa.RecordBatch | pa.Table, packets: NDArray[np.int64]) -> NDArray[np.bool_]:
    lasted = _numbers(flows, "last") - _numbers(flows, "first")
    cyclic = (packets >= _CYCLIC_PACKETS) & (lasted < packets * _CYCLIC_INTERVAL_NS)
    always = _where(flows, "transport", _TAGGED_BY_STANDARD.__contains__)
    return always | (_where(flows, "transport", _PROFINET.__eq__) & cyclic)


def _is_tcp(flows: pa.RecordBatch | pa.Table) -> NDArray[np.bool_]:
    return _where(flows, "transport", "tcp".__eq__)


def _is_group(flows: pa.RecordBatch | pa.Table, column: str, silent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the address is one that many listen to; x.x.x.255 is where nobody ever answered from it."""
    certain = _where(flows, column, _is_group_address)
    return certain | (silent & _where(flows, column, _ends_as_broadcast))


def _is_group_address(address: str | None) -> bool:
    if address is None:
        return False
    if _MAC.fullmatch(address):
        return bool(int(address[:2], 16) & 1)
    try:
        return ip_address(address).is_multicast or address == "255.255.255.255"
    except ValueError:
        return False


def _ends_as_broadcast(address: str | None) -> bool:
    return address is not None and address.endswith(".255")


def _column(table: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _numbers(table: pa.RecordBatch | pa.Table, name: str) -> NDArray[np.int64]:
    return integers(_column(table, name))


def _valid(table: pa.RecordBatch | pa.Table, name: str) -> NDArray[np.bool_]:
    return present(_column(table, name))


def _coded(table: pa.RecordBatch | pa.Table, name: str) -> tuple[NDArray[np.int64], list[str | None]]:
    """Codes and the texts they stand for; the last text is None, which nulls have."""
    column = encoded(_column(table, name))
    texts = column.dictionary.to_pylist()
    return integers(column.indices, len(texts)), [*texts, None]


def _where(table: pa.RecordBatch | pa.Table, name: str, holds: Callable[[Any], Any]) -> NDArray[np.bool_]:
    """Rows whose text passes a test, which is asked once per distinct text in use."""
    codes, texts = _coded(table, name)
    verdicts = np.zeros(len(texts), bool)
    for code in distinct(codes).tolist():
        verdicts[code] = holds(texts[code]) is True
    found: NDArray[np.bool_] = verdicts[codes]
    return found


def _grouped(table: pa.RecordBatch | pa.Table) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """Find the (source, realm) pairs of a table, and for each row which one it has."""
    sources, source_texts = _coded(table, "source")
    realms, realm_texts = _coded(table, "realm")
    pairs, rows = np.unique(sources * len(realm_texts) + realms, return_inverse=True)
    split = (divmod(pair, len(realm_texts)) for pair in pairs.tolist())
    return [(source_texts[s] or "", realm_texts[r] or "") for s, r in split], rows
