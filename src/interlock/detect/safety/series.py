"""From rows of `values` to series of tags: which rows hold which tag of the site file, and what they say of it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from interlock.detect.safety.numbers import numbers_of
from interlock.detect.safety.place import Place, place_of
from interlock.records.crossing import distinct
from interlock.records.site import covers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.records.site import Site, Tag

__all__ = ["NEEDS", "Series", "Tags"]

NEEDS: Final[tuple[str, ...]] = (
    *("source", "realm", "time", "frame", "flow", "operation", "client", "server", "protocol"),
    *("unit", "object", "direction", "number", "raw", "type", "quality"),
)
"""Columns of `values`."""
_STREAM: Final = ("source", "realm", "client", "server", "protocol", "unit", "object", "direction")
_BAD: Final = (
    *("bad", "invalid", "fail", "offline", "off-line", "comm", "blocked", "not-topical", "nontopical"),
    "over-range",
)
"""Parts of a protocol's quality by which it says that the number is no measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one stream of rows says of a tag, in time order. times: UTC ns. values: in the tag's unit, none nan.

    doubted: where the device itself says that a value is no measurement. about: the qualities that occur.
    """

    tag: Tag
    realm: str
    source: str
    client: str
    server: str
    written: bool
    times: NDArray[np.int64]
    frames: NDArray[np.int64]
    values: NDArray[np.float64]
    doubted: NDArray[np.bool_]
    about: tuple[str, ...]


class Tags:
    """The tags of a site, ready to be looked for. `of` gives those of the site that is in force, made once for all."""

    _latest: ClassVar[list[Tags]] = []

    @classmethod
    def of(cls, site: Site) -> Tags:
        """Give the tags of a site."""
        if not cls._latest or cls._latest[0].site is not site:
            cls._latest[:] = [cls(site)]
        return cls._latest[0]

    def __init__(self, site: Site) -> None:
        self.site = site
        self.by_name: Mapping[str, Tag] = {tag.name: tag for tag in site.tags}
        self._spaces: dict[str, list[tuple[Tag, Place]]] = {}
        for tag in site.tags:
            place = place_of(tag.object)
            self._spaces.setdefault(place.space, []).append((tag, place))
        self._found: dict[tuple[str, str, str | None, str], tuple[tuple[Tag, Place], ...]] = {}
        self._last: tuple[weakref.ref[Batch], tuple[Series, ...]] | None = None

    def series(self, batch: Batch) -> tuple[Series, ...]:
        """Every series in a batch of `values`, by time of its first row; the same for every detector that asks."""
        if self._last is None or self._last[0]() is not batch:
            found = sorted(self._series(batch), key=lambda s: (int(s.times[0]), int(s.frames[0]), s.tag.name))
            self._last = weakref.ref(batch), tuple(found)
        return self._last[1]

    def _series(self, batch: Batch) -> Iterator[Series]:
        if not self._spaces or not len(batch):
            return
        words, codes = batch.words("object")
        known = np.array([w is not None and place_of(w).space in self._spaces for w in words], np.bool_)
        if not known.any():
            return
        mask = known[codes]
        hits = batch if mask.all() else batch.take(mask)
        groups = hits.groups(*_STREAM)
        for group, (source, realm, client, server, protocol, unit, thing, direction) in groups:
            block = place_of(thing or "")
            tags = self._at(realm or "", server or "", unit, block.space)
            for tag, wanted in tags:
                rows = groups.rows(group)
                values = numbers_of(hits, rows, block, wanted, tag, protocol or "")
                held = np.isfinite(values)
                if not held.any():
                    continue
                rows = rows[held]
                doubted, about = _qualities(hits, rows)
                yield Series(
                    tag=tag, realm=realm or "", source=source or "", client=client or "", server=server or "",
                    written=direction == "written", times=hits.times_ns()[rows], frames=hits.frames()[rows],
                    values=values[held], doubted=doubted, about=about,
                )  # fmt: skip

    def touched(self, realm: str, server: str, unit: str | None, thing: str, count: int) -> tuple[Tag, ...]:
        """Tags that lie in `count` elements of a machine from the object `thing` on, as an operation names it."""
        if not self._spaces or not thing:
            return ()
        block = place_of(thing)
        end = block.at + max(1, count) * block.width
        return tuple(
            tag for tag, place in self._at(realm, server, unit, block.space) if block.at <= place.at < end
        )

    def _at(self, realm: str, server: str, unit: str | None, space: str) -> tuple[tuple[Tag, Place], ...]:
        key = (realm, server, unit, space)
        if key not in self._found:
            if len(self._found) > 65_536:
                self._found.clear()
            self._found[key] = tuple(
                (tag, place)
                for tag, place in self._spaces.get(space, ())
                if tag.realm == realm and tag.device in (None, unit) and covers((tag.server,), server)
            )
        return self._found[key]


def _qualities(batch: Batch, rows: NDArray[np.int64]) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    words, codes = batch.words("quality")
    bad = np.array([w is not None and any(part in w.lower() for part in _BAD) for w in words], np.bool_)
    theirs = codes[rows]
    return bad[theirs], tuple(word for code in distinct(theirs).tolist() if (word := words[code]))
