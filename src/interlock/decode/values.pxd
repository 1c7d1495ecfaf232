# cython: language_level=3
cimport cython
from libc.string cimport memcpy
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages

@cython.final
cdef class ValueSheet:
    cdef public int n, raws
    cdef public long long numbers
    cdef int capacity
    cdef long long number_capacity
    cdef long long raw_capacity
    cdef public long long raw_octets
    cdef public dict columns, texts, late
    cdef public object number_array, raw_array
    cdef public bint wanted
    cdef double[::1] number_view
    cdef unsigned char[::1] raw_view
    cdef int[::1] flow, source, unit, object, type, quality, raw_size
    cdef long long[::1] operation, time, frame, begin, device_time
    cdef unsigned char[::1] direction, server_side
    cdef short[::1] protocol

    cpdef int block(self, Messages m, int i, int protocol, unsigned long long operation, int unit, int object,
                    int direction, int type) except -1
    cpdef int number(self, double value) except -1
    cpdef int registers(self, Cursor c, Py_ssize_t count) except -1
    cpdef int every_other(self, Cursor c, Py_ssize_t count) except -1
    cpdef set_quality(self, int row, int quality)
    cpdef set_device_time(self, int row, long long time)
    cpdef set_text(self, int row, str text)
    cpdef set_raw(self, int row, bytes raw)
    cpdef int take_raw(self, int row, Cursor c, Py_ssize_t count) except -1
    cdef int _put(self, int row, const unsigned char[::1] octets, Py_ssize_t begin, Py_ssize_t count) except -1
    cdef Py_ssize_t _room(self, int row, Py_ssize_t count) except -1
    cpdef set_server_side(self, int row, int side)
