"""python-snap7 in front of an image: the controller's data block, kept fresh, and what is written into it."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final

from snap7.server import Server
from snap7.type import SrvArea

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.plant.living.images import Image
    from interlock.plant.protocols.s7comm import Real

__all__ = ["serve_s7"]

_EVERY_S: Final = 0.05
_REAL: Final = struct.Struct("!f")


class _Block:
    """One data block as the library holds it. What differs from what was last put there was written by a client."""

    def __init__(self, image: Image, reals: Sequence[Real]) -> None:
        self._image = image
        self._reals = tuple(reals)
        self.octets = bytearray(max(r.octet for r in reals) + _REAL.size)
        self._put = {r.tag: bytes(_REAL.size) for r in reals}

    def take(self) -> None:
        """What clients wrote goes to the controller; to be called while the library's lock is held."""
        for real in self._reals:
            there = self.octets[real.octet : real.octet + _REAL.size]
            if there != self._put[real.tag]:
                self._image.write(real.tag, float(_REAL.unpack(there)[0]))

    def put(self) -> None:
        """What the controller holds goes where clients read it."""
        for real in self._reals:
            self._put[real.tag] = octets = _REAL.pack(self._image[real.tag])
            self.octets[real.octet : real.octet + _REAL.size] = octets


def serve_s7(image: Image, address: tuple[str, int], reals: Sequence[Real]) -> None:
    """Serve until the process ends."""
    number = reals[0].block
    block = _Block(image, reals)
    block.put()
    server = Server(log=False)
    server.register_area(SrvArea.DB, number, block.octets)
    server.port = address[1]
    server.start_to(*address)
    image.ready()
    running = True
    while True:
        time.sleep(_EVERY_S)
        server.lock_area(SrvArea.DB, number)
        try:
            block.take()
            block.put()
        finally:
            server.unlock_area(SrvArea.DB, number)
        runs = "Stop" not in str(server.get_status()[1])
        if runs != running:
            running = runs
            image.runs(running=runs)
