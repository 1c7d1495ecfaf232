"""What stands in index.tsv for protocols that nobody speaks yet is what their SPECs say: `make docs` makes it."""

from __future__ import annotations

from interlock.decode.registry import PROTOCOLS, load_specs
from interlock.decode.waiting import index_row, read_index


def test_the_index_is_of_today() -> None:
    """A time-out, a port or a table changed in a SPEC alone would not reach the program."""
    index = read_index()
    assert list(index) == list(PROTOCOLS)
    for folder, spec in zip(PROTOCOLS, load_specs(outside=False), strict=True):
        assert index[folder] == index_row(folder, spec), "run: make docs"
