# cython: compiled
"""A walk over pieces of streams: where in its stream each begins."""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

import cython

__all__ = ["begin"]


@cython.ccall
def begin(
    flows: cython.const[cython.int][::1],
    sides: cython.const[cython.uchar][::1],
    lengths: cython.const[cython.int][::1],
    pieces: cython.const[cython.uchar][::1],
    alone: cython.const[cython.uchar][::1],
    sent: cython.longlong[::1],
    offsets: cython.longlong[::1],
) -> cython.void:
    """Count what each side has sent; of its pieces it is written to `offsets` how much came before them, else 0.

    flows to alone: of what passed, in order. pieces: it goes on with its stream. alone: it is a stream of its own, and
    no other goes on where it ends. sent: octets by side of a flow (twice its slot, and 1 for the second); written.
    """
    i: cython.Py_ssize_t
    key: cython.Py_ssize_t
    for i in range(flows.shape[0]):
        offsets[i] = 0
        if not (pieces[i] or alone[i]):
            continue
        key = 2 * flows[i] + sides[i]
        if not alone[i]:
            offsets[i] = sent[key]
        sent[key] += lengths[i] + alone[i]
