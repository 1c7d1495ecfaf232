from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.replay.watchdogs import Watchdogs

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), st.sampled_from(["m1", "m2", None]), st.none() | st.integers(0, 10**12)
    ),
    max_size=8,
)


def batch(some: list[tuple[str, str | None, int | None]]) -> pa.RecordBatch:
    realms, macs, silence = zip(*some, strict=True) if some else ((), (), ())
    return pa.record_batch(
        {
            "realm": pa.array(realms, pa.utf8()),
            "responder_mac": pa.array(macs, pa.utf8()),
            "watchdog": pa.array(silence, pa.duration("ns")),
        }
    )


@given(rows, st.integers(0, 8))
def test_the_shortest_silence_of_any_relation_counts_however_rows_come(
    some: list[tuple[str, str | None, int | None]], cut: int
) -> None:
    watchdogs = Watchdogs()
    for part in (some[:cut], some[cut:]):
        watchdogs.feed("profinet_ars", batch(part))
        watchdogs.feed("operations", batch(part))
    for realm in ("a", "b"):
        for mac in ("m1", "m2"):
            known = [s / 1e9 for r, m, s in some if (r, m) == (realm, mac) and s]
            assert watchdogs.shortest(realm, ("elsewhere", mac)) == min(known, default=None)
