# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class Segment:
    cdef public int partner, asker, generation
    cdef public bint marked
    cdef public object key
    cdef public dict memory

cdef class EtherCat(Decoder):
    cdef public int generation
    cdef public dict askers, units
    cdef public object rare
    cdef const unsigned char[::1] reading, writing
    cdef int read, write

    cpdef message(self, Messages m, int i, Sheet out)
    cpdef forget(self, int slot)
    cdef int _partner(self, Messages m, int i, Segment segment) except -2
    cdef int _scan(self, Py_ssize_t end) except -1
    cdef int _datagrams(self, Messages m, int i, Sheet out, Segment segment, Py_ssize_t end, bint back) except -1
    cdef bint _looks(self, int command, int offset, int length, bint back)
    cdef int _asked(self, Messages m, int i, Sheet out, int command, long long address, long long key, long long index) except -1
    cdef int _answered(self, Messages m, int i, Sheet out, int command, long long address, long long key, long long index, int counter) except -1
    cdef int _about(self, Sheet out, int row, int command, long long address, bint positioned) except -1
    cdef int _judge(self, Sheet out, int row, int command, int counter) except -1
    cdef int _object(self, int command, long long address) except -1
    cdef int _unit(self, int command, long long address) except -2
