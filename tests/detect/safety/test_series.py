from __future__ import annotations

import struct
from typing import Any

import pytest
from tests.detect.rows import batch

from interlock.detect.batch import Batch
from interlock.detect.safety.series import Tags
from interlock.records.site_text import load_site

SERVER = '[[tags]]\nname = "t"\nserver = "10.0.0.2"\n'


def values_of(tag: str, *rows: dict[str, Any]) -> list[float]:
    """Every value that rows of `values` hold of one tag."""
    found = Tags(load_site(SERVER + tag)).series(Batch("values", batch("values", list(rows))))
    return [value for series in found for value in series.values.tolist()]


def halves(value: float) -> list[float]:
    return [float(word) for word in struct.unpack(">HH", struct.pack(">f", value))]


@pytest.mark.parametrize(
    ("tag", "row", "expected"),
    [
        ('object = "holding:3"', {"number": [1.0, 2.0, 3.0, 4.0]}, [4.0]),
        ('object = "holding:3"', {"number": [1.0, 2.0, 3.0]}, []),
        ('object = "holding:3"', {"object": "holding:4", "number": [1.0]}, []),
        ('object = "holding:3"', {"object": "input:3", "number": [1.0]}, []),
        ('object = "holding:3"', {"server": "10.0.0.3", "number": [1.0] * 9}, []),
        ('object = "holding:3"\ndevice = "2"', {"number": [1.0] * 9}, []),
        ('object = "holding:0"', {"number": None, "text": "x"}, []),
        ('object = "holding:0"\ntype = "int16"', {"number": [65_535.0]}, [-1.0]),
        ('object = "holding:0"\nscale = 0.1\noffset = -40', {"number": [500.0]}, [10.0]),
        ('object = "holding:1"\ntype = "float32"', {"number": [0.0, *halves(7.5)]}, [7.5]),
        ('object = "holding:0"\ntype = "float32"\nword_order = "little"', {"number": halves(7.5)[::-1]}, [7.5]),
        ('object = "DB1.DBD4"', {"object": "DB1.DBD0", "number": [1.5, 2.5], "type": "REAL"}, [2.5]),
        (
            'object = "DB1.DBD4"\ntype = "float32"',
            {"object": "DB1.DBB0", "number": [0.0] * 4 + [float(b) for b in struct.pack(">f", 2.5)]},
            [2.5],
        ),
        ('object = "DB1.DBD4"', {"object": "DB1.DBB0", "number": [0.0] * 8}, []),
        ('object = "DB1.DBX0.3"', {"object": "DB1.DBX0.0", "number": [0.0, 0.0, 0.0, 1.0]}, [1.0]),
        ('object = "Tag[2]"', {"object": "Tag[0]", "number": [1.0, 2.0, 3.0]}, [3.0]),
        ('object = "ns=2;s=a:1"', {"object": "ns=2;s=a:1", "number": [9.0], "protocol": "opcua"}, [9.0]),
        ('object = "analog-value:2"', {"object": "analog-value:1", "number": [1.0, 2.0], "protocol": "bacnet"}, []),
        (
            'object = "input:1/0x0001"\noctet = 4\ntype = "float32"',
            {"object": "input:1/0x0001", "number": None, "raw": b"\0" * 4 + struct.pack(">f", 6.25)},
            [6.25],
        ),
        (
            'object = "input:1/0x0001"\noctet = 8\ntype = "float32"',
            {"object": "input:1/0x0001", "number": None, "raw": b"\0" * 10},
            [],
        ),
    ],
)  # fmt: skip
def test_finds_the_tag_in_the_block(tag: str, row: dict[str, Any], expected: list[float]) -> None:
    assert values_of(tag, {"object": "holding:7"}, row, {"object": "x"}) == expected


def test_a_slice_of_a_larger_batch_is_read_from_its_own_rows() -> None:
    rows = batch("values", [{"number": [float(n)], "raw": struct.pack(">h", n)} for n in range(9)])
    tags = Tags(load_site(SERVER + 'object = "holding:0"'))
    (series,) = tags.series(Batch("values", rows.slice(5, 2)))
    assert series.values.tolist() == [5.0, 6.0]
    octets = Tags(load_site(SERVER + 'object = "holding:0"\noctet = 0\ntype = "int16"'))
    (series,) = octets.series(Batch("values", rows.slice(3, 3)))
    assert series.values.tolist() == [3.0, 4.0, 5.0]


def test_what_the_device_doubts_is_marked() -> None:
    rows = [{"quality": "invalid|good"}, {"quality": "good"}, {"quality": None}]
    (series,) = Tags(load_site(SERVER + 'object = "holding:0"')).series(
        Batch("values", batch("values", rows))
    )
    assert series.doubted.tolist() == [True, False, False]
