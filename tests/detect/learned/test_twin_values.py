"""Two that always told the same: where one is changed on its way, and what makes them differ without anybody."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detect.learned.test_learned_others import Tables, found
from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.twin_values import TwinValues

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT = Context(now=START)
PANEL, HISTORIAN, PLC, DRIVE = "10.0.0.9", "10.0.0.8", "10.0.0.2", "10.0.0.3"
READ: dict[str, Any] = {"direction": "read", "object": "input:0", "unit": "1", "protocol": "modbus"}
TOLD = {**READ, "client": PANEL, "server": PLC}
BESIDE = {**READ, "client": HISTORIAN, "server": PLC, "object": "input:7"}
WRITTEN = {**READ, "direction": "written", "client": PLC, "server": DRIVE, "object": "holding:1"}
CYCLIC = {**WRITTEN, "protocol": "profinet-rt", "unit": None, "object": "output:2/0x0001"}


def walk(many: int, seed: int = 1) -> list[float]:
    steps = np.random.default_rng(seed).normal(scale=0.3, size=many).cumsum()
    return [round(50 + 40 * float(np.sin(n / 150)) + 0.2 * float(step), 4) for n, step in enumerate(steps)]


def both(numbers: Sequence[float], others: Sequence[float], one: Any = TOLD, other: Any = BESIDE) -> Tables:
    rows = [[{**about, "at": n + late, **_held(about, n, told)} for n, told in enumerate(values)]
            for about, late, values in ((one, 0.1, numbers), (other, 0.4, others))]  # fmt: skip
    return {"values": [row for pair in zip(*rows, strict=True) for row in pair]}


def _held(about: dict[str, Any], _: int, told: float) -> dict[str, Any]:
    return (
        {"raw": struct.pack(">ff", told, 0.0), "number": None}
        if about["protocol"] == "profinet-rt"
        else {"number": [told]}
    )


CALM = walk(1500)
NOW = walk(300, 7)
LIES = [told + 15.0 * (100 <= n < 220) for n, told in enumerate(NOW)]
BEFORE = both(CALM, CALM)


def test_what_one_reader_alone_is_told_is_said() -> None:
    (finding,) = found(TwinValues(), BEFORE, both(LIES, NOW))
    assert finding.techniques == ("T0856", "T0830", "T0832")
    assert finding.severity == "high"
    assert {PANEL, PLC, HISTORIAN} <= set(finding.machines)
    assert "input:0" in finding.title
    assert finding.evidence


def test_a_command_changed_on_its_way_in_octets_nobody_explained_is_said() -> None:
    before = both(CALM, CALM, other=CYCLIC)
    (finding,) = found(TwinValues(), before, both(NOW, LIES, other=CYCLIC))
    assert finding.techniques[0] == "T0831"
    assert "writes to 10.0.0.3 at output:2/0x0001" in finding.title


def test_one_that_is_held_while_the_other_moves_is_said() -> None:
    held = [NOW[min(n, 100)] for n in range(300)]
    (finding,) = found(TwinValues(), BEFORE, both(held, NOW))
    assert finding.count >= 2


def test_octets_that_are_told_when_they_change_hold_meanwhile() -> None:
    before = both(CALM, CALM, other=CYCLIC)
    after = both(NOW, [NOW[min(n, 100)] for n in range(300)], other=CYCLIC)
    rows = [row for row in after["values"] if "raw" not in row or row["at"] < 102 or int(row["at"]) % 10 == 0]
    assert len(found(TwinValues(), before, {"values": rows})) == 1


INPUT = {
    **READ,
    "protocol": "profinet-rt",
    "unit": None,
    "object": "input:1/0x0001",
    "client": PLC,
    "server": DRIVE,
}
LATE = [a + 0.3 * (n % 3 - 1) for n, a in enumerate(CALM)], [a + 0.3 * (n % 3 - 1) for n, a in enumerate(NOW)]
"""As it is read between two cycles."""


def test_what_is_handed_on_a_moment_later_is_compared_where_it_stands_still_alone() -> None:
    before = both(LATE[0], CALM, one=TOLD, other=INPUT)
    (finding,) = found(
        TwinValues(), before, both(LATE[1], [NOW[min(n, 100)] for n in range(300)], other=INPUT)
    )
    assert finding.techniques[0] == "T0856"
    assert found(TwinValues(), before, both(LATE[1], NOW, other=INPUT)) == ()
    a_while = [NOW[100] if 100 <= n < 130 else told for n, told in enumerate(NOW)]
    assert found(TwinValues(), before, both(LATE[1], a_while, other=INPUT)) == ()
    assert found(TwinValues(), before, both([LATE[1][100]] * 300, [NOW[100]] * 300, other=INPUT)) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, both(NOW, NOW)),
        (BEFORE, both(NOW, [NOW[max(0, n - 1)] for n in range(300)])),
        (BEFORE, both([t + 15.0 * (100 <= n < 115) for n, t in enumerate(NOW)], NOW)),
        (both(CALM[:900], CALM[:900]), both(LIES, NOW)),
        (both([20.0 + (n > 700) for n in range(1500)], [20.0 + (n > 700) for n in range(1500)]), both(LIES, NOW)),
        (both(CALM, walk(1500, 3)), both(LIES, NOW)),
        (both(CALM, CALM, one=WRITTEN, other={**TOLD, "client": PLC, "server": DRIVE}),
         both(LIES, NOW, one=WRITTEN, other={**TOLD, "client": PLC, "server": DRIVE})),
        (BEFORE, {"values": [row for row in both(LIES, NOW)["values"] if row["client"] == PANEL]}),
        (both(CALM, CALM, other={**BESIDE, "server": "10.0.0.77", "client": "10.0.0.78"}),
         both(LIES, NOW, other={**BESIDE, "server": "10.0.0.77", "client": "10.0.0.78"})),
    ],
    ids=["alike", "a second later", "for a moment", "little learned", "hardly ever moved", "others",
         "a drive that follows its speed no more", "one is no longer read", "two strangers"],
)  # fmt: skip
def test_what_is_no_lie_is_not_said(before: Tables, after: Tables) -> None:
    assert found(TwinValues(), before, after) == ()


def in_batches(rows: Any, of_s: float, before: Any) -> list[tuple[str, str, int]]:
    """What is said of rows in batches of so many seconds, each with one protocol's rows behind the other's."""
    detector = TwinValues()

    def batches(these: Any) -> list[Batch]:
        parts: dict[int, list[Any]] = {}
        for row in these:
            parts.setdefault(int(row["at"] // of_s), []).append(row)
        return [
            Batch("values", batch("values", sorted(part, key=lambda row: (row["protocol"], row["at"]))))
            for _, part in sorted(parts.items())
        ]

    for each in batches(before):
        detector.learn(each, CONTEXT)
    detector.know(detector.learned())
    for each in batches(rows):
        list(detector.feed(each, CONTEXT))
    return [(said.title, said.explanation, said.count) for said in detector.conclude(CONTEXT)]


@pytest.mark.parametrize("one_s", [1.0, 5.0, 7.3, 60.0, 1e6])
def test_rows_of_one_protocol_may_stand_behind_those_of_another_in_one_batch_and_in_many(
    one_s: float,
) -> None:
    before, after = both(CALM, CALM, other=CYCLIC)["values"], both(NOW, LIES, other=CYCLIC)["values"]
    whole = in_batches(sorted(after, key=lambda row: row["at"]), 0.25, before)
    assert len(whole) == 1
    assert in_batches(after, one_s, before) == whole


def by_server(rows: Any, of_s: float) -> list[Batch]:
    """Rows in batches of so many seconds, each handed on in parts: first one server's, then the other's."""
    cut: dict[int, dict[str, list[Any]]] = {}
    for row in rows:
        cut.setdefault(int(row["at"] // of_s), {}).setdefault(row["server"], []).append(row)
    return [
        Batch("values", batch("values", part), more=left > 0)
        for parts in cut.values()
        for left, part in zip(range(len(parts) - 1, -1, -1), parts.values(), strict=True)
    ]


@pytest.mark.parametrize("of_s", [1.0, 30.0, 33.0, 1e6])
@pytest.mark.parametrize("told", [NOW, LIES], ids=["alike", "lies"])
def test_a_stretch_ends_with_the_last_part_of_a_batch(of_s: float, told: list[float]) -> None:
    before, after = both(CALM, CALM, other=CYCLIC)["values"], both(NOW, told, other=CYCLIC)["values"]
    rows = [
        row for row in after if "raw" not in row or int(row["at"]) % 10 == 0 or _moved(told, int(row["at"]))
    ]
    detector = TwinValues()
    detector.learn(Batch("values", batch("values", before)), CONTEXT)
    detector.know(detector.learned())
    for part in by_server(rows, of_s):
        list(detector.feed(part, CONTEXT))
    assert [said.count for said in detector.conclude(CONTEXT)] == ([5] if told is LIES else [])


def _moved(told: list[float], n: int) -> bool:
    return n > 0 and told[n] != told[n - 1]


@pytest.mark.parametrize("cut", [1, 199, 200, 260, 401])
def test_it_does_not_depend_on_the_cut_nor_on_a_restart(cut: int) -> None:
    whole = found(TwinValues(), BEFORE, both(LIES, NOW))
    detector = TwinValues()
    detector.learn(Batch("values", batch("values", BEFORE["values"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("values", both(LIES, NOW)["values"])
    list(detector.feed(Batch("values", table.slice(0, cut)), CONTEXT))
    again = TwinValues()
    again.load(detector.dump())
    list(again.feed(Batch("values", table.slice(cut)), CONTEXT))
    assert tuple(again.conclude(CONTEXT)) == whole
