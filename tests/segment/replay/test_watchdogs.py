from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.replay.watchdogs import Silence, Watchdogs

REALMS, ENDS = ("a", "b"), ("m1", "m2")
EVENTS = st.sampled_from(["opened", "opened", "refused", "closed"])
SILENCES = st.none() | st.integers(0, 10**12)

relations = st.fixed_dictionaries(
    {
        "realm": st.sampled_from(REALMS),
        "event": EVENTS,
        "client": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "server": st.sampled_from(["10.0.0.3", None]),
        "initiator_mac": st.sampled_from(ENDS),
        "responder_mac": st.sampled_from([*ENDS, None]),
        "iocr_type": st.sampled_from(["input", "output", None]),
        "watchdog": SILENCES,
    }
)
connections = st.fixed_dictionaries(
    {
        "realm": st.sampled_from(REALMS),
        "event": EVENTS,
        "client": st.sampled_from(ENDS),
        "server": st.sampled_from(ENDS),
        "transport_class": st.none() | st.integers(0, 3),
        "to_target_watchdog": SILENCES,
        "to_originator_watchdog": SILENCES,
    }
)


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    names = list(rows[0])
    kinds = {"transport_class": pa.uint8()}
    return pa.record_batch(
        {
            name: pa.array(
                [row[name] for row in rows],
                pa.duration("ns") if name.endswith("watchdog") else kinds.get(name, pa.utf8()),
            )
            for name in names
        }
    )


def fed(table: str, rows: list[dict[str, Any]], cut: int) -> Watchdogs:
    watchdogs = Watchdogs()
    for part in (rows[:cut], rows[cut:]):
        if part:
            watchdogs.feed(table, batch(part))
            watchdogs.feed("operations", batch(part))
    return watchdogs


@given(st.lists(relations, max_size=8), st.integers(0, 8))
def test_the_shortest_silence_of_any_relation_counts_however_rows_come(
    rows: list[dict[str, Any]], cut: int
) -> None:
    watchdogs = fed("profinet_ars", rows, cut)
    for realm in REALMS:
        for silent in (*ENDS, "10.0.0.1", "10.0.0.3"):
            for waits in (*ENDS, "10.0.0.1", "10.0.0.3"):
                known = []
                for r in rows:
                    asks, answers = (r["client"], r["initiator_mac"]), (r["server"], r["responder_mac"])
                    one, other = (answers, asks) if r["iocr_type"] == "input" else (asks, answers)
                    opened = r["realm"] == realm and r["event"] == "opened" and r["watchdog"]
                    if opened and silent in one and waits in other:
                        known.append(r["watchdog"] / 1e9)
                expected = Silence(min(known), cyclic=True) if known else None
                assert watchdogs.shortest(realm, ("elsewhere", silent), (waits,)) == expected


@given(st.lists(connections, max_size=8), st.integers(0, 8))
def test_a_cip_connection_has_a_silence_for_each_end_and_cyclic_ones_come_first(
    rows: list[dict[str, Any]], cut: int
) -> None:
    watchdogs = fed("cip_connections", rows, cut)
    for realm in REALMS:
        for silent in ENDS:
            for waits in ENDS:
                known = []
                for r in rows:
                    ways = (
                        (r["client"], r["server"], r["to_target_watchdog"]),
                        (r["server"], r["client"], r["to_originator_watchdog"]),
                    )
                    cyclic = r["transport_class"] in {0, 1}
                    if r["realm"] == realm and r["event"] == "opened":
                        known += [
                            (not cyclic, ns / 1e9) for s, w, ns in ways if (s, w) == (silent, waits) and ns
                        ]
                found = watchdogs.shortest(realm, (silent,), (waits,))
                if not known:
                    assert found is None
                else:
                    session, seconds = min(known)
                    assert found == Silence(seconds, cyclic=not session)
