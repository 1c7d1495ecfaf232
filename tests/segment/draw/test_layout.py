"""Boxes never overlap but within each other, levels go down, and the same scene gives the same picture."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.segment.draw.plants import SITE, large, policy
from tests.segment.export.policies import sites

from interlock.segment.draw.layout import LEVELS, draw
from interlock.segment.draw.scene import scene_of


def drawn(site):
    scene = scene_of(policy(site), "default", ())
    return scene, draw(scene, {box.key: 2 for box in scene.boxes}, [90.0] * len(scene.arrows))


def overlap(one, other) -> bool:
    return (
        one.x < other.x + other.width and other.x < one.x + one.width
        and one.y < other.y + other.height and other.y < one.y + one.height
    )  # fmt: skip


def inside(one, other) -> bool:
    return (
        other.x <= one.x and one.x + one.width <= other.x + other.width
        and other.y <= one.y and one.y + one.height <= other.y + other.height
    )  # fmt: skip


def check(site) -> None:
    scene, picture = drawn(site)
    places = {place.box.key: place for place in picture.places}
    assert set(places) == {box.key for box in scene.boxes}
    around = {key: set() for key in places}
    for key, place in places.items():
        parent = place.box.parent
        while parent in places:
            around[key].add(parent)
            parent = places[parent].box.parent
    every = list(places)
    for at, one in enumerate(every):
        for other in every[at + 1 :]:
            if one in around[other]:
                assert inside(places[other], places[one])
            elif other in around[one]:
                assert inside(places[one], places[other])
            else:
                assert not overlap(places[one], places[other]), (one, other)
    for place in places.values():
        assert place.x >= 0
        assert place.x + place.width <= picture.width
        assert place.y + place.height <= picture.height
    assert [LEVELS.index(band.level) for band in picture.bands] == sorted(
        LEVELS.index(b.level) for b in picture.bands
    )
    assert len(picture.routes) == len(scene.arrows)


@given(site=sites())
@settings(
    deadline=None, max_examples=40, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
def test_any_policy(site):
    check(site)


@given(cells=st.integers(1, 28))
@settings(deadline=None, max_examples=8, phases=[Phase.generate])
def test_many_cells(cells):
    check(large(cells))


def test_nested_zones_lie_within_and_badges_cover_no_words():
    check(SITE)
    _, picture = drawn(SITE)
    leaves = [place for place in picture.places if not place.children]
    for route in picture.routes:
        x, y = route.badge
        assert not any(p.x < x < p.x + p.width and p.y < y < p.y + p.height for p in leaves)


def test_the_same_scene_is_the_same_picture():
    one, other = drawn(SITE)[1], drawn(SITE)[1]
    assert [(p.x, p.y) for p in one.places] == [(p.x, p.y) for p in other.places]
    assert [r.points for r in one.routes] == [r.points for r in other.routes]
