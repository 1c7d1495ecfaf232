"""The measure of what protocols cost each other says the same rows either way."""

from __future__ import annotations

from interlock.bench.company import cost_of_company
from interlock.bench.plant_traffic import write_plant_traffic


def test_the_same_rows_alone_and_in_company(tmp_path):
    capture = tmp_path / "plant.pcap"
    with capture.open("wb") as file:
        write_plant_traffic(file, 3000, 5)
    told = cost_of_company(capture, 1)
    assert told["same_rows"]
    assert told["protocols"] > 30
    assert told["alone_s"] > 0
    assert told["worst_share"] > 0
