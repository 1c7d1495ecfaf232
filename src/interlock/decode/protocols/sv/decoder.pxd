# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cimport cython
from interlock.decode.values cimport ValueSheet

@cython.final
cdef class Layout:
    cdef bytes octets
    cdef long long generation
    cdef Layout other
    cdef const int[::1] cuts, objects, begins, sizes, refreshed, block_ends, block_objects, block_qualities
    cdef const long long[::1] counts, words
    cdef Py_ssize_t counter, counter_size

    cdef set_asdus(self, list cuts, objects, counts, begins, sizes, refreshed)
    cdef set_blocks(self, list words, list ends, list objects, list qualities)

cdef class SampledValues(Decoder):
    cdef int tag, no_asdu, appid, length, reserved
    cdef Py_ssize_t stop, counter, counter_size
    cdef int raw_type, sample_type
    cdef dict ids, qualities, layouts
    cdef list loose, asdus
    cdef long long generation, refreshed
    cdef bint detailed, clean

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _next(self, Py_ssize_t end) except -1
    cdef long long _number(self) except -2
    cdef int _pdu(self, Messages m, int i, Sheet out, Py_ssize_t end) except -1
    cdef int _sequence(self, Messages m, int i, Sheet out, int row, Py_ssize_t end) except -1
    cdef int _asdu(self, Messages m, int i, Sheet out, int row, int index, Py_ssize_t end) except -1
    cdef long long _time(self, dict fields) except -2
    cdef int _object(self, bytes name) except -1
    cdef int _samples(self, Messages m, int i, Sheet out, int row, int object, bytes name) except -1
    cdef int _block(self, Messages m, int i, unsigned long long operation, int object) except -1
    cdef bint _again(self, Messages m, int i, Sheet out, Layout layout) except -1
    cdef bint _like(self, Layout layout, Py_ssize_t begin, int word, int end) except -1
    cdef int _write(self, Messages m, int i, unsigned long long operation, Layout layout) except -1
    cdef int _learn(self, long long key, Layout known, Py_ssize_t stop) except -1
    cdef int _learn_blocks(self, Layout layout, tuple names) except -1
    cdef int _odd(self, Messages m, int i, str oddity, Py_ssize_t at) except -1
    cdef bint _fits(self, Py_ssize_t begin, Py_ssize_t octets) except -1
    cdef int _quality(self, long long word) except -1
    cdef _rare(self, Messages m, int i, int tag, Py_ssize_t at, bytes content, dict fields)
    cdef int _tell(self, Messages m, int i, Sheet out, int row, int index, dict fields) except -1
