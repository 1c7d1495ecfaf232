# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet
from interlock.decode.words cimport Words

cdef class Service:
    cdef public Cursor cursor
    cdef public Variants v
    cdef public Words objects, names
    cdef public object facts
    cdef public dict requests, answers

    cpdef int next_item(self, Sheet out, int row, long long k) except -1
    cpdef int settle(self, Sheet out, int row, long long item, long long status) except -1
    cpdef int nodes(self, Sheet out, int row, int after) except -1
    cpdef int named(self, Sheet out, int row, str prefix) except -1
    cpdef int statuses(self, Sheet out, int row) except -1
    cpdef long long object_of(self, Sheet out, int row, long long item) except -2
