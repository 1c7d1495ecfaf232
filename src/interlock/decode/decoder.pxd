# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.facts cimport Facts
from interlock.decode.flows cimport Flows
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

cdef class Decoder:
    cdef public object spec, tools
    cdef public Facts facts
    cdef public Cursor cursor
    cdef public Flows flows
    cdef public Functions f
    cdef public Words names, objects
    cdef public ValueSheet values
    cdef public str protocol
    cdef public long long errors
    cdef readonly dict strikes
    cdef long long[::1] beat

    cpdef run(self, Messages m, Sheet out)
    cpdef message(self, Messages m, int i, Sheet out)
    cpdef forget(self, int slot)
