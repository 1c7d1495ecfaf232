# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.values cimport ValueSheet

cdef class Items:
    cdef public Cursor cursor
    cdef public ValueSheet values
    cdef public int protocol_code, code, size, octets
    cdef int raw_name
    cdef dict names
    cdef bytearray widths, by_size

    cpdef int head(self) except -1
    cpdef int block(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction,
                    int kind) except -1
    cdef int _numbers(self, int row, int kind, int count) except -1
    cdef int _coded(self, int row, int kind, int count) except -1
