# cython: compiled
"""Blocks of process values to the value sheet: of a data set every block, each time that it is sent."""

from __future__ import annotations

import cython

__all__ = ["Writer"]


class Writer:
    """Writes blocks (blocks.Block) to the value sheet of one engine, for one protocol."""

    def __init__(self, tools, protocol_code):
        self.values = tools.values
        self.names = tools.names
        self.objects = tools.objects
        self.protocol_code = protocol_code

    def write(self, m, i, operation, blocks, direction, when=None):
        """Make a row of each block. operation: 0 for none; direction: values.WRITTEN, READ or REPORTED.

        when: time of the device (UTC ns) for blocks that have none of their own.
        """
        row: cython.int
        for block in blocks:
            name, kind, quality, numbers, text, raw, time = block
            row = self.values.block(
                m,
                i,
                self.protocol_code,
                operation,
                -1,
                self.objects.code(name),
                direction,
                self.names.code(kind),
            )
            if quality is not None:
                self.values.set_quality(row, self.names.code(quality))
            time = when if time is None else time
            if time is not None:
                self.values.set_device_time(row, time)
            for number in numbers:
                self.values.number(number)
            if text is not None:
                self.values.set_text(row, text)
            elif raw is not None:
                self.values.set_raw(row, raw)
        return 0
