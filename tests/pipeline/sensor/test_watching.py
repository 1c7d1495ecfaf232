"""The capture's own health on a living interface."""

from __future__ import annotations

from interlock.capture.flow_tally import FlowSums
from interlock.capture.statistics import Statistics
from interlock.pipeline.sensor.watching import SILENT_NS, Watching
from interlock.records.frames import Source

SOURCE = Source(name="eth1")
NOW = 1_800_000_000_000_000_000


def look(watching: Watching, frames: int, now: int, *, dropped: int = 0, live: bool = True, **sums: int):
    statistics = Statistics(frames=frames, dropped=dropped, first=NOW, last=now)
    given = {("eth1", "default"): FlowSums(**sums)} if sums else {}
    return watching.look([(SOURCE, statistics)], given, now, live=live)


def conditions(found) -> list[str]:
    return [dict(f.data)["condition"] for f in found]


def test_silence_is_a_finding_after_a_while_and_one_while_it_lasts() -> None:
    watching = Watching()
    assert not look(watching, 100, NOW)[1]
    assert not look(watching, 100, NOW + SILENT_NS // 2)[1]
    first = look(watching, 100, NOW + SILENT_NS + 1)[1]
    later = look(watching, 100, NOW + 3 * SILENT_NS)[1]
    assert conditions(first) == conditions(later) == ["silence"]
    assert first[0].id == later[0].id
    assert first[0].time == later[0].time
    assert not look(watching, 101, NOW + 4 * SILENT_NS)[1]


def test_a_capture_that_is_read_from_a_file_is_never_silent() -> None:
    watching = Watching()
    look(watching, 100, NOW, live=False)
    assert not look(watching, 100, NOW + 10 * SILENT_NS, live=False)[1]


def test_drops_are_a_finding_while_they_are_news() -> None:
    watching = Watching()
    look(watching, 1_000_000, NOW)
    found = look(watching, 2_000_000, NOW + 10**9, dropped=12)[1]
    assert conditions(found) == ["drops"]
    assert "12 packets" in found[0].explanation
    assert not look(watching, 3_000_000, NOW + 120 * 10**9, dropped=12)[1]


def test_a_one_way_mirror_is_a_finding_and_holds_back_what_rests_on_answers() -> None:
    found, findings = look(
        Watching(), 1000, NOW, flows=50, packets=1000, one_way=50, one_way_packets=1000, tcp_packets=1000
    )
    assert conditions(findings) == ["one-way"]
    assert found["eth1"] == {"one-way"}
    assert findings[0].title == "Only one direction of the traffic arrives at eth1"


def test_frames_that_come_twice_are_a_finding() -> None:
    sums = {
        "flows": 9,
        "packets": 1000,
        "two_way": 9,
        "tcp_packets": 1000,
        "tcp_duplicates": 480,
        "duplicates": 480,
    }
    assert conditions(look(Watching(), 1000, NOW, **sums)[1]) == ["duplicated"]


def test_a_leap_of_the_clock_is_no_silence_and_hides_none() -> None:
    day = 86_400_000_000_000
    for leap in (3650 * day, -3650 * day):
        watching = Watching()
        look(watching, 100, NOW)
        watching.leapt(leap)
        assert not look(watching, 100, NOW + leap + SILENT_NS // 2)[1]
        assert conditions(look(watching, 100, NOW + leap + SILENT_NS + 1)[1]) == ["silence"]
