# cython: language_level=3
cimport cython
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.mms.writer cimport Writer
from interlock.decode.sheet cimport Sheet

@cython.final
cdef class Known:
    cdef readonly object data
    cdef readonly bytes octets
    cdef readonly str dat_set
    cdef object json, made
    cdef readonly long long count

    cpdef shown(self)
    cpdef blocks(self)

@cython.final
cdef class Pattern:
    cdef bytes octets
    cdef tuple loose
    cdef dict row
    cdef Known known
    cdef str reference
    cdef const int[::1] cuts
    cdef int code
    cdef long long generation

cdef class Goose(Decoder):
    cdef Writer writer
    cdef dict patterns
    cdef bint clean, detailed

    cpdef message(self, Messages m, int i, Sheet out)
    cdef bint _again(self, Messages m, int i, Sheet out, Pattern pattern) except -1
