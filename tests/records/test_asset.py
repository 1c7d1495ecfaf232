"""Assets: provenance is kept folded, which nobody who reads an asset can tell."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from interlock.records.asset import Asset, Proof, altered
from interlock.records.folded import Book, Folded

NUMBER = st.integers(-(2**63), 2**64)
PROOF = st.builds(
    Proof,
    value=st.text(),
    protocol=st.text(max_size=5),
    source=st.text(max_size=5),
    frame=NUMBER,
    confidence=st.floats(0, 1),
    first=NUMBER,
    last=NUMBER,
    count=NUMBER,
    note=st.text(),
)
PROVENANCE = st.lists(st.tuples(st.text(max_size=9), st.lists(PROOF, max_size=4).map(tuple)), max_size=5).map(
    tuple
)


@given(PROVENANCE)
def test_what_is_folded_comes_back_as_it_was(provenance):
    asset = Asset(id="a", realm="r", provenance=provenance)
    assert asset.provenance == provenance
    assert replace(asset, id="b").provenance == provenance
    assert altered(asset, id="b") == replace(asset, id="b") != asset
    assert copy.deepcopy(asset) == asset == pickle.loads(pickle.dumps(asset))
    assert hash(asset) == hash(Asset(id="a", realm="r", provenance=provenance))
    assert asdict(asset)["provenance"] == tuple((n, tuple(map(asdict, p))) for n, p in provenance)


def test_an_asset_prints_its_proofs():
    proof = Proof(value="v", protocol="p", source="s", frame=1, confidence=0.5, first=1, last=2)
    assert repr(proof) in repr(Asset(id="a", realm="r", provenance=(("vendor", (proof,)),)))
    assert json.loads(json.dumps(asdict(Asset(id="a", realm="r"))))["provenance"] == []


def test_a_book_shortens_what_is_alike_and_loses_nothing():
    rows = [
        [("role", [(f"plc {i}", "s7comm", "a.pcap", i, 0.5, i, i, 1, "Answers as a controller does.")] * 3)]
        for i in range(4_500)
    ]
    book = Book()
    folded = [Folded(row, book) for row in rows]
    assert [f.unfold() for f in folded] == rows
    assert len(folded[-1]._octets) * 2 < len(Folded(rows[-1])._octets)
