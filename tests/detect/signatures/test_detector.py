"""What is counted of hits: between whom, and in which conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from detect.signatures.engine.test_engine import ANY, matchers, tcp
from detect.signatures.rows import batch
from interlock.detect.interface import Context
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.wording import CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

HITS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 90), st.booleans()), min_size=1, max_size=80)
"""Server, conversation, and whether the rule hits."""


@example([[(1, flow, True) for flow in range(60)], [(1, flow, True) for flow in range(30, 90)]])
@given(st.lists(HITS, max_size=4))
def test_each_batch_tells_conversations_once_as_far_as_there_is_room(
    batches: Sequence[Sequence[tuple[int, int, bool]]],
) -> None:
    detector = Signatures(matchers(f'{ANY} (content:"x"; depth:1; sid:1;)'))
    connections: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    frame = 0
    for said in batches:
        rows, flows = [], dict[str, set[int]]()
        for server, flow, hits in said:
            frame += 1
            ends = {"server": f"10.0.0.{server}", "client_port": 2000 + flow, "flow": 100 * server + flow}
            rows.append(tcp(b"x" if hits else b"y", frame=frame, **ends))
            if hits:
                flows.setdefault(ends["server"], set()).add(flow)
                counts[ends["server"]] = counts.get(ends["server"], 0) + 1
        detector.count(batch(rows), Context())
        for server, met in flows.items():
            known = connections.setdefault(server, {})
            for flow in sorted(met)[: CONNECTIONS - len(known)]:
                word = f"{2000 + flow}>502/tcp"
                known[word] = known.get(word, 0) + 1
    tallies = {key[2]: detector.tallies[key] for key in detector.tallies}
    assert {server: tally.count for server, tally in tallies.items()} == counts
    assert {server: tally.words["connection"] for server, tally in tallies.items()} == connections
