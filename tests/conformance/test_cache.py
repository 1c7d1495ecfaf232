from __future__ import annotations

from conformance.cache import Cache


def test_what_was_kept_comes_back(tmp_path):
    cache = Cache(tmp_path)
    place = cache.place("walk", "sha", {"a": 1})
    assert cache.load(place) is None
    cache.keep(place, [1, ["x"]])
    assert cache.load(place) == [1, ["x"]]


def test_other_dependencies_have_another_place(tmp_path):
    cache = Cache(tmp_path)
    places = {cache.place("walk", sha, depends) for sha in "ab" for depends in (1, 2)}
    assert len(places) == 4


def test_a_piece_cut_short_counts_as_missing(tmp_path):
    cache = Cache(tmp_path)
    place = cache.place("walk", "sha", 1)
    cache.keep(place, list(range(1000)))
    place.write_bytes(place.read_bytes()[:-9])
    assert cache.load(place) is None
