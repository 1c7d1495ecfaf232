"""Live capture on Linux: an AF_PACKET ring in memory that kernel, supervisor and workers share.

Nothing outside this room imports it at start: elsewhere the package works without it, and captures are read anywhere.

    socket     opens a ring on an interface; the supervisor does it, before it forks
    ring       (compiled) walks the blocks that the kernel has filled and copies their frames
    place      how far the ring was read, in memory that outlives a worker
    interface  LiveSource: batches of frames, the figures of the capture, the state of the interface
    prepare    makes an interface fit to listen and unable to speak, and undoes it
"""

from __future__ import annotations

__all__: list[str] = []
