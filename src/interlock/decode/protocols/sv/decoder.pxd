# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class SampledValues(Decoder):
    cdef int tag, no_asdu, appid, length, reserved
    cdef Py_ssize_t stop
    cdef int raw_type, sample_type
    cdef dict ids, qualities
    cdef long long generation, refreshed
    cdef bint detailed

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _next(self, Py_ssize_t end) except -1
    cdef long long _number(self) except -2
    cdef int _pdu(self, Messages m, int i, Sheet out, Py_ssize_t end) except -1
    cdef int _sequence(self, Messages m, int i, Sheet out, int row, Py_ssize_t end) except -1
    cdef int _asdu(self, Messages m, int i, Sheet out, int row, int index, Py_ssize_t end) except -1
    cdef long long _time(self, dict fields) except -2
    cdef int _object(self, bytes name) except -1
    cdef int _samples(self, Messages m, int i, Sheet out, int row, int object, bytes name) except -1
    cdef int _block(self, Messages m, int i, Sheet out, int row, int object) except -1
    cdef int _quality(self, long long word) except -1
    cdef _rare(self, Messages m, int i, int tag, Py_ssize_t at, bytes content, dict fields)
    cdef int _tell(self, Messages m, int i, Sheet out, int row, int index, dict fields) except -1
