"""Images of controllers whose servers are processes of their own: shared memory for values, a pipe for writes."""

from __future__ import annotations

import mmap
import select
import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.plant.process.tags import State

__all__ = ["Image", "Shared"]

_WRITE: Final = struct.Struct("=id")
_RUNS: Final = -1
"""Told in place of a tag's number: the controller runs (1.0) or was stopped (0.0)."""

_READY: Final = -2
_FAILS: Final = -3
"""Told in place of a tag's number: the machine is out of order for so many seconds."""


class Image:
    """One machine's image as its server's process sees it: values of the last scan, and writes to the next."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._at = {tag: k for k, tag in enumerate(tags)}
        self._tags = tuple(tags)
        self._values = memoryview(mmap.mmap(-1, 8 * max(1, len(tags)))).cast("d")
        self._plant, self._server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._plant.setblocking(False)

    def __getitem__(self, tag: str) -> float:
        return self._values[self._at[tag]]

    def show(self, image: State) -> None:
        """The plant: what the controller holds now."""
        for tag, k in self._at.items():
            self._values[k] = image.get(tag, 0.0)

    def taken(self) -> Iterator[tuple[int, float]]:
        """The plant: what was written since, by the tag's number; or one of the numbers above."""
        while True:
            try:
                number, value = _WRITE.unpack(self._plant.recv(_WRITE.size))
            except (BlockingIOError, struct.error):
                return
            if number in (_RUNS, _FAILS) or 0 <= number < len(self._tags):
                yield number, value

    def heard_ready(self, timeout_s: float) -> bool:
        """The plant: whether the server says within the time that it serves."""
        if not select.select([self._plant], [], [], timeout_s)[0]:
            return False
        return bool(_WRITE.unpack(self._plant.recv(_WRITE.size))[0] == _READY)

    def write(self, tag: str, value: float) -> None:
        """The server: somebody wrote a value. Told before it is seen, so that no scan can overtake it."""
        k = self._at[tag]
        self._server.send(_WRITE.pack(k, value))
        self._values[k] = value

    def runs(self, *, running: bool) -> None:
        """The server: the controller was started or stopped."""
        self._server.send(_WRITE.pack(_RUNS, float(running)))

    def fails(self, seconds: float) -> None:
        """The server: the machine fails, and its watchdog starts it again after so many seconds."""
        self._server.send(_WRITE.pack(_FAILS, seconds))

    def ready(self) -> None:
        """The server: it serves."""
        self._server.send(_WRITE.pack(_READY, 0.0))

    @property
    def descriptors(self) -> tuple[int, int]:
        """What must stay open in the server's process."""
        return self._plant.fileno(), self._server.fileno()

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that the machine knows."""
        return self._tags


class Shared:
    """Images by machine."""

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}

    def add(self, machine: str, image: State, tags: Sequence[str]) -> Image:
        """Share a machine's image. tags: those that its server speaks of."""
        made = self._images[machine] = Image(tags)
        made.show(image)
        return made

    def exchange(
        self,
        images: dict[str, State],
        runs: Callable[[str, bool], None],
        fails: Callable[[str, float], None],
    ) -> None:
        """Before a scan: writes of every server go into the image that the scan reads.

        runs: told which machine was started or stopped. fails: told which one is out of order, for how many seconds.
        """
        for machine, shared in self._images.items():
            for number, value in shared.taken():
                if number == _RUNS:
                    runs(machine, bool(value))
                elif number == _FAILS:
                    fails(machine, value)
                else:
                    images[machine][shared.tags[number]] = value

    def show(self, images: dict[str, State]) -> None:
        """After a scan: every server sees it."""
        for machine, shared in self._images.items():
            shared.show(images[machine])
