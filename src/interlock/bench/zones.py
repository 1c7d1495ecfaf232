"""Policies at scale: `python -m interlock.bench.zones replay` (ten million operations) and `propose` (a large site).

Traffic is made, not recorded: cells of a controller with its devices, and panels that read of the controllers. Times
are of counting and judging; making the rows is not counted.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone
from interlock.segment.check.traffic import Traffic
from interlock.segment.model.policy import Policy
from interlock.segment.propose.proposal import draft_of, proposal_of
from interlock.segment.propose.writing import with_proposal
from interlock.segment.replay.verdict import replay_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROWS: Final = 131_072
MANY: Final = 10_000_000
DAY: Final = date(2026, 11, 28)
CELL: Final = 20
"""Machines of a cell: its controller is the first."""


def main() -> None:
    """Run what the command line names."""
    what = sys.argv[1] if len(sys.argv) > 1 else "replay"
    machines = int(sys.argv[2]) if len(sys.argv) > 2 else {"replay": 2_000, "propose": 100_000}[what]
    (replay if what == "replay" else propose)(machines)


def replay(machines: int) -> None:
    """Ten million operations against a policy of two zones."""
    zones = (Zone(name="cells", members=("10.0.0.0/9",)), Zone(name="panels", members=("10.128.0.0/9",)))
    reads = Conduit(name="r", from_=("panels",), to=("cells",), protocols=("modbus",), verbs=("read",))
    traffic, spent = fed("operations", machines)
    begin = time.process_time()
    made = replay_of(
        Policy(Site(zones=zones, conduits=(reads,)), DAY), traffic, enough_days=0, findings=None, whole=True
    )
    told("replay", spent, time.process_time() - begin, made.verdict)


def propose(machines: int) -> None:
    """A site without zones from ten million conversations."""
    traffic, spent = fed("flows", machines)
    assets = {address: Asset(id=address, realm="default", ips=(address,), role=role(n, machines))
              for n, address in enumerate(addresses(machines))}  # fmt: skip

    def find(_: str, address: str) -> Asset | None:
        return assets.get(address)

    def build(site: Site) -> Policy:
        return Policy(site, DAY, find)

    begin = time.process_time()
    draft = draft_of(Site(), traffic, find, build, frozenset({"modbus"}), DAY)
    made = proposal_of(draft, (), traffic, build, {})
    judged_s = time.process_time() - begin
    text = with_proposal("", made.zones, made.conduits, made.decisions, file="site.toml")
    written_s = time.process_time() - begin - judged_s
    size = f"written in {written_s:.1f} s ({len(text):,} characters)"
    told("propose", spent, judged_s, f"{len(made.zones)} zones, {len(made.conduits)} conduits; {size}")


def fed(table: str, machines: int) -> tuple[Traffic, float]:
    """The traffic, and how long counting it took (seconds)."""
    traffic, spent = Traffic(), 0.0
    for batch in batches(table, machines):
        begin = time.process_time()
        traffic.feed(table, batch)
        spent += time.process_time() - begin
    begin = time.process_time()
    traffic.finish()
    return traffic, spent + time.process_time() - begin


def addresses(machines: int) -> list[str]:
    """Machines of cells, and one panel for each hundred of them."""
    cells = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(1, machines * 99 // 100 + 1)]
    return cells + [f"10.128.{n >> 8}.{n & 255}" for n in range(1, machines - len(cells) + 1)]


def role(number: int, machines: int) -> str:
    """What a machine is for, by its number."""
    if number >= machines * 99 // 100:
        return "hmi"
    return "plc" if number % CELL == 0 else "io"


def batches(table: str, machines: int) -> Iterator[pa.RecordBatch]:
    """Ten million rows."""
    chance, words = np.random.default_rng(62443), pa.array(addresses(machines))
    cells = machines * 99 // 100
    for number in range(0, MANY, ROWS):
        rows = min(ROWS, MANY - number)
        server = chance.integers(0, cells // CELL, rows) * CELL
        panel = cells + server // CELL % max(1, machines - cells)
        within = chance.random(rows) < 0.9
        device = np.minimum(server + 1 + chance.integers(0, CELL - 1, rows), cells - 1)
        client, answers = np.where(within, server, panel), np.where(within, device, server)
        yield _batch(table, words, client, answers, chance.integers(0, 4, rows), number)


def _batch(
    table: str,
    words: pa.Array,
    client: NDArray[np.int64],
    server: NDArray[np.int64],
    kind: NDArray[np.int64],
    number: int,
) -> pa.RecordBatch:
    def coded(codes: NDArray[np.int64], names: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names)

    rows = len(client)
    zero = np.zeros(rows, np.int64)
    times = pa.array(np.arange(number, number + rows) * 10**7).cast(pa.timestamp("ns", "UTC"))
    columns = {
        "source": coded(zero, pa.array(["site"])),
        "realm": coded(zero, pa.array(["default"])),
        "client": coded(client, words),
        "server": coded(server, words),
        "protocol": coded(zero, pa.array(["modbus"])),
        "server_port": pa.array(np.full(rows, 502, np.uint16)),
    }
    frames = pa.array(np.arange(number + 1, number + rows + 1, dtype=np.uint64))
    if table == "flows":
        columns |= {
            "transport": coded(zero, pa.array(["tcp"])), "state": coded(zero, pa.array(["closed"])),
            "basis": coded(zero, pa.array(["parsed"])), "first": times, "last": times, "first_frame": frames,
            "server_packets": pa.array(np.ones(rows, np.uint64)),
        }  # fmt: skip
    else:
        columns |= {
            "verb": coded(kind // 3, pa.array(["read", "write"])), "unit": coded(zero, pa.array(["1"])),
            "object": coded(kind, pa.array([f"holding:{n}" for n in range(4)])), "time": times, "frame": frames,
            "count": pa.array(np.ones(rows, np.uint32)), "outcome": coded(zero, pa.array(["ok"])),
        }  # fmt: skip
    return pa.RecordBatch.from_pydict(columns)


def told(what: str, counted_s: float, judged_s: float, said: str) -> None:
    """Print one line."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    print(f"{what}: counted in {counted_s:.1f} s, judged in {judged_s:.1f} s, {peak:.2f} GiB at most: {said}")  # noqa: T201


if __name__ == "__main__":
    main()
