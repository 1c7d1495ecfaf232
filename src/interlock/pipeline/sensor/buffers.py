"""How full the places are in which things wait, as their owners said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.records.figures import BUFFERS, BufferFigures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.figures import BufferName

__all__ = ["Buffers"]


class Buffers:
    """What was said last of each: it is as old as it says, where its owner has died or cannot get a word through."""

    def __init__(self) -> None:
        self._last: dict[tuple[BufferName, str, int], BufferFigures] = {}

    def told(
        self,
        rows: Iterable[tuple[BufferName, str | None, int, int]],
        time: int,
        worker: int | None = None,
    ) -> None:
        """How full some are. rows: name, interface, how much waits, room. time: at which it was so, UTC ns."""
        for name, interface, used, room in rows:
            self._last[name, interface or "", -1 if worker is None else worker] = BufferFigures(
                name=name,
                unit=BUFFERS[name],
                used=used,
                room=room,
                time=time,
                interface=interface,
                worker=worker,
            )

    def figures(self) -> tuple[BufferFigures, ...]:
        """All of them, in the order of the way through the sensor."""
        order = list(BUFFERS)
        return tuple(
            self._last[key] for key in sorted(self._last, key=lambda key: (order.index(key[0]), *key[1:]))
        )
