"""Readers of buffers beside our decoders, which share nothing with them, over real captures: they count the same."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline.decode_run import decoded

CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", "captures"))
MQTT = {
    "CONNECT": 1,
    "PUBLISH": 3,
    "PUBREL": 6,
    "SUBSCRIBE": 8,
    "UNSUBSCRIBE": 10,
    "PINGREQ": 12,
    "DISCONNECT": 14,
}
SNMP = {"get-request": 0, "get-next-request": 1, "set-request": 3, "get-bulk-request": 5}


@pytest.mark.parametrize(
    ("protocol", "buffer", "kinds"), [("mqtt", "mqtt.type", MQTT), ("snmp", "snmp.pdu_type", SNMP)]
)
def test_requests_are_as_many_as_the_decoder_reads(protocol, buffer, kinds):
    paths = [path for path in sorted((CAPTURES / protocol).glob("**/*.pcap*")) if path.is_file()]
    if not paths:
        pytest.skip("no captures are at hand (INTERLOCK_CAPTURES)")
    said, read = Counter(), Counter()
    for path in paths:
        with open_sources(specify((str(path),), ()), stdin=None) as run:
            wanted = frozenset({"payloads", "operations"})
            engine = build_engine(run.sources, wanted=wanted, buffers=frozenset({buffer}))
            for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
                if "payloads" in batches:
                    said.update(int(octets) for octets in batches["payloads"].column("octets").to_pylist())
                if "operations" in batches:
                    rows = batches["operations"]
                    names = ("protocol", "function_name", "outcome", "item", "frame")
                    columns = [rows.column(name).to_pylist() for name in names]
                    read.update(
                        name
                        for spoken, name, outcome, item, frame in zip(*columns, strict=True)
                        if spoken == protocol and outcome != "pending" and item == 0 and frame is not None
                    )
    counts = {name: (said[kind], read[name]) for name, kind in kinds.items()}
    assert all(ours == theirs for ours, theirs in counts.values()), counts
    assert sum(ours for ours, _ in counts.values()) > 50
