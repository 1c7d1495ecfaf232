from __future__ import annotations

import re

from conformance.eve import Filter, hold, read_filters
from conformance.untold import UNTOLD

YAML = """args:
- -k none

checks:
- filter:
    count: 2
    match:
      event_type: dnp3
      dnp3.objects[0].name: C:/a long
        name.xml
      pcap_cnt: 7
  - filter:
      count: 1
      match:
        # a comment
        event_type: flow
        tcp.flags: '02'
"""
NOTHING = re.compile("pcap_cnt")


def held(*filters: Filter, events, meet=("type", "seq")):
    return hold(filters, events, meet, NOTHING)


def test_filters_are_read_with_their_counts_and_long_texts(tmp_path):
    path = tmp_path / "test.yaml"
    path.write_text(YAML)
    assert list(read_filters(path)) == [
        Filter(2, {"event_type": "dnp3", "dnp3.objects[0].name": "C:/a long name.xml", "pcap_cnt": "7"}),
        Filter(1, {"event_type": "flow", "tcp.flags": "02"}),
    ]


def test_a_filter_meets_the_next_event_of_its_kind():
    one = Filter(1, {"type": "request", "seq": "1", "value": "5", "pcap_cnt": "3"})
    two = Filter(1, {"type": "request", "seq": "1", "value": "6"})
    events = [{"type": "request", "seq": 1, "value": value} for value in (5, 6)]
    found = held(one, two, events=events)
    assert (found.held, found.compared, found.unsaid) == (2, 6, {"pcap_cnt": 1})


def test_a_field_that_differs_is_named():
    found = held(
        Filter(1, {"type": "x", "seq": "1", "value": "5"}), events=[{"type": "x", "seq": 1, "value": 4}]
    )
    assert (found.held, found.failed) == (0, ["-: value: theirs 5, ours 4"])


def test_a_field_that_we_lack_in_all_events_fails_and_one_untold_does_not():
    said = {"type": "x", "seq": "1", "value": "5"}
    assert held(Filter(1, said), events=[{"type": "x", "seq": 1}]).held == 0
    found = held(Filter(1, said), events=[{"type": "x", "seq": 1, "value": UNTOLD}])
    assert (found.held, found.compared, found.unsaid) == (1, 2, {"value": 1})


def test_too_few_events_fail():
    assert held(Filter(2, {"type": "x", "seq": "1"}), events=[{"type": "x", "seq": 1}]).held == 0
    assert held(Filter(1, {"type": "x", "seq": "1"}), events=[]).held == 0


def test_without_the_fields_to_meet_by_all_events_are_counted():
    events = [{"event": "flow", "port": port} for port in (1, 1, 2)]
    assert held(Filter(2, {"event": "flow", "port": "1"}), events=events).held == 1
    assert held(Filter(1, {"event": "flow", "port": "1"}), events=events).held == 0
